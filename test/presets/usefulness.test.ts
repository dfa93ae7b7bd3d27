import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { lintRules } from '../support/lint-rules.js'
import { loadPreset, PRESETS } from './preset.js'

for (const { name, version } of PRESETS)
  t.test(`${name}: every rule does something, and none needs the interpreter`, async (t) => {
    const { rules } = await loadPreset(name)
    const findings = lintRules(
      rules.map(({ path, method }, at) => ({ number: at + 1, path, method })),
      elementTree(version),
    )
    t.same(
      findings.filter(({ code }) => code !== 'looks-ahead'),
      [],
    )
  })

t.test('ZIP codes leave three digits, or 000 where few people live', async (t) => {
  const rows = [
    ['98053', '980'],
    ['98053-1204', '980'],
    ['20301', '000'],
    ['03601', '000'],
    ['06301', '063'],
    ['09012', '000'],
    ['K1A 0B1', undefined],
    ['9805', undefined],
    ['021394307', undefined],
    ['02139 4307', undefined],
    // No inhabitants.
    ['73301', '000'],
    ['94279', '000'],
    ['00501', '000'],
    ['02139', '021', { country: 'US', state: 'MA' }],
    ['02139', '021', { country: 'United States of America' }],
    ['02139', '021', { state: 'Massachusetts' }],
    ['10115', undefined, { country: 'DE' }],
    ['19720', undefined, { country: 'DE', state: 'DE' }],
    ['75001', undefined, { country: 'FR' }],
    ['28001', undefined, { state: 'Madrid' }],
  ] as const
  const { anonymize } = await loadPreset('safe-harbor-r4')
  for (const [postalCode, left, more = {}] of rows) {
    const address = [{ ...more, postalCode }]
    const out = JSON.parse(anonymize(JSON.stringify({ resourceType: 'Patient', address })))
    t.equal(out.address?.[0].postalCode, left, JSON.stringify(address))
    if ('country' in more && left === undefined) t.notOk('address' in out, 'nothing of a foreign address')
  }
})

t.test('the first of the year stands for a date, nothing for one that tells an age over 89', async (t) => {
  const { anonymize } = await loadPreset('safe-harbor-r4')
  const line = (birthDate: string) => JSON.stringify({ resourceType: 'Patient', birthDate, gender: 'female' })
  t.match(JSON.parse(anonymize(line('1980-06-05'))), { birthDate: '1980', gender: 'female' })
  t.notOk('birthDate' in JSON.parse(anonymize(line('1935-06-05'))))
})

t.test('ages up to 89 stay with their unit', async (t) => {
  const onsetAge = { value: 89, unit: 'years', system: 'http://unitsofmeasure.org', code: 'a' }
  for (const name of ['safe-harbor-r4', 'safe-harbor-stu3', 'research-r4']) {
    const { anonymize } = await loadPreset(name)
    const out = JSON.parse(anonymize(JSON.stringify({ resourceType: 'Condition', onsetAge })))
    t.same(out.onsetAge, { value: 89, system: 'http://unitsofmeasure.org', code: 'a' })
  }
})

t.test('hashed references still find hashed ids', async (t) => {
  for (const { name } of PRESETS) {
    const { anonymize } = await loadPreset(name)
    const read = (resource: object) => JSON.parse(anonymize(JSON.stringify(resource)))
    const { id } = read({ resourceType: 'Patient', id: 'p1' })
    for (const reference of ['Patient/p1', 'https://h.example/fhir/Patient/p1', 'Patient/p1/_history/2'])
      t.equal(read({ resourceType: 'Condition', subject: { reference } }).subject.reference, `Patient/${id}`)
  }
})

t.test('research: values, codes, race and the intervals between the dates of a patient stay', async (t) => {
  const { anonymize } = await loadPreset('research-r4')
  const race = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race'
  const omb = {
    url: 'ombCategory',
    valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code: '2106-3' },
  }
  const patient = JSON.parse(
    anonymize(
      JSON.stringify({
        resourceType: 'Patient',
        id: 'p1',
        extension: [{ url: race, extension: [omb, { url: 'text', valueString: 'White' }] }],
        birthDate: '1980-06-05',
      }),
    ),
  )
  t.same(patient.extension, [{ url: race, extension: [omb] }])
  const quantity = { value: 5.02, system: 'http://unitsofmeasure.org', code: 'mmol/L' }
  const observation = JSON.parse(
    anonymize(
      JSON.stringify({
        resourceType: 'Observation',
        code: { coding: [{ system: 'http://loinc.org', code: '6298-4' }] },
        subject: { reference: 'Patient/p1' },
        effectiveDateTime: '1980-06-15',
        valueQuantity: quantity,
      }),
    ),
  )
  t.match(observation, { code: { coding: [{ code: '6298-4' }] }, valueQuantity: quantity })
  t.equal(Date.parse(observation.effectiveDateTime) - Date.parse(patient.birthDate), 10 * 86_400_000)
  t.not(patient.birthDate, '1980-06-05')
})
