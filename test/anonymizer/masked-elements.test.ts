// Holds src/anonymizer/masked-elements.ts.
import t from 'tap'
import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { ENGINES, engineForSync, textOf } from '../support/engines.js'
import type { Json } from '../support/rules.js'
import { specOf } from '../support/spec-of.js'

const MASKED = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'masked' }],
}
const redact = (...paths: readonly string[]) => paths.map((path) => ({ path, method: 'redact' }))
const specFor = (rules: readonly Json[], settings: Json = {}): AnonymizerSpec =>
  specOf({ fhirVersion: 'R4', mandatoryElements: 'mask', fhirPathRules: rules, ...settings })

const ROWS: readonly (readonly [name: string, rules: readonly Json[], input: Json, output: Json])[] = [
  [
    'a primitive, a complex element, an array',
    redact('Appointment.participant', 'Appointment.status'),
    {
      resourceType: 'Appointment',
      status: 'booked',
      participant: [{ status: 'accepted' }],
      description: 'a',
    },
    {
      resourceType: 'Appointment',
      description: 'a',
      _status: MASKED,
      participant: [{ ...MASKED, _status: MASKED }],
    },
  ],
  [
    'a choice, under the name it had',
    redact('Task.input.value'),
    { resourceType: 'Task', input: [{ type: { text: 'a' }, valueString: 'b' }] },
    { resourceType: 'Task', input: [{ type: { text: 'a' }, _valueString: MASKED }] },
  ],
  [
    'an element of which only the extension is left',
    redact('Observation.status'),
    { resourceType: 'Observation', status: 'final', _status: { extension: [{ url: 'u', valueCode: 'c' }] } },
    { resourceType: 'Observation', _status: MASKED },
  ],
  [
    'an extension that stays keeps the element',
    [{ path: 'Observation.status.extension', method: 'keep' }, ...redact('Observation.status')],
    { resourceType: 'Observation', status: 'final', _status: { extension: [{ url: 'u', valueCode: 'c' }] } },
    { resourceType: 'Observation', _status: { extension: [{ url: 'u', valueCode: 'c' }] } },
  ],
  [
    'a value that stays keeps the element, though its extension goes',
    redact('Observation.status.extension'),
    { resourceType: 'Observation', status: 'final', _status: { extension: [{ url: 'u', valueCode: 'c' }] } },
    { resourceType: 'Observation', status: 'final' },
  ],
  [
    'what was not there is not added',
    redact('Observation.status'),
    { resourceType: 'Observation', status: 'final' },
    { resourceType: 'Observation', _status: MASKED },
  ],
  [
    'a parent of which nothing else is left goes as a whole, and is masked in turn',
    redact('Observation.component', 'Observation.code.coding'),
    {
      resourceType: 'Observation',
      code: { coding: [{ code: 'a' }] },
      component: [{ code: { text: 'a' }, valueString: 'b' }],
    },
    { resourceType: 'Observation', code: MASKED },
  ],
  [
    'a complex element with a mandatory element of its own',
    redact('AuditEvent.source'),
    {
      resourceType: 'AuditEvent',
      recorded: '2020-01-01T00:00:00Z',
      source: { site: 'a', observer: { display: 'b' } },
    },
    {
      resourceType: 'AuditEvent',
      recorded: '2020-01-01T00:00:00Z',
      source: { ...MASKED, observer: MASKED },
    },
  ],
  [
    'mandatory elements at several depths',
    redact("nodesByType('Signature')"),
    {
      resourceType: 'Contract',
      signer: [
        { type: { code: 'a' }, party: { display: 'b' }, signature: [{ when: '2020-01-01T00:00:00Z' }] },
      ],
    },
    {
      resourceType: 'Contract',
      signer: [
        {
          type: { code: 'a' },
          party: { display: 'b' },
          signature: [{ ...MASKED, type: [MASKED], _when: MASKED, who: MASKED }],
        },
      ],
    },
  ],
  [
    'some items of an array that stay',
    [{ path: "Appointment.participant.where(status = 'accepted')", method: 'redact' }],
    { resourceType: 'Appointment', participant: [{ status: 'accepted' }, { status: 'declined' }] },
    { resourceType: 'Appointment', participant: [{ status: 'declined' }] },
  ],
  [
    'contained resources and entries',
    redact('Observation.status', 'Observation.code'),
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: { resourceType: 'Observation', status: 'final', code: { text: 'a' } } }],
    },
    {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ resource: { resourceType: 'Observation', _status: MASKED, code: MASKED } }],
    },
  ],
  [
    'the url of an extension and a narrative are not masked',
    redact("nodesByType('Extension').url", 'Observation.text.div'),
    {
      resourceType: 'Observation',
      text: { status: 'generated', div: '<div/>' },
      extension: [{ url: 'u', valueCode: 'c' }],
    },
    { resourceType: 'Observation', text: { status: 'generated' }, extension: [{ valueCode: 'c' }] },
  ],
]

/** The resource without the labels of `meta`. */
function withoutLabels(text: string): unknown {
  return JSON.parse(text, (key, value) => (key === 'meta' ? undefined : value))
}

for (const engine of ENGINES)
  t.test(`${engine}: mandatory elements of which nothing is left are masked`, async (t) => {
    for (const [name, rules, input, output] of ROWS) {
      const outcome = engineForSync(specFor(rules), engine).run(JSON.stringify(input), '', 0)
      t.ok(outcome.ok, name)
      if (outcome.ok) t.same(withoutLabels(textOf(outcome.latin1)), output, name)
    }
  })

t.test('by default they are removed', async (t) => {
  const spec = specFor(redact('Observation.status'), { mandatoryElements: 'remove' })
  for (const engine of ENGINES) {
    const outcome = engineForSync(spec, engine).run('{"resourceType":"Observation","status":"final"}', '', 0)
    t.ok(outcome.ok)
    if (outcome.ok) t.same(withoutLabels(textOf(outcome.latin1)), { resourceType: 'Observation' })
  }
})
