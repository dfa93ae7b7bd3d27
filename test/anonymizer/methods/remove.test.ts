import t from 'tap'
import { enginesFor, type Json, outputOf } from '../../support/rules.js'

const REDACTED = {
  security: [
    {
      system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
      code: 'REDACTED',
      display: 'redacted',
    },
  ],
}
const remove = (path: string): Json => ({ path, method: 'remove' })
const PATIENT = { resourceType: 'Patient', id: 'p', name: [{ family: 'x' }] }
const OBSERVATION = { resourceType: 'Observation', id: 'o', status: 'final' }
const bundle = (...entry: readonly Json[]): Json => ({ resourceType: 'Bundle', type: 'collection', entry })

// What comes in, the rules, what is left besides the label REDACTED.
const ROWS: readonly (readonly [string, Json, readonly Json[], Json])[] = [
  [
    'every entry of a Bundle, with its resource',
    bundle({ fullUrl: 'urn:x', resource: PATIENT }, { resource: OBSERVATION }),
    [remove('Bundle.entry')],
    { resourceType: 'Bundle', type: 'collection' },
  ],
  [
    'some entries of a Bundle',
    bundle({ fullUrl: 'urn:x', resource: PATIENT }, { resource: OBSERVATION }),
    [remove('Bundle.entry.where(resource is Patient)')],
    bundle({ resource: OBSERVATION }),
  ],
  [
    'the resource of an entry, which keeps the rest of it',
    bundle({ fullUrl: 'urn:x', resource: PATIENT }),
    [remove('Bundle.entry.resource')],
    bundle({ fullUrl: 'urn:x' }),
  ],
  [
    'the resource of an entry that has nothing else',
    bundle({ resource: PATIENT }),
    [remove("nodesByType('Patient')")],
    { resourceType: 'Bundle', type: 'collection' },
  ],
  [
    'contained resources',
    { ...PATIENT, contained: [OBSERVATION, { ...PATIENT, contained: [] }] },
    [remove('DomainResource.contained')],
    PATIENT,
  ],
  [
    'contained resources of a type',
    { ...PATIENT, contained: [OBSERVATION, { resourceType: 'Organization', name: 'y' }] },
    [remove("nodesByType('Observation')")],
    { ...PATIENT, contained: [{ resourceType: 'Organization', name: 'y' }] },
  ],
  [
    'the resource of a parameter',
    {
      resourceType: 'Parameters',
      parameter: [
        { name: 'a', resource: PATIENT },
        { name: 'b', valueString: 'c' },
      ],
    },
    [remove('Parameters.parameter.resource')],
    { resourceType: 'Parameters', parameter: [{ name: 'a' }, { name: 'b', valueString: 'c' }] },
  ],
  [
    'the outcome of an entry',
    bundle({ response: { status: '200', outcome: { resourceType: 'OperationOutcome', id: 'x' } } }),
    [remove('Bundle.entry.response.outcome')],
    bundle({ response: { status: '200' } }),
  ],
  [
    'a backbone element with a resource that earlier rules changed',
    bundle({ request: { method: 'GET', url: 'Patient/1' }, resource: PATIENT }),
    [{ path: 'Bundle.entry.request.method', method: 'keep' }, remove('Bundle.entry')],
    { resourceType: 'Bundle', type: 'collection' },
  ],
  [
    'an element with what earlier rules kept in it',
    { resourceType: 'Patient', gender: 'male', name: [{ family: 'x', given: ['y'] }] },
    [{ path: 'Patient.name.family', method: 'keep' }, remove('Patient.name')],
    { resourceType: 'Patient', gender: 'male' },
  ],
  [
    'one item of an array',
    { resourceType: 'Patient', name: [{ use: 'old', family: 'x' }, { family: 'y' }] },
    [remove("Patient.name.where(use = 'old')")],
    { resourceType: 'Patient', name: [{ family: 'y' }] },
  ],
  [
    'extensions, whole',
    {
      resourceType: 'Patient',
      extension: [{ url: 'a', valueDateTime: '1980-02-03' }],
      birthDate: '1980',
      _birthDate: { extension: [{ url: 'a', valueDateTime: '1980-02-03' }] },
    },
    [remove("nodesByType('Extension')")],
    { resourceType: 'Patient', birthDate: '1980' },
  ],
  [
    'a primitive with its extensions',
    { resourceType: 'Patient', birthDate: '1980', _birthDate: { extension: [{ url: 'a' }] }, gender: 'male' },
    [remove('Patient.birthDate')],
    { resourceType: 'Patient', gender: 'male' },
  ],
  [
    'one primitive of an array',
    { resourceType: 'Patient', name: [{ given: ['a', 'b'], _given: [{ id: 'x' }, { id: 'y' }] }] },
    [remove('Patient.name.given[0]')],
    { resourceType: 'Patient', name: [{ given: ['b'], _given: [{ id: 'y' }] }] },
  ],
  [
    'everything in a resource: its type and its label are left',
    { resourceType: 'Patient', id: 'p', gender: 'male' },
    [remove('Patient.id'), remove('Patient.gender')],
    { resourceType: 'Patient' },
  ],
  [
    'a meta, in whose place the label comes',
    { resourceType: 'Patient', meta: { source: 'x' }, gender: 'male' },
    [remove('Resource.meta')],
    { resourceType: 'Patient', gender: 'male' },
  ],
  [
    'what FHIR does not know goes with it',
    { resourceType: 'Patient', contained: [{ resourceType: 'Nothing', x: [[1]] }], contact: [{ y: 1 }] },
    [remove('Patient.contained'), remove('Patient.contact')],
    { resourceType: 'Patient' },
  ],
  [
    'a later rule does not reach what is gone',
    { resourceType: 'Patient', contact: [{ name: { family: 'x' } }], gender: 'male' },
    [remove('Patient.contact'), { path: "nodesByType('HumanName')", method: 'cryptoHash' }],
    { resourceType: 'Patient', gender: 'male' },
  ],
]

for (const [name, input, rules, left] of ROWS)
  t.test(`remove takes away ${name}`, async (t) => {
    for (const engine of enginesFor(rules, { enablePartialDatesForRedact: true })) {
      const output = outputOf(engine.run(JSON.stringify(input)))
      t.same(output.meta, REDACTED)
      t.same({ ...output, meta: undefined }, { ...left, meta: undefined })
    }
  })

t.test('what an earlier rule claimed as a whole stays', async (t) => {
  for (const engine of enginesFor([{ path: 'Patient.name', method: 'keep' }, remove('Patient.name')]))
    t.same(outputOf(engine.run(JSON.stringify(PATIENT))), PATIENT)
})

t.test('remove with nothing to take changes nothing and labels nothing', async (t) => {
  for (const engine of enginesFor([remove('Patient.contact'), remove('Bundle.entry')]))
    t.same(outputOf(engine.run(JSON.stringify(PATIENT))), PATIENT)
})

t.test('a rule that would remove the resource itself rejects the line: it is never lost', async (t) => {
  const rows = ['Patient', 'Resource', "Resource.where(id = 'p')", 'Patient.where(name.exists())']
  for (const path of rows)
    for (const engine of enginesFor([remove(path)])) {
      t.match(engine.run(JSON.stringify(PATIENT)), { ok: false, rejection: { code: 'RULE_FAILED' } }, path)
      t.match(engine.run(JSON.stringify(bundle({ resource: PATIENT }))), { ok: false }, `${path} in a Bundle`)
    }
})

t.test('dates shift as without id where the id was removed', async (t) => {
  const line = JSON.stringify({ resourceType: 'Patient', id: 'p', birthDate: '1980-01-02' })
  const shift = { path: 'Patient.birthDate', method: 'dateShift' }
  const born = ['redact', 'remove'].flatMap((method) =>
    enginesFor([{ path: 'Resource.id', method }, shift]).map(
      (engine) => outputOf(engine.run(line)).birthDate,
    ),
  )
  t.equal(new Set(born).size, 1)
})

t.test('entries without conditions are removed by the fast engine', async (t) => {
  const [, automatic] = enginesFor([remove('Bundle.entry'), remove("nodesByType('Extension')")])
  automatic?.run(JSON.stringify(bundle({ resource: PATIENT })))
  automatic?.run('{"resourceType":"Patient","extension":[{"url":"x","valueString":"y"}],"gender":"male"}')
  t.equal(automatic?.lines.counts.interpretedLines, 0)
})
