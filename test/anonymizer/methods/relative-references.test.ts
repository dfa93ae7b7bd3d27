import t from 'tap'
import { hashReference, hashReferenceRelative } from '../../../src/anonymizer/methods/crypto-hash.js'
import { leafMethod, leafOf, RESOURCE_TYPES } from '../../support/leaves.js'
import { enginesFor, outputOf } from '../../support/rules.js'

const markId = (text: string): string => `<${text}>`

t.test('a relative hashed reference keeps neither the server nor the version', async (t) => {
  const rows = [
    ['Patient/1', 'Patient/<1>'],
    ['Patient/1/_history/secret', 'Patient/<1>'],
    ['https://host.example/fhir/Patient/1', 'Patient/<1>'],
    ['http://host.example/John.Smith/Observation/5/_history/7', 'Observation/<5>'],
    ['http://a/Patient/Observation/5', 'Observation/<5>'],
    ['http://x/MyPatient/1', 'Patient/<1>'],
    ['http://x/MyRequestGroup/1', 'RequestGroup/<1>'],
    ['#c1', '#<c1>'],
    ['urn:uuid:0F0F0F0F-0f0f-0f0f-0f0f-0f0f0f0f0f0f', 'urn:uuid:<0F0F0F0F-0f0f-0f0f-0f0f-0f0f0f0f0f0f>'],
    ['Patient?identifier=mrn|5', '<Patient?identifier=mrn|5>'],
  ]
  for (const [reference, expected] of rows)
    t.equal(hashReferenceRelative(reference as string, markId, RESOURCE_TYPES), expected)
})

t.test('every URL that names a resource joins with its id', async (t) => {
  const joins = [
    'https://ws-fhir.fhir.azurehealthcareapis.com/Patient/1',
    'https://my_host.example/fhir~r4/Patient/1',
    'https://user:pass@host.example:8443/fhir/Patient/1',
    'https://[2001:db8::1]:8080/fhir/Patient/1',
    'HTTPS://HOST.example/Patient/1',
    'HtTp://host/Patient/1',
    'https://host/a%20b/(x);y=1,2/Patient/1',
    'https://host/Patient/1/',
    'https://host/Patient/1//',
    'https://host/Patient/1?_format=json',
    'https://host/Patient/1#part',
    'https://host/Patient/1/?a=/b/#/c',
    'https://host/Patient/1/_history/v-1',
    'https://host/Patient/1/_history/2/?x',
    'https://host/%50atient/%31',
    'https://host/Patient/1|4.0.1',
    'https://møte.example/Patient/1',
    'fhir+x://host/Patient/1',
    '//host/Patient/1',
    '/Patient/1',
    '/fhir/Patient/1/_history/3',
    'fhir/Patient/1',
    '../Patient/1',
    'Patient/1/',
    'Patient/1?x=y',
    'Patient/1#contained',
  ]
  for (const url of joins) t.equal(hashReferenceRelative(url, markId, RESOURCE_TYPES), 'Patient/<1>', url)
})

t.test('ids that FHIR does not allow join too', async (t) => {
  for (const id of ['a_b', 'a~b', 'a@b', 'x'.repeat(65), 'é'])
    t.equal(hashReferenceRelative(`https://host/Patient/${id}`, markId, RESOURCE_TYPES), `Patient/<${id}>`)
})

t.test('a URL that names no resource is hashed whole', async (t) => {
  const whole = [
    'https://my-host.example/Mypatient/1',
    'https://my-host/patient/1',
    'https://my-host/Patient',
    'https://my-host/Patient/',
    'https://my-host/Patient//1',
    'https://my-host/Patient%2F1',
    'https://my-host/Patient/1/$everything',
    'https://my-host/Patient/$match',
    'https://my-host/Patient/_search',
    'https://my-host/Patient/1/_history',
    'https://my-host/Patient/1/x/2',
    'https://my-host/x?next=/Patient/1',
    'https://my-host/x#/Patient/1',
    'https://my-host/Patient?identifier=a|1',
    'mailto:x/Patient/1',
    'urn:x/Patient/1',
    'urn:uuid:Patient/1',
    '/',
    'Patient',
    '%',
    'a%/%zz/1',
  ]
  for (const url of whole) t.equal(hashReferenceRelative(url, markId, RESOURCE_TYPES), `<${url}>`, url)
})

t.test('both engines join absolute references with the ids they name', async (t) => {
  const engines = enginesFor(
    [
      { path: 'Resource.id', method: 'cryptoHash' },
      { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    ],
    { absoluteReferences: 'relative' },
  )
  for (const url of ['https://a-b.example/Patient/1', '/Patient/1', 'Patient/1', 'HTTP://x/Patient/1/'])
    for (const engine of engines) {
      const { id } = outputOf(engine.run('{"resourceType":"Patient","id":"1"}'))
      const line = JSON.stringify({ resourceType: 'Encounter', subject: { reference: url } })
      t.match(outputOf(engine.run(line)), { subject: { reference: `Patient/${String(id)}` } }, url)
    }
})

t.test('the compatible mode hashes what the original does not recognise as a whole', async (t) => {
  for (const url of ['/Patient/1', 'https://a-b.example/Patient/1', 'HTTPS://x/Patient/1', 'Patient/1/'])
    t.equal(hashReference(url, markId, RESOURCE_TYPES), `<${url}>`, url)
})

t.test('a long URL is read in linear time', async (t) => {
  const evil = ['/', 'Patient/', '%', 'a:', '/_history', '?', 'http://'].map((part) => part.repeat(300_000))
  for (const text of evil) {
    const begin = process.hrtime.bigint()
    hashReferenceRelative(`https://a-b${text}!`, () => '@ID', RESOURCE_TYPES)
    t.ok(process.hrtime.bigint() - begin < 2_000_000_000n, text.slice(0, 9))
  }
})

t.test(
  'absoluteReferences decides; by default references stay absolute, as the original leaves them',
  async (t) => {
    const leaf = { ...leafOf('string', 'https://host.example/Patient/1/_history/2'), isReferenceValue: true }
    const valueWith = (absoluteReferences?: 'keep' | 'relative') =>
      leafMethod({ method: 'cryptoHash' }, { cryptoHashKey: 'k', absoluteReferences })(leaf).value
    t.match(valueWith(), /^https:\/\/host\.example\/Patient\/[0-9a-f]{64}\/_history\/2$/)
    t.equal(valueWith('keep'), valueWith())
    t.match(valueWith('relative'), /^Patient\/[0-9a-f]{64}$/)
  },
)
