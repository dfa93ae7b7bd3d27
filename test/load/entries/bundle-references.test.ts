import t from 'tap'
import { withPlainReferences } from '../../../src/load/entries/bundle-references.js'
import { withReferences } from '../../../src/load/references.js'
import { type Random, seededRandom } from '../../support/random.js'
import { respelled } from '../../support/respell.js'
import { inWords, unitsOf } from './read-units.js'

const A = 'urn:uuid:aaaaaaaa-0000-4000-8000-000000000000'
const B = 'urn:uuid:bbbbbbbb-0000-4000-8000-000000000000'

const referring = (id: string | undefined, ...references: string[]) => ({
  resourceType: 'Observation',
  ...(id === undefined ? {} : { id }),
  subject: references.map((reference) => ({ reference })),
})

/** The references in each entry that leaves a Bundle. */
async function references(bundle: unknown, limits = {}): Promise<unknown[]> {
  const units = await unitsOf({ 'x.json': JSON.stringify(bundle) }, limits)
  return units.map((unit) =>
    unit.kind === 'entry'
      ? JSON.parse(unit.entry.resource.toString()).subject.map(
          (each: { reference: string }) => each.reference,
        )
      : inWords(unit),
  )
}

const bundle = (type: string, ...entry: readonly unknown[]) => ({ resourceType: 'Bundle', type, entry })

t.test(
  'references inside a Bundle become relative when its entries leave it, forward and backward',
  async (t) => {
    const entries = [
      {
        fullUrl: A,
        resource: referring('a', B, A, 'http://x/Observation/c', 'Patient/1', 'urn:uuid:unknown'),
      },
      {
        fullUrl: B,
        resource: referring(undefined, `${A}#part`, A.toUpperCase().replace('URN:UUID', 'urn:uuid')),
      },
      { fullUrl: 'http://x/Observation/c', resource: referring('c', 'http://x/Observation/c/_history/1') },
    ]
    const expected = [
      [
        'Observation/bbbbbbbb-0000-4000-8000-000000000000',
        'Observation/a',
        'Observation/c',
        'Patient/1',
        'urn:uuid:unknown',
      ],
      ['Observation/a#part', 'Observation/a'],
      ['Observation/c/_history/1'],
    ]
    for (const type of ['batch', 'collection', 'searchset'])
      t.strictSame(await references(bundle(type, ...entries)), expected, type)
    const transaction = bundle('transaction', ...entries)
    t.strictSame(
      await references(transaction, { splitTransactions: true, maxTransactionEntries: 2 }),
      expected,
      'a split transaction',
    )
  },
)

t.test('a transaction keeps its references', async (t) => {
  const [unit] = await unitsOf({
    'x.json': JSON.stringify(bundle('transaction', { fullUrl: A, resource: referring('a', A) })),
  })
  t.match(unit?.kind === 'transaction' && unit.entries[0]?.resource.toString(), /"reference":"urn:uuid:aaaa/)
})

t.test('what the server names is referred to by a search, or not at all', async (t) => {
  const to = (resource: unknown, request: unknown, fullUrl = A) => [
    { fullUrl, resource, request },
    { fullUrl: B, resource: referring('b', fullUrl) },
  ]
  const practitioner = { resourceType: 'Practitioner', id: 'p', subject: [] }
  const cases: readonly (readonly [request: unknown, put: string, post: string])[] = [
    [undefined, 'Practitioner/p', A],
    [{ method: 'POST', url: 'Practitioner' }, 'Practitioner/p', A],
    [{ method: 'PUT', url: 'Practitioner/q' }, 'Practitioner/q', 'Practitioner/q'],
    [
      { method: 'PUT', url: 'Practitioner?identifier=1' },
      'Practitioner?identifier=1',
      'Practitioner?identifier=1',
    ],
    [
      { method: 'POST', url: 'Practitioner', ifNoneExist: '?identifier=x|1' },
      'Practitioner?identifier=x|1',
      'Practitioner?identifier=x|1',
    ],
    [{ method: 'POST', url: 'Practitioner', ifNoneExist: '' }, 'Practitioner/p', A],
    [{ method: 'PATCH', url: 'Practitioner/p' }, A, A],
  ]
  for (const [request, put, post] of cases) {
    const name = JSON.stringify(request) ?? 'none'
    t.strictSame((await references(bundle('batch', ...to(practitioner, request))))[1], [put], name)
    const posted = await references(bundle('batch', ...to(practitioner, request)), { method: 'post' })
    t.strictSame(posted[1], [post], `${name}, posted`)
  }
  const placeholder = to({ resourceType: 'Practitioner', subject: [] }, undefined, 'urn:uuid:practitioner-1')
  t.strictSame((await references(bundle('batch', ...placeholder)))[1], ['urn:uuid:practitioner-1'])
})

t.test('only what is a reference changes', async (t) => {
  const resource = {
    resourceType: 'DocumentReference',
    id: 'd',
    identifier: [{ system: 'urn:ietf:rfc:3986', value: B }],
    text: { div: `<a href="${B}">${B}</a>` },
    note: [{ text: `"reference":"${B}"` }, { text: B }],
    content: [{ attachment: { url: B, title: B } }],
    contained: [{ resourceType: 'Patient', reference: B, link: { other: { reference: B } } }],
  }
  const target = { fullUrl: B, resource: { resourceType: 'Binary', id: 'b' } }
  const [unit] = await unitsOf({ 'x.json': JSON.stringify(bundle('batch', { resource }, target)) })
  const found: unknown = JSON.parse(unit?.kind === 'entry' ? unit.entry.resource.toString() : '{}')
  t.strictSame(found, {
    ...resource,
    text: { div: `<a href="Binary/b">${B}</a>` },
    content: [{ attachment: { url: 'Binary/b', title: B } }],
    contained: [
      { resourceType: 'Patient', reference: 'Binary/b', link: { other: { reference: 'Binary/b' } } },
    ],
  })
})

const KEYS = [
  'reference',
  'url',
  'system',
  'value',
  'code',
  'display',
  'valueUri',
  'x"reference',
  '\\reference',
  'div',
  'é',
]

function someValue(random: Random, depth: number): unknown {
  const texts = [
    B,
    'reference',
    `"reference":"${B}"`,
    `<a href='${B}'>`,
    '\\',
    `x ${B}`,
    'é',
    'http://x/1',
    '"',
    `${B}"`,
  ]
  const kind = random.below(depth > 3 ? 2 : 4)
  if (kind < 2) return random.pick(texts)
  if (kind === 2) return Array.from({ length: random.below(3) }, () => someValue(random, depth + 1))
  return Object.fromEntries(
    Array.from({ length: random.below(5) }, () => [random.pick(KEYS), someValue(random, depth + 1)]),
  )
}

t.test('the quick way writes what the whole way writes', async (t) => {
  const random = seededRandom('plain references')
  const replace = (text: string) => (text === B || text === 'http://x/1' ? 'Patient/"b"' : undefined)
  let quickCount = 0
  for (let run = 0; run < 20_000; run += 1) {
    const how = { spaces: random.chance(0.3), escapes: random.chance(0.1) }
    const text = respelled(
      random,
      JSON.stringify({ reference: random.pick([B, 'x']), x: someValue(random, 0) }),
      how,
    )
    const resource = Buffer.from(text)
    const quick = withPlainReferences(resource, replace)
    if (quick === undefined) continue
    quickCount += 1
    const whole = withReferences(resource, { which: 'addresses', replace })
    if (quick.equals(whole)) continue
    t.comment(text)
    t.equal(quick.toString(), whole.toString())
    return
  }
  t.ok(quickCount > 1000, `${quickCount} the quick way`)
})
