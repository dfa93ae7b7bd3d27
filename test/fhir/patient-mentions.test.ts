import t from 'tap'
import { eachMention, type Mention, targetOf } from '../../src/fhir/patient-mentions.js'

function mentionsIn(resource: { readonly resourceType: string }): Mention[] {
  const source = Buffer.from(`>${JSON.stringify(resource, null, 1)}<`)
  const found: Mention[] = []
  eachMention(resource.resourceType, source, { start: 1, end: source.length - 1 }, (mention) =>
    found.push(mention),
  )
  return found
}

const patient = (id: string, isCompartment: boolean): Mention => ({
  to: { kind: 'resource', type: 'Patient', id },
  isCompartment,
})
const hidden = (isCompartment: boolean): Mention => ({ to: { kind: 'hidden-patient' }, isCompartment })

t.test('references are found at any depth; those of the compartment are told apart', async (t) => {
  t.same(
    mentionsIn({
      resourceType: 'Observation',
      ...{
        subject: { reference: 'Patient/a' },
        note: [{ authorReference: { reference: 'https://x/fhir/Patient/b/_history/1' } }],
        contained: [{ resourceType: 'Basic', extension: [{ valueReference: { reference: 'Patient/c' } }] }],
      },
    }),
    [patient('a', true), patient('b', false), patient('c', false)],
  )
  t.same(
    mentionsIn({ resourceType: 'Appointment', ...{ participant: [{ actor: { reference: 'Patient/a' } }] } }),
    [patient('a', true)],
  )
})

t.test('a patient that cannot be identified is mentioned as hidden', async (t) => {
  for (const [parts, expected] of [
    [{ subject: { identifier: { value: '1' } } }, [hidden(true)]],
    [{ subject: { type: 'Patient', display: 'x' } }, [hidden(true)]],
    [{ performer: [{ type: 'Practitioner', display: 'x' }] }, []],
    [{ performer: [{ type: 'Patient', identifier: { value: '1' } }] }, [hidden(true)]],
    [{ contained: [{ resourceType: 'Patient', id: 'p' }] }, [hidden(false)]],
    [{ subject: { reference: 'Patient?identifier=1' } }, [hidden(true)]],
  ] as const)
    t.same(mentionsIn({ resourceType: 'Observation', ...parts }), expected, JSON.stringify(parts))
})

t.test('an address says what it names', async (t) => {
  for (const [address, target] of [
    ['Patient/1', { kind: 'resource', type: 'Patient', id: '1' }],
    [' https://x/patient/1/#f ', { kind: 'resource', type: 'Patient', id: '1' }],
    ['Group/g|2', { kind: 'resource', type: 'Group', id: 'g' }],
    ['urn:uuid:a|b', { kind: 'urn', id: 'a' }],
    ['#p', undefined],
    ['http://x/PatientPortal', undefined],
    ['Patient?name=x', { kind: 'hidden-patient' }],
    [`${'x'.repeat(5000)}`, undefined],
    [`${'x'.repeat(5000)}Patient`, { kind: 'hidden-patient' }],
  ] as const)
    t.same(targetOf(address), target, address.slice(0, 40))
})
