import t from 'tap'
import { engineFor } from '../../support/engines.js'
import { specOf } from '../../support/spec-of.js'

const NONE = 'Patient.name.where(family.length() > 99)'
const SOME = 'Patient.name.where(family.length() < 99).family'
const PATIENT =
  '{"resourceType":"Patient","id":"p","name":[{"use":"usual","family":"A"},{"use":"old","family":"B"}]}'

/** Rules, and whether the interpreter has to serve the patient. */
const cases: readonly (readonly [string, readonly object[], string, boolean])[] = [
  ['a rule that selects nothing', [{ path: NONE, method: 'redact' }], PATIENT, false],
  ['a rule that selects something', [{ path: SOME, method: 'redact' }], PATIENT, true],
  [
    'one that would select something, had not the rule before it changed that',
    [
      { path: 'Patient.name.use', method: 'redact' },
      { path: "Patient.name.where(use = 'old').family", method: 'redact' },
    ],
    PATIENT,
    true,
  ],
  [
    'one that selects something only because of the rule before it',
    [
      { path: 'Patient.name.use', method: 'redact' },
      { path: 'Patient.name.where(use.empty()).family', method: 'redact' },
    ],
    PATIENT,
    true,
  ],
  [
    'one behind a rule that changes nothing',
    [
      { path: 'Patient.name.use', method: 'keep' },
      { path: NONE, method: 'redact' },
    ],
    PATIENT,
    false,
  ],
  [
    'one that looks anywhere',
    [{ path: "Patient.name.where(%resource.id = 'p')", method: 'redact' }],
    PATIENT,
    true,
  ],
  [
    'one that bytes decide, whether it selects something or not',
    [
      { path: "Patient.name.where(use = 'old').family", method: 'redact' },
      { path: "Patient.name.where(use = 'none' and family.length() > 99)", method: 'redact' },
    ],
    PATIENT,
    false,
  ],
  ['one that fails', [{ path: 'Patient.name.single()', method: 'redact' }], PATIENT, true],
  [
    'one that selects nothing in a patient that is contained',
    [{ path: NONE, method: 'redact' }],
    '{"resourceType":"Basic","id":"b","contained":[{"resourceType":"Patient","name":[{"family":"A"}]}]}',
    true,
  ],
]

for (const [name, rules, line, isInterpreted] of cases)
  t.test(`rules that need the interpreter: ${name}`, async (t) => {
    const spec = specOf({
      fhirVersion: 'R4',
      fhirPathRules: [...rules, { path: 'Patient.name', method: 'redact' }],
      parameters: {},
    })
    const law = await engineFor(spec, 'interpreter')
    const fast = await engineFor(spec, 'automatic')
    t.strictSame(fast.run(line), law.run(line))
    t.equal(fast.lines.counts.interpretedLines > 0, isInterpreted)
    t.strictSame(fast.lines.counts.elementsByRule, law.lines.counts.elementsByRule)
  })
