import t from 'tap'
import { loadPreset } from './preset.js'

const PATIENTS = 150
const TRUE_YEAR = { start: '2024-01-01', end: '2024-12-31' }
const YEAR = { start: '2024', end: '2024' }
const patient = (k: number) => ({ reference: `Patient/p${k}` })

type Json = Record<string, unknown>

/** Elements whose true dates anybody can guess: calendar years, ends of months, weekdays. */
const ANCHORS: readonly (readonly [string, (k: number) => Json, expected: Json])[] = [
  ['the period of a coverage', () => ({ resourceType: 'Coverage', period: TRUE_YEAR }), { period: YEAR }],
  [
    'the period of a coverage in an explanation of benefit',
    (k) => ({
      resourceType: 'ExplanationOfBenefit',
      patient: patient(k),
      contained: [{ resourceType: 'Coverage', beneficiary: patient(k), period: TRUE_YEAR }],
    }),
    { contained: [{ resourceType: 'Coverage', period: YEAR }] },
  ],
  [
    'benefit and authorization periods',
    () => ({ resourceType: 'ExplanationOfBenefit', benefitPeriod: TRUE_YEAR, preAuthRefPeriod: [TRUE_YEAR] }),
    { benefitPeriod: YEAR, preAuthRefPeriod: [YEAR] },
  ],
  [
    'an authorization',
    () => ({ resourceType: 'ClaimResponse', preAuthPeriod: TRUE_YEAR }),
    { preAuthPeriod: YEAR },
  ],
  [
    'the benefit period of an eligibility',
    () => ({
      resourceType: 'CoverageEligibilityResponse',
      servicedPeriod: TRUE_YEAR,
      insurance: [{ benefitPeriod: TRUE_YEAR }],
    }),
    { servicedPeriod: YEAR, insurance: [{ benefitPeriod: YEAR }] },
  ],
  ['an account', () => ({ resourceType: 'Account', servicePeriod: TRUE_YEAR }), { servicePeriod: YEAR }],
  [
    'a contract and its nested terms',
    () => ({
      resourceType: 'Contract',
      applies: TRUE_YEAR,
      term: [{ applies: TRUE_YEAR, group: [{ applies: TRUE_YEAR, asset: [{ period: [TRUE_YEAR] }] }] }],
    }),
    { applies: YEAR, term: [{ applies: YEAR, group: [{ applies: YEAR, asset: [{ period: [YEAR] }] }] }] },
  ],
  [
    'a consent and its nested provisions',
    () => ({
      resourceType: 'Consent',
      provision: { period: TRUE_YEAR, provision: [{ period: TRUE_YEAR, dataPeriod: TRUE_YEAR }] },
    }),
    { provision: { period: YEAR, provision: [{ period: YEAR, dataPeriod: YEAR }] } },
  ],
  ['a measure report', () => ({ resourceType: 'MeasureReport', period: TRUE_YEAR }), { period: YEAR }],
  [
    'the validity of an identifier, an address, a name and a telephone',
    (k) => ({
      resourceType: 'Patient',
      id: `p${k}`,
      identifier: [{ value: '1', period: TRUE_YEAR }],
      address: [{ state: 'MA', period: TRUE_YEAR }],
      name: [{ family: 'F', period: TRUE_YEAR }],
      telecom: [{ value: '1', period: TRUE_YEAR }],
    }),
    {
      identifier: [{ period: YEAR }],
      address: [{ state: 'MA', period: YEAR }],
      name: undefined,
      telecom: undefined,
    },
  ],
  [
    'the expiry of a vaccine, the end of a month',
    () => ({ resourceType: 'Immunization', expirationDate: '2024-06-30' }),
    { expirationDate: '2024' },
  ],
  [
    'when a goal is due',
    (k) => ({ resourceType: 'Goal', subject: patient(k), target: [{ dueDate: '2024-12-31' }] }),
    { target: [{ dueDate: '2024' }] },
  ],
  [
    'the weekday of a timing',
    (k) => ({
      resourceType: 'ServiceRequest',
      subject: patient(k),
      occurrenceTiming: { repeat: { frequency: 1, dayOfWeek: ['mon', 'wed'], timeOfDay: ['08:00:00'] } },
    }),
    { occurrenceTiming: { repeat: { frequency: 1, dayOfWeek: undefined, timeOfDay: undefined } } },
  ],
  [
    'the weekday of a dose',
    (k) => ({
      resourceType: 'MedicationRequest',
      subject: patient(k),
      dosageInstruction: [{ timing: { repeat: { frequency: 2, dayOfWeek: ['tue'] } } }],
    }),
    { dosageInstruction: [{ timing: { repeat: { frequency: 2, dayOfWeek: undefined } } }] },
  ],
  [
    'the weekday in a contained request',
    (k) => ({
      resourceType: 'MedicationAdministration',
      subject: patient(k),
      contained: [
        {
          resourceType: 'MedicationRequest',
          dosageInstruction: [{ timing: { repeat: { frequency: 2, dayOfWeek: ['tue'] } } }],
        },
      ],
    }),
    {
      contained: [{ dosageInstruction: [{ timing: { repeat: { frequency: 2, dayOfWeek: undefined } } }] }],
    },
  ],
]

const beneficiary: Readonly<Record<string, string>> = {
  Coverage: 'beneficiary',
  ExplanationOfBenefit: 'patient',
  ClaimResponse: 'patient',
  CoverageEligibilityResponse: 'patient',
  Account: 'subject',
  Contract: 'subject',
  Consent: 'patient',
  MeasureReport: 'subject',
  Immunization: 'patient',
}
const MANY = new Set(['Account', 'Contract'])

/** The resource as one of that patient's, so that its dates would be shifted. */
function ofPatient(resource: Json, k: number): string {
  const type = String(resource.resourceType)
  const element = beneficiary[type]
  if (element === undefined) return JSON.stringify(resource)
  return JSON.stringify({ ...resource, [element]: MANY.has(type) ? [patient(k)] : patient(k) })
}

for (const engine of ['automatic', 'interpreter'] as const)
  t.test(`research-r4 (${engine}): no element beside shifted dates gives the shift away`, async (t) => {
    const preset = await loadPreset('research-r4', engine)
    for (const [name, make, expected] of ANCHORS) {
      const line = preset.anonymize(ofPatient(make(7), 7))
      t.match(JSON.parse(line), expected, name)
      t.notMatch(line, /2024-|"(mon|tue|wed)"/, name)
    }
  })

t.test('research-r4: no patient keeps true dates, and no date keeps a time zone', async (t) => {
  const preset = await loadPreset('research-r4')
  const zones = ['Z', '-04:00', '-05:00', '+01:00', '+02:00']
  for (let k = 0; k < PATIENTS; k++) {
    const at = `2024-06-15T23:30:00${zones[k % zones.length]}`
    const line = preset.anonymize(
      JSON.stringify({
        resourceType: 'Observation',
        meta: { lastUpdated: at },
        subject: patient(k),
        effectivePeriod: { start: at, end: at },
        issued: at,
      }),
    )
    const { effectivePeriod, issued } = JSON.parse(line) as { effectivePeriod: Json; issued: string }
    t.match(String(effectivePeriod.start), /^\d{4}-\d\d-\d\d$/)
    t.match(issued, /^\d{4}-\d\d-\d\dT00:00:00Z$/)
    t.notOk(line.includes('2024-06-15'), 'moved by a day at least')
    t.notMatch(line, /-0[45]:00|\+0[12]:00/)
  }
})
