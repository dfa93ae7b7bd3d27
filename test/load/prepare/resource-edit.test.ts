// Holds src/load/prepare/resource-edit.ts, src/load/prepare/member-cuts.ts.
import t from 'tap'
import { elementTree } from '../../../src/fhir/elements.js'
import { withId, withoutVersions } from '../../../src/load/prepare/resource-edit.js'
import { seededRandom } from '../../support/random.js'
import { randomResource } from '../../support/random-resource.js'
import { respelled } from '../../support/respell.js'

type Json = Record<string, unknown>

const without = (text: string): string => withoutVersions(Buffer.from(text)).toString()

/** What the edit is to leave, computed on the value. */
function expected(resource: Json): Json {
  const { meta, ...rest } = resource
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) return resource
  const { lastUpdated: _l, versionId: _v, _lastUpdated: _ul, _versionId: _uv, ...kept } = meta as Json
  if (Object.keys(kept).length === Object.keys(meta).length) return resource
  return Object.keys(kept).length === 0 ? rest : { ...rest, meta: kept }
}

t.test('versions go, wherever they stand, and nothing else changes', async (t) => {
  for (const [before, after] of [
    ['{"meta":{"versionId":"1"},"id":"a"}', '{"id":"a"}'],
    ['{"id":"a","meta":{"versionId":"1"}}', '{"id":"a"}'],
    ['{"id":"a", "meta":{"lastUpdated":"x","versionId":"1"} ,"b":1}', '{"id":"a", "b":1}'],
    ['{"meta":{"versionId":"1"}}', '{}'],
    ['{"meta":{"versionId":"1","source":"s","lastUpdated":"x"}}', '{"meta":{"source":"s"}}'],
    ['{"meta": { "source":"s" , "lastUpdated":"x" } }', '{"meta": { "source":"s" } }'],
    ['{"meta":{"lastUpdated":"x" , "source":"s"}}', '{"meta":{"source":"s"}}'],
    ['{"meta":{"_lastUpdated":{"id":"x"},"source":"s"}}', '{"meta":{"source":"s"}}'],
    ['{"m\\u0065ta":{"version\\u0049d":"1","source":"s"}}', '{"m\\u0065ta":{"source":"s"}}'],
    ['{"meta":{"versionId":"1"},"meta":{"versionId":"2"},"a":1}', '{"a":1}'],
    [
      '{"meta":{"source":"s"},"a":1,"meta":{"a":1,"versionId":"2"}}',
      '{"meta":{"source":"s"},"a":1,"meta":{"a":1}}',
    ],
  ] as const)
    t.equal(without(before), after)
})

t.test('a resource without versions is the same buffer', async (t) => {
  for (const text of [
    '{"meta":{}}',
    '{"meta":{"source":"lastUpdated"}}',
    '{"contained":[{"meta":{"versionId":"1"}}]}',
    '{"versionId":"1","lastUpdated":"x"}',
    '{"meta":["versionId"]}',
    '{"meta":null,"text":"\\u0041"}',
  ]) {
    const resource = Buffer.from(text)
    t.equal(withoutVersions(resource), resource, text)
  }
})

t.test('an id is put in, or in the place of what is no id', async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"resourceType":"Patient"}', '{"id":"x","resourceType":"Patient"}'],
    [' {\n"a":1}', ' {"id":"x",\n"a":1}'],
    ['{}', '{"id":"x"}'],
    ['{"id":"y"}', '{"id":"x"}'],
    ['{"a":1,"id":null,"b":{"id":"z"}}', '{"id":"x","a":1,"b":{"id":"z"}}'],
    ['{"i\\u0064":7,"a":1}', '{"id":"x","a":1}'],
  ]
  for (const [before, after] of cases) t.equal(withId(Buffer.from(before), 'x').toString(), after)
})

t.test('random resources in any spelling become what an edit of their values gives', async (t) => {
  const random = seededRandom('edits of resources')
  const tree = elementTree('R4')
  let edited = 0
  for (let round = 0; round < 600; round += 1) {
    const value = JSON.parse(randomResource(random, tree)) as Json
    if (random.chance(0.7)) {
      const versions: [string, unknown][] = []
      if (random.chance(0.7)) versions.push(['versionId', '3'])
      if (random.chance(0.7)) versions.push(['lastUpdated', '2026-11-30T00:00:00Z'])
      if (random.chance(0.2)) versions.push(['_lastUpdated', { id: 'a' }])
      const meta = random.chance(0.5) ? Object.entries((value.meta ?? {}) as Json) : []
      value.meta = Object.fromEntries(random.shuffled([...meta, ...versions]))
    }
    const shuffled = Object.fromEntries(random.shuffled(Object.entries(value)))
    const text = respelled(random, JSON.stringify(shuffled), { order: true, spaces: true, escapes: true })
    const after = withoutVersions(Buffer.from(text))
    const wanted = expected(shuffled)
    if (wanted !== shuffled) edited += 1
    const identified = JSON.parse(withId(after, 'new').toString()) as Json
    t.strictSame([JSON.parse(after.toString()), identified], [wanted, { ...wanted, id: 'new' }])
    if (!t.passing()) break
  }
  t.ok(edited > 100, `${edited} of them had versions`)
})
