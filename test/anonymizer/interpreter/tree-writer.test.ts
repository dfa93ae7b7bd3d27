// Holds src/anonymizer/interpreter/tree-writer.ts, src/fhir/parse-tree.ts, src/fhir/key-cache.ts.
import t from 'tap'
import { touch } from '../../../src/anonymizer/interpreter/node-changes.js'
import { dropEmpty, prune } from '../../../src/anonymizer/interpreter/prune.js'
import { TreeWriter } from '../../../src/anonymizer/interpreter/tree-writer.js'
import { RECORD } from '../../../src/anonymizer/methods/leaf.js'
import { Output } from '../../../src/anonymizer/output.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { parseTree } from '../../../src/fhir/parse-tree.js'
import type { TreeNode } from '../../../src/fhir/tree.js'
import { seededRandom } from '../../support/random.js'
import { randomResource } from '../../support/random-resource.js'
import { respelled } from '../../support/respell.js'

const R4 = elementTree('R4')

/** The text that a tree is written as after `change`. */
function written(
  text: string,
  change: (root: TreeNode) => ReadonlyMap<TreeNode, number> | undefined,
): string {
  const source = Buffer.from(`>${text}<`)
  const tree = parseTree(R4, source, 1, source.length - 1)
  if (tree === undefined) throw new Error('no object')
  const records = change(tree.root) ?? new Map()
  if (tree.hasEmpty) dropEmpty(tree.root)
  prune(tree.root)
  const out = new Output(16)
  new TreeWriter(tree, { records, masked: undefined }, out).write()
  return out.bytes.toString('utf8', 0, out.length)
}

function touchAll(node: TreeNode): void {
  touch(node)
  for (const child of node.body?.children ?? []) touchAll(child)
}

t.test(
  'a tree that nothing happened to is written as it was, token by token, without white space',
  async (t) => {
    const random = seededRandom('tree writer')
    for (let run = 0; run < 400; run++) {
      const text = randomResource(random, R4, { calm: true })
      const spaced = respelled(random, text, { spaces: true, escapes: true })
      const compact = written(spaced, () => undefined)
      const copied = written(text, () => undefined)
      const visited = written(text, (root) => {
        touchAll(root)
        return undefined
      })
      const isRight =
        copied === text &&
        visited === text &&
        JSON.stringify(JSON.parse(compact)) === JSON.stringify(JSON.parse(text))
      if (!isRight) return t.fail(`${text}: SLUICE_SEED=${random.seed} repeats it`)
    }
    t.equal(
      written('{ "resourceType" : "Patient", "multipleBirthInteger" : 2 ,"id":"\\u0041" }', () => undefined),
      '{"resourceType":"Patient","multipleBirthInteger":2,"id":"\\u0041"}',
    )
  },
)

t.test('labels go into the meta of a resource, or into one at its end', async (t) => {
  const label = (root: TreeNode) => {
    touch(root)
    return new Map([[root, RECORD.REDACT]])
  }
  const security =
    '"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"}]'
  t.equal(
    written('{"resourceType":"Patient","id":"a"}', label),
    `{"resourceType":"Patient","id":"a","meta":{${security}}}`,
  )
  t.equal(
    written('{"resourceType":"Patient","meta":{"versionId":"1"},"id":"a"}', label),
    `{"resourceType":"Patient","meta":{"versionId":"1",${security}},"id":"a"}`,
  )
})

t.test('what is not this version of FHIR is listed, and the rest is read', async (t) => {
  const faultsOf = (text: string) => {
    const source = Buffer.from(text)
    return parseTree(R4, source, 0, source.length)?.faults.map(({ code, offset }) => `${code} ${offset}`)
  }
  t.same(faultsOf('{"resourceType":"Patient","id":"a"}'), [])
  t.same(faultsOf('{"resourceType":"Patient","nick":"a"}'), ['UNKNOWN_ELEMENT 26'])
  t.match(faultsOf('{"resourceType":"Patient","id":"a","id":"b"}'), [/^DUPLICATE_KEY/])
  t.match(faultsOf('{"resourceType":"Patient","active":"yes"}'), [/^WRONG_KIND/])
  t.match(faultsOf('{"resourceType":"Patient","name":{"family":"a"}}'), [/^WRONG_KIND/])
  t.match(faultsOf('{"resourceType":"Patrician"}'), [/^UNKNOWN_RESOURCE_TYPE/])
  t.match(faultsOf('{"id":"a"}'), [/^NOT_A_RESOURCE/])
  t.equal(parseTree(R4, Buffer.from('[1]'), 0, 3), undefined)
})
