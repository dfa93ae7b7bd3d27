import t from 'tap'
import { hashSearch, hashUrl } from '../../../src/anonymizer/methods/hash-url.js'
import { RESOURCE_TYPES } from '../../support/leaves.js'
import { enginesFor, type Json, outputOf } from '../../support/rules.js'

const hashText = (text: string): string => (text === '' ? '' : `<${text}>`)
const hashing = (isRelative: boolean) => ({ hashText, resourceTypes: RESOURCE_TYPES, isRelative })

// A url, what it becomes with its base, and without.
const URLS: readonly (readonly [string, string, string])[] = [
  ['Patient/1', 'Patient/<1>', 'Patient/<1>'],
  ['Patient', 'Patient', 'Patient'],
  ['Patient/', 'Patient', 'Patient'],
  ['https://a-b.example/r4/Patient', 'https://a-b.example/r4/Patient', 'Patient'],
  ['https://a-b.example/Patient/1', 'https://a-b.example/Patient/<1>', 'Patient/<1>'],
  ['/Patient/1', '/Patient/<1>', 'Patient/<1>'],
  ['Patient/1/_history/2', 'Patient/<1>/_history/2', 'Patient/<1>'],
  ['https://h/Patient/1/_history/2/', 'https://h/Patient/<1>/_history/2', 'Patient/<1>'],
  ['Patient/1?x=/_history/secret', 'Patient/<1>', 'Patient/<1>'],
  ['urn:uuid:0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f', 'urn:uuid:<0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f>', ''],
  ['urn:oid:1.2.3', 'urn:oid:<1.2.3>', ''],
  ['urn:uuid:no-uuid', '<urn:uuid:no-uuid>', ''],
  ['#c', '#<c>', ''],
  ['Patient?identifier=http://mrn|123', 'Patient?identifier=<123>', ''],
  ['Patient?identifier=http%3A%2F%2Fmrn%7C123', 'Patient?identifier=<123>', ''],
  ['Patient?identifier=123', 'Patient?identifier=<123>', ''],
  ['Patient?identifier=|123', 'Patient?identifier=<123>', ''],
  ['Patient?identifier=http://mrn|', 'Patient?identifier=<http://mrn>', ''],
  ['Patient?identifier=a|1,b|2', 'Patient?identifier=<1>,<2>', ''],
  ['Patient?identifier=a|1\\,2', 'Patient?identifier=<1,2>', ''],
  ['Patient?identifier=a|1\\|2', 'Patient?identifier=<1|2>', ''],
  [
    'Patient?name=John+Smith&birthdate=gt1980-02-03',
    'Patient?name=<John Smith>&birthdate=<gt1980-02-03>',
    '',
  ],
  ['Patient?name:exact=Smith&', 'Patient?name:exact=<Smith>', ''],
  ['Observation?subject=Patient/1', 'Observation?subject=Patient/<1>', ''],
  ['Observation?subject:Patient.identifier=s|1', 'Observation?subject:Patient.identifier=<1>', ''],
  ['https://h/Patient?_id=1', 'https://h/Patient?_id=<1>', 'Patient?_id=<1>'],
  ['Patient?_id=a?b', 'Patient?_id=<a?b>', ''],
  ['Patient?John Smith', '<Patient?John Smith>', ''],
  ['Patient?mrn123=1', '<Patient?mrn123=1>', ''],
  ['Patient?JohnSmith=1', '<Patient?JohnSmith=1>', ''],
  ['Patient?name:Smith=1', '<Patient?name:Smith=1>', ''],
  ['Patient?_has:Observation:patient:code=s|1', 'Patient?_has:Observation:patient:code=<1>', ''],
  ['Patient?', '<Patient?>', ''],
  ['Patient?identifier=1#x', '<Patient?identifier=1#x>', ''],
  ['https://h?_getpages=secret', '<https://h?_getpages=secret>', ''],
  ['http://loinc.org', '<http://loinc.org>', ''],
  ['JohnSmith', '<JohnSmith>', ''],
  ['https://h/Patient/1/$everything', '<https://h/Patient/1/$everything>', ''],
  ['https://h/Observation/q|2.0', 'https://h/Observation/<q>', 'Observation/<q>'],
  ['https://john:pw@h/Patient/1', 'https://h/Patient/<1>', 'Patient/<1>'],
  ['//john@h:80/r4/Patient', '//h:80/r4/Patient', 'Patient'],
  ['https://h/r4/Patient/2/Observation/1', 'https://h/r4/Patient/<2>/Observation/<1>', 'Observation/<1>'],
  ['Patient/2/Observation/1', 'Patient/<2>/Observation/<1>', 'Observation/<1>'],
  ['/%50atient/2/Observation/1/_history/3', '/Patient/<2>/Observation/<1>/_history/3', 'Observation/<1>'],
  ['Patient/2/_history/3/Observation/1', 'Patient/<2>/Observation/<1>', 'Observation/<1>'],
  ['Group/3/Patient/2/Observation/1', 'Observation/<1>', ''],
  ['https://h/%50atient/2/x/Observation/1', 'Observation/<1>', ''],
  ['https://h/Patient/Patient/1', 'Patient/<1>', ''],
  ['Patient/2/Observation', 'Patient/<2>/Observation', ''],
  [
    'https://h/Patient/2/Observation?code=s|1',
    'https://h/Patient/<2>/Observation?code=<1>',
    'Patient/<2>/Observation?code=<1>',
  ],
  ['Group/3/Patient/2/Observation?code=1', '<Group/3/Patient/2/Observation?code=1>', ''],
]

t.test('of a url that names a resource only the id is hashed, of a search only the values', async (t) => {
  for (const [url, kept, relative] of URLS) {
    t.equal(hashUrl(url, hashing(false)), kept, url)
    t.equal(hashUrl(url, hashing(true)), relative === '' ? kept : relative, `${url}, relative`)
  }
})

t.test('the search of ifNoneExist keeps its parameters and no value', async (t) => {
  for (const [search, expected] of [
    ['identifier=http://mrn|123', 'identifier=<123>'],
    ['?identifier=mrn|123&active=true', 'identifier=<123>&active=<true>'],
    ['Patient?identifier=http://mrn|123', 'Patient?identifier=<123>'],
    ['123', '<123>'],
  ] as const)
    t.equal(hashSearch(search, hashing(true)), expected, search)
})

t.test('a long url is read in linear time', async (t) => {
  for (const part of ['a', '/', 'Patient/', '?', 'a=', '&', 'a=1&', '\\', ',', '|', '%', '/_history']) {
    const begin = process.hrtime.bigint()
    hashUrl(`Patient?a=${part.repeat(300_000)}!`, hashing(true))
    hashUrl(`${part.repeat(300_000)}!`, hashing(false))
    t.ok(process.hrtime.bigint() - begin < 3_000_000_000n, part)
  }
})

const RULES = [
  { path: 'Resource.id', method: 'cryptoHash' },
  { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
  { path: "nodesByType('Identifier').value", method: 'cryptoHash' },
  { path: 'Bundle.entry.fullUrl', method: 'cryptoHash' },
  { path: 'Bundle.entry.request.url', method: 'cryptoHash' },
  { path: 'Bundle.entry.request.ifNoneExist', method: 'cryptoHash' },
  { path: 'Bundle.entry.response.location', method: 'cryptoHash' },
  { path: 'Bundle.link.url', method: 'cryptoHash' },
]
const UUID = 'urn:uuid:0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f'
const PATIENT = { resourceType: 'Patient', id: '1', identifier: [{ system: 'http://mrn', value: '42' }] }
const TRANSACTION: Json = {
  resourceType: 'Bundle',
  type: 'transaction',
  link: [{ relation: 'next', url: 'https://a-b.example/Patient?_id=1' }],
  entry: [
    {
      fullUrl: UUID,
      resource: PATIENT,
      request: { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=http://mrn|42' },
    },
    {
      fullUrl: 'https://a-b.example/Encounter/1',
      resource: { resourceType: 'Encounter', subject: { reference: UUID } },
      request: { method: 'PUT', url: 'Encounter/1' },
      response: { status: '201', location: 'Encounter/1/_history/1' },
    },
    {
      resource: { resourceType: 'Encounter', subject: { reference: 'Patient?identifier=http://mrn|42' } },
      request: { method: 'DELETE', url: 'Patient?identifier=http://mrn|42' },
    },
  ],
}

t.test('an anonymized transaction joins and can be posted, by both engines', async (t) => {
  for (const engine of enginesFor(RULES, { urls: 'references', absoluteReferences: 'relative' })) {
    const bundle = outputOf(engine.run(JSON.stringify(TRANSACTION)))
    const [patient, encounter, condition] = bundle.entry as [Json, Json, Json]
    const { id, identifier } = patient.resource as { id: string; identifier: [{ value: string }] }
    t.match(id, /^[0-9a-f]{64}$/)
    t.equal((encounter.resource as { subject: Json }).subject.reference, patient.fullUrl)
    t.match(patient.fullUrl, /^urn:uuid:[0-9a-f]{64}$/)
    const search = `identifier=${identifier[0].value}`
    t.match(patient.request, { url: 'Patient', ifNoneExist: search })
    t.equal(encounter.fullUrl, `Encounter/${id}`, 'ids of all types hash alike')
    t.match(encounter.request, { method: 'PUT', url: `Encounter/${id}` })
    t.match(encounter.response, { location: `Encounter/${id}` })
    t.match(condition, {
      resource: { subject: { reference: `Patient?${search}` } },
      request: { url: `Patient?${search}` },
    })
    t.match(bundle.link, [{ url: `Patient?_id=${id}` }])
  }
})

t.test('without the parameter urls are hashed whole, as by the original', async (t) => {
  for (const engine of enginesFor(RULES)) {
    const { entry } = outputOf(engine.run(JSON.stringify(TRANSACTION))) as { entry: Json[] }
    for (const { fullUrl } of entry.slice(0, 2)) t.match(fullUrl, /^[0-9a-f]{64}$/)
  }
})

t.test('canonicals join with each other', async (t) => {
  const rules = [{ path: "nodesByType('canonical') | Questionnaire.url", method: 'cryptoHash' }]
  for (const engine of enginesFor(rules, { urls: 'references' })) {
    const { questionnaire } = outputOf(
      engine.run('{"resourceType":"QuestionnaireResponse","questionnaire":"http://h/Questionnaire/q|1"}'),
    )
    const { url } = outputOf(engine.run('{"resourceType":"Questionnaire","url":"http://h/Questionnaire/q"}'))
    t.equal(questionnaire, url)
  }
})
