import t from 'tap'
import { patientIdOf } from '../../src/fhir/patient-compartment.js'

const reference = (to: string) => ({ reference: to })

t.test('a resource belongs to the patient whom its compartment names first', async (t) => {
  for (const [resource, expected] of [
    [{ resourceType: 'Patient', id: 'p' }, 'p'],
    [{ resourceType: 'Patient' }, ''],
    [{ resourceType: 'Observation', id: 'o', subject: reference('Patient/p') }, 'p'],
    [{ resourceType: 'Observation', subject: reference('https://x/fhir/Patient/p/_history/1') }, 'p'],
    [{ resourceType: 'Observation', subject: reference('Group/g') }, ''],
    [{ resourceType: 'Observation', id: 'o' }, ''],
    [{ resourceType: 'Immunization', patient: reference('Patient/p') }, 'p'],
    [
      { resourceType: 'Claim', subject: reference('Patient/second'), patient: reference('Patient/first') },
      'first',
    ],
    [
      {
        resourceType: 'Appointment',
        participant: [{ actor: reference('Practitioner/d') }, { actor: reference('Patient/p') }],
      },
      'p',
    ],
    [{ resourceType: 'Provenance', target: [reference('Observation/o'), reference('Patient/p')] }, 'p'],
    [{ resourceType: 'Observation', subject: { identifier: { value: 'p' } } }, ''],
    [{ resourceType: 'Observation', subject: { reference: 7 } }, ''],
  ] as const) {
    const text = JSON.stringify(resource, null, 1)
    const source = Buffer.from(`>${text}<`)
    t.equal(
      patientIdOf(resource.resourceType, source, 1, source.length - 1),
      expected,
      JSON.stringify(resource),
    )
  }
})
