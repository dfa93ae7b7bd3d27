import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { withReferences } from '../../src/load/references.js'
import { seededRandom } from '../support/random.js'
import { randomResource } from '../support/random-resource.js'
import { respelled } from '../support/respell.js'

const rewritten = (resource: unknown, which: 'references' | 'addresses' = 'addresses') =>
  JSON.parse(withReferences(bytes(resource), { which, replace: ({ length }) => `T/${length}` }).toString())

const bytes = (resource: unknown): Buffer =>
  Buffer.from(typeof resource === 'string' ? resource : JSON.stringify(resource))

const URN = 'urn:uuid:1'

t.test('a reference is visited at any depth', async (t) => {
  const resource = (to: string) => ({
    resourceType: 'Observation',
    subject: { reference: to },
    contained: [{ resourceType: 'Patient', generalPractitioner: [{ reference: to }, { reference: to }] }],
    extension: [{ url: 'x', valueReference: { reference: to, display: URN } }],
  })
  for (const which of ['references', 'addresses'] as const)
    t.strictSame(rewritten(resource('Patient/1'), which), resource('T/9'))
})

t.test('URNs are rewritten in elements that hold addresses, and in links of a narrative', async (t) => {
  const resource = (to: string) => ({
    resourceType: 'DocumentReference',
    identifier: [{ system: 'urn:ietf:rfc:3986', value: URN }],
    text: { status: 'generated', div: `<div>${URN}<a href="${to}">a "b"</a><img src='${to}'/></div>` },
    content: [{ attachment: { url: to, title: URN } }],
    instantiatesUri: [to, to],
    extension: [{ url: 'x', valueUri: to }, { valueString: URN }, { valueUuid: to }, { valueCanonical: to }],
    contained: [{ resourceType: 'Bundle', entry: [{ fullUrl: URN }] }],
  })
  t.strictSame(rewritten(resource(URN)), resource('T/10'))
  t.strictSame(rewritten(resource(URN), 'references'), resource(URN))
})

t.test('an address that is no URN is a reference only in Reference.reference', async (t) => {
  const resource = { url: 'http://a/b', valueUri: 'http://a/b', text: { div: '<a href="http://a/b">b</a>' } }
  t.strictSame(rewritten(resource), resource)
})

t.test('only what changes is written anew', async (t) => {
  const before = '{ "a" : 1.0e2, "reference"\n:\t"urn:uuid:1" ,"b":"\\u0041"}'
  const after = withReferences(bytes(before), { which: 'addresses', replace: () => 'é"' })
  t.equal(after.toString(), '{ "a" : 1.0e2, "reference"\n:\t"é\\"" ,"b":"\\u0041"}')
})

t.test('keys and values may be written with escapes', async (t) => {
  t.strictSame(rewritten('{"ref\\u0065rence":"\\u0061bc","value\\u0055ri":"\\u0075rn:x"}'), {
    reference: 'T/3',
    valueUri: 'T/5',
  })
})

t.test('a text is no reference because one stands before it', async (t) => {
  for (const text of [
    '{"a":[{"reference":null},"urn:x"]}',
    '{"reference":null,"b":"urn:x"}',
    '{"reference":{"b":"urn:x"}}',
    '{"b":["reference","urn:x"]}',
    '{"b":"reference","c":"urn:x"}',
    '{"b":"\\"reference\\":","c":"urn:x"}',
    '{"reference":[],"b":["urn:x"]}',
    '{"_reference":"urn:x"}',
  ])
    t.strictSame(rewritten(text), JSON.parse(text), text)
})

t.test('a resource without changes is the same buffer', async (t) => {
  const resource = bytes({ subject: { reference: 'Patient/1' } })
  t.equal(withReferences(resource, { which: 'addresses', replace: () => undefined }), resource)
})

/** The same on values: what stands under a key, alone or in an array. */
function expected(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => expected(item, typeof item === 'string' ? key : ''))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, expected(each, name)]))
  if (typeof value !== 'string') return value
  const isAddress = /^(?:url|uri|[A-Za-z]+(?:Uri|Url|Canonical|Oid|Uuid))$/.test(key) && key !== 'fullUrl'
  return key === 'reference' || (isAddress && value.startsWith('urn:')) ? `T/${value.length}` : value
}

t.test('random resources in any spelling become what a change of their values gives', async (t) => {
  const random = seededRandom('references of resources')
  const tree = elementTree('R4')
  let changed = 0
  for (let round = 0; round < 400; round += 1) {
    const value: unknown = JSON.parse(randomResource(random, tree))
    const text = respelled(random, JSON.stringify(value), { order: true, spaces: true, escapes: true })
    const after = rewritten(text)
    t.strictSame(after, expected(value))
    if (JSON.stringify(after) !== JSON.stringify(value)) changed += 1
    if (!t.passing()) break
  }
  t.ok(changed > 40, `${changed} of them had references`)
})
