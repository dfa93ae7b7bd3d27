// Holds src/server/routes/parameters.ts, src/server/routes/parameters-resource.ts.

import t from 'tap'
import { outcomeText, parametersOf, provide } from '../provider.js'

t.test(
  'a kick-off at each level, by GET and POST, is answered 202 with an absolute status URL',
  async (t) => {
    const { kickOff, base } = await provide(t)
    for (const path of ['/$export', '/Patient/$export', '/Group/g1/$export'])
      for (const init of [{}, { method: 'POST' }, parametersOf()]) {
        const response = await kickOff(path, init)
        t.equal(response.status, 202, `${init.method ?? 'GET'} ${path}`)
        t.ok(response.headers.get('content-location')?.startsWith(`${base}/_operations/export/`))
        await outcomeText(response)
      }
  },
)

const HEADERS: readonly (readonly [Record<string, string>, number])[] = [
  [{}, 202],
  [{ accept: 'application/fhir+json; charset=utf-8' }, 202],
  [{ accept: 'Application/FHIR+JSON' }, 202],
  [{ accept: '*/*' }, 202],
  [{ accept: 'application/json' }, 202],
  [{ accept: 'text/html, application/fhir+json;q=0.5' }, 202],
  [{ accept: 'text/html' }, 406],
  [{ accept: 'application/fhir+xml' }, 406],
  [{ prefer: 'respond-async, handling=lenient' }, 202],
  [{ prefer: 'handling=strict; respond-async' }, 202],
  [{ prefer: 'Respond-Async' }, 202],
  [{ prefer: 'respond-async, wait=10' }, 202],
  [{ prefer: 'wait=10' }, 400],
  [{ prefer: 'return=minimal' }, 400],
]

t.test('Accept and Prefer decide as the specification says', async (t) => {
  const { kickOff, ask } = await provide(t)
  for (const [headers, status] of HEADERS) {
    const response = await kickOff('/$export', { headers })
    t.equal(response.status, status, JSON.stringify(headers))
    await outcomeText(response)
  }
  t.equal(
    (await ask('/$export', { headers: { accept: 'application/fhir+json' } })).status,
    400,
    'without Prefer',
  )
  t.equal((await ask('/$export', { headers: { prefer: 'respond-async' } })).status, 202, 'without Accept')
})

const ACCEPTED = [
  '_outputFormat=application/fhir%2Bndjson',
  '_outputFormat=application/fhir+ndjson',
  '_outputFormat=application/ndjson',
  '_outputFormat=ndjson',
  '_since=2020-01-01T00:00:00Z',
  '_since=2020-01-01T00:00:00.123%2B01:00',
  '_since=2020-01-01T00:00:00+01:00',
  '_until=2020-01-01T00:00:00Z',
  '_till=2020-01-01T00:00:00Z',
  '_type=Patient',
  '_type=Patient,Observation',
  '_type=Patient&_type=Observation',
  '_typeFilter=Observation%3Fcode%3D1-1',
  '_typeFilter=Observation%3Fcode%3D1-1%2C2-2,Patient%3Fgender%3Dmale',
  '_elements=id',
  '_elements=Patient.name,birthDate',
  'includeAssociatedData=LatestProvenanceResources',
  'includeAssociatedData=LatestProvenanceResources,RelevantProvenanceResources',
  'allowPartialManifests=true',
  '_isParallel=false',
  '_maxCount=100',
  '_format=json',
]

const REFUSED: readonly (readonly [string, string])[] = [
  ['_outputFormat=application/xml', '_outputFormat must be'],
  ['_outputFormat=text/csv', '_outputFormat must be'],
  ['_outputFormat=', '_outputFormat must be'],
  ['_outputFormat=ndjson&_outputFormat=ndjson', '_outputFormat must be'],
  ['_since=yesterday', '_since must be'],
  ['_since=2020-13-01T00:00:00Z', '_since must be'],
  ['_since=2020-02-30', '_since must be'],
  ['_since=2999-01-01T00:00:00Z', 'not in the future'],
  ['_since=2020-01-01&_since=2021-01-01', '_since must be'],
  ['_until=x', '_until must be'],
  ['_since=2020-01-02&_until=2020-01-01', '_until has to be after'],
  ['_type=', '_type must be'],
  ['_type=Nonsense', '_type names'],
  ['_type=Patient,%3Cscript%3E', '_type names'],
  ['_type=patient', '_type names'],
  ['_typeFilter=Observation', '_typeFilter is not'],
  ['_typeFilter=Observation%3Fcode:in%3Dx', 'not supported'],
  ['_typeFilter=Observation%3F_sort%3Ddate', 'not supported'],
  ['_typeFilter=Observation%3F_include%3DObservation:subject', 'not supported'],
  ['_typeFilter=Observation%3Fdate%3Dap2020', 'no valid date'],
  ['_typeFilter=Observation%3Fcode%3D', 'no value'],
  ['_elements=Patient.nothing', '_elements names'],
  ['_elements=nothing', '_elements names'],
  ['_elements=Patient.name.family', '_elements names'],
  ['patient=Patient/p1', 'system-level'],
  ['includeAssociatedData=_history', 'supports'],
  ['includeAssociatedData=_custom', 'supports'],
  ['organizeOutputBy=Patient', 'organizeOutputBy is not supported'],
  ['allowPartialManifests=maybe', 'true or false'],
  ['_maxCount=0', '_maxCount must be'],
  ['_maxCount=10001', '_maxCount must be'],
  ['_format=xml', '_format must be'],
  ['_Type=Patient', '_Type is not supported'],
  ['%3Cscript%3E=1', 'A parameter is not supported'],
  ['__proto__=1', '__proto__ is not supported'],
  ['constructor=1', 'constructor is not supported'],
]

t.test('every parameter of the specification is accepted where its value is right', async (t) => {
  const { kickOff } = await provide(t)
  for (const query of ACCEPTED) {
    const response = await kickOff(`/$export?${query}`)
    t.equal(response.status, 202, `${query}: ${await response.text()}`)
  }
})

t.test('a bad or unknown parameter is answered 400 with an OperationOutcome that names it', async (t) => {
  const { kickOff } = await provide(t)
  for (const [query, text] of REFUSED) {
    const response = await kickOff(`/$export?${query}`)
    t.equal(response.status, 400, query)
    t.match(await outcomeText(response), text, query)
  }
})

t.test(
  'handling=lenient leaves out what is not supported and notes each in error; wrong values stay errors',
  async (t) => {
    const provider = await provide(t)
    const headers = { prefer: 'respond-async, handling=lenient' }
    const { issues, resources } = await provider.export(
      '/$export?organizeOutputBy=Patient&_typeFilter=Patient%3Fname%3Dx&_type=Patient,Nonsense&_custom=1',
      { headers },
    )
    t.equal(issues.length, 4)
    for (const name of ['organizeOutputBy', '_typeFilter', '_type', '_custom'])
      t.ok(
        issues.some((text) => text.startsWith('Ignored:') && text.includes(name)),
        name,
      )
    t.same(resources, ['Patient/p1', 'Patient/p2', 'Patient/p3', 'Patient/p4'])
    t.equal((await provider.kickOff('/$export?_since=x', { headers })).status, 400)
    t.equal((await provider.kickOff('/$export?_type=Nonsense', { headers })).status, 400, 'nothing is left')
  },
)

t.test('at Patient and Group level types outside of the compartment are refused', async (t) => {
  const { kickOff } = await provide(t)
  for (const path of ['/Patient', '/Group/g1']) {
    for (const type of ['ValueSet', 'CapabilityStatement', 'Binary', 'Bundle'])
      t.equal((await kickOff(`${path}/$export?_type=Patient,${type}`)).status, 400, type)
    for (const type of ['Practitioner', 'Organization', 'Location', 'Medication'])
      t.equal((await kickOff(`${path}/$export?_type=Patient,${type}`)).status, 202, type)
    t.equal((await kickOff(`${path}/$export?_type=Observation`)).status, 202)
  }
})

const BODIES: readonly (readonly [string, string, Record<string, string>, number])[] = [
  ['not JSON', '{', {}, 400],
  ['no Parameters', '{"resourceType":"Patient"}', {}, 400],
  ['null', 'null', {}, 400],
  ['a list', '[]', {}, 400],
  ['parameter is no list', '{"resourceType":"Parameters","parameter":{}}', {}, 400],
  ['no name', '{"resourceType":"Parameters","parameter":[{"valueString":"x"}]}', {}, 400],
  ['no value', '{"resourceType":"Parameters","parameter":[{"name":"_type"}]}', {}, 400],
  [
    'two values',
    '{"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"a","valueCode":"b"}]}',
    {},
    400,
  ],
  ['an odd value', '{"resourceType":"Parameters","parameter":[{"name":"_type","valuePeriod":{}}]}', {}, 400],
  ['another type', '<Parameters/>', { 'content-type': 'application/fhir+xml' }, 415],
  ['too large', ' '.repeat(2 << 20), {}, 413],
]

t.test('a POST that is no Parameters resource is refused', async (t) => {
  const { kickOff } = await provide(t)
  for (const [name, body, headers, status] of BODIES) {
    const response = await kickOff('/$export', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/fhir+json', ...headers },
    })
    t.equal(response.status, status, name)
    await outcomeText(response)
  }
  const both = await kickOff('/$export?_type=Patient', parametersOf())
  t.equal(both.status, 400, 'parameters in the URL and the body')
})

t.test('patients are taken by POST only, must exist, and bound what is exported', async (t) => {
  const provider = await provide(t)
  const patient = (reference: string) => ({ name: 'patient', valueReference: { reference } })
  const refused: readonly (readonly [string, RequestInit])[] = [
    ['/Patient/$export?patient=Patient/p1', {}],
    ['/Patient/$export', parametersOf(patient('Patient/nobody'))],
    ['/Patient/$export', parametersOf(patient('Observation/o1'))],
    ['/$export', parametersOf(patient('Patient/p1'))],
  ]
  for (const [path, init] of refused) {
    const response = await provider.kickOff(path, init)
    t.equal(response.status, 400, path)
    await outcomeText(response)
  }
  const { resources, manifest } = await provider.export(
    '/Patient/$export',
    parametersOf(patient(`${provider.base}/Patient/p1`)),
  )
  t.same(resources, ['Condition/c1', 'Observation/o1', 'Patient/p1', 'Provenance/v1'])
  t.equal(manifest.request, `${provider.base}/Patient/$export`)
  t.notOk(JSON.stringify(provider.events).includes('p1'), 'no patient in the events')
})

t.test('unknown groups, other levels and unknown places are answered with an OperationOutcome', async (t) => {
  const { kickOff } = await provide(t)
  const places: readonly (readonly [string, number])[] = [
    ['/Group/none/$export', 404],
    ['/Observation/$export', 400],
    ['/Patient/p1/$export', 400],
    ['/Patient', 404],
    ['/_operations/export/0123', 404],
    ['/%ff/$export', 400],
  ]
  for (const [path, status] of places) {
    const response = await kickOff(path)
    t.equal(response.status, status, path)
    await outcomeText(response)
  }
})
