// Holds src/anonymizer/interpreter/prune.ts, src/anonymizer/interpreter/node-changes.ts.
import t from 'tap'
import { claimBelow, detach, replace } from '../../../src/anonymizer/interpreter/node-changes.js'
import { dropEmpty, firstEmpty, isDropped, prune } from '../../../src/anonymizer/interpreter/prune.js'
import { methodOf } from '../../../src/anonymizer/methods/table.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { parseTree } from '../../../src/fhir/parse-tree.js'
import { pathOf, type TreeNode } from '../../../src/fhir/tree.js'

function rootOf(members: string): TreeNode {
  const source = Buffer.from(`{"resourceType":"Patient",${members}}`)
  const tree = parseTree(elementTree('R4'), source, 0, source.length)
  if (tree === undefined) throw new Error('no object')
  return tree.root
}

function* nodesIn(node: TreeNode): Generator<TreeNode> {
  yield node
  for (const child of node.body?.children ?? []) yield* nodesIn(child)
}

const at = (root: TreeNode, path: string): TreeNode => {
  for (const node of nodesIn(root)) if (pathOf(node) === path) return node
  throw new Error(`nothing at ${path}`)
}

/** Paths of what is gone, outermost ones only. */
const goneIn = (node: TreeNode): string[] =>
  node.gone ? [pathOf(node)] : (node.body?.children ?? []).flatMap(goneIn)

const NAME = '"name":[{"family":"a","given":["b"]}],"contact":[{"name":{"family":"c"}}]'

t.test('an element goes with the last of what it holds, and not before', async (t) => {
  const root = rootOf(NAME)
  replace(at(root, 'Patient.name.family'), null)
  prune(root)
  t.same(goneIn(root), ['Patient.name.family'])

  const emptied = rootOf(NAME)
  replace(at(emptied, 'Patient.contact.name.family'), null)
  prune(emptied)
  t.same(goneIn(emptied), ['Patient.contact'])
})

t.test(
  'a value that another one replaces stays, and so does a resource of which nothing is left',
  async (t) => {
    const root = rootOf('"gender":"male"')
    replace(at(root, 'Patient.gender'), '"x"')
    prune(root)
    t.same(goneIn(root), [])
    replace(at(root, 'Patient.gender'), null)
    prune(root)
    t.same(goneIn(root), ['Patient.gender'])
  },
)

t.test('what is detached goes with everything in it', async (t) => {
  const root = rootOf(NAME)
  detach(at(root, 'Patient.contact'))
  prune(root)
  t.same(goneIn(root), ['Patient.contact'])
})

t.test('a claim on what is below leaves what an earlier rule has and what is detached', async (t) => {
  const root = rootOf(NAME)
  at(root, 'Patient.name.family').claimedBy = 1
  detach(at(root, 'Patient.contact'))
  claimBelow(root, 2)
  t.same(
    [
      'Patient.name',
      'Patient.name.family',
      'Patient.name.given',
      'Patient.contact',
      'Patient.contact.name',
    ].map((path) => at(root, path).claimedBy),
    [2, 1, 2, 0, 0],
  )
})

t.test('an element was taken out where the rule that has it, or one around it, takes away', async (t) => {
  const methods = [undefined, methodOf({ method: 'redact' }), methodOf({ method: 'substitute' })]
  const program = { methodAt: (number: number) => methods[number] }
  for (const [rule, expected] of [
    [1, true],
    [2, false],
  ] as const) {
    const root = rootOf(NAME)
    const contact = at(root, 'Patient.contact')
    contact.claimedBy = rule
    detach(contact)
    prune(root)
    t.equal(isDropped(at(root, 'Patient.contact.name.family'), program), expected)
    t.equal(isDropped(at(root, 'Patient.name'), program), false)
  }
})

t.test('an element that a rule has, but of which something is left, was not taken out', async (t) => {
  const root = rootOf(NAME)
  at(root, 'Patient.name').claimedBy = 1
  replace(at(root, 'Patient.name.given'), null)
  prune(root)
  const program = { methodAt: () => methodOf({ method: 'redact' }) }
  t.equal(isDropped(at(root, 'Patient.name.family'), program), false)
  t.equal(isDropped(at(root, 'Patient.name.given'), program), true)
})

t.test('empty values are found, and dropped on the way in', async (t) => {
  for (const [members, gone] of [
    ['"gender":""', ['Patient.gender']],
    ['"gender":null', ['Patient.gender']],
    ['"name":[{}]', ['Patient.name']],
    ['"name":[{"given":["a",""]}]', ['Patient.name.given']],
    ['"name":[{"given":["a"]}]', []],
    ['"name":[{"given":["a",null],"_given":[null,{"id":"x"}]}]', []],
  ] as const) {
    const root = rootOf(members)
    t.equal(firstEmpty(root) !== undefined, gone.length > 0, members)
    dropEmpty(root)
    prune(root)
    t.same(goneIn(root), gone, members)
  }
})
