import t from 'tap'
import { decryptValue } from '../../src/anonymizer/methods/encrypt.js'
import { elementAt, firstOf } from '../support/elements.js'
import { seededRandom } from '../support/random.js'
import { enginesFor, type Json, KEYS, outputOf } from '../support/rules.js'

const DAY_MS = 86_400_000
const DATE = '2015-06-15'

const shiftOf = (output: Json, key: string): number =>
  (Date.parse(String(output[key]).slice(0, 10)) - Date.parse(DATE)) / DAY_MS

const observation = (reference: string): Json => ({
  resourceType: 'Observation',
  subject: { reference },
  issued: `${DATE}T00:00:00Z`,
})

const P = { reference: 'Patient/P' }

// Resources of one patient, each with the name of its date.
const RESOURCES: readonly (readonly [string, Json])[] = [
  ['birthDate', { resourceType: 'Patient', id: 'P', birthDate: DATE }],
  ['birthDate', { birthDate: DATE, id: 'P', resourceType: 'Patient' }],
  ['issued', observation('Patient/P')],
  ['issued', observation('http://example.org/fhir/Patient/P')],
  ['issued', observation('Patient/P/_history/3')],
  ['recordedDate', { resourceType: 'AllergyIntolerance', patient: P, recordedDate: DATE }],
  ['created', { resourceType: 'Claim', patient: P, created: DATE }],
  ['occurrenceDateTime', { resourceType: 'Immunization', patient: P, occurrenceDateTime: DATE }],
  ['authoredOn', { resourceType: 'Task', for: P, authoredOn: DATE }],
  ['recordedDate', { resourceType: 'Condition', subject: P, recordedDate: DATE }],
]

t.test("scope patient: one patient's dates move together over all resources and files", async (t) => {
  // The ids are hashed first, as the sample configurations do; the patient stays known.
  const hashed = [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
  ]
  const types = ['date', 'dateTime', 'instant']
  const shift = types.map((type) => ({ path: `nodesByType('${type}')`, method: 'dateShift' }))
  for (const first of [[], hashed])
    for (const engine of enginesFor([...first, ...shift], { dateShiftScope: 'patient' })) {
      const shifts = RESOURCES.map(([key, resource], k) =>
        shiftOf(outputOf(engine.run(JSON.stringify(resource), `file${k}`, k)), key),
      )
      t.strictSame(
        shifts,
        shifts.map(() => shifts[0]),
        'the same offset everywhere',
      )
      t.ok(Math.abs(firstOf(shifts)) <= 50, 'within 50 days')
      const entry = RESOURCES.map(([, resource]) => ({ resource }))
      const bundle = outputOf(engine.run(JSON.stringify({ resourceType: 'Bundle', id: 'b', entry })))
      const entries = bundle.entry as { resource: Json }[]
      const inside = entries.map(({ resource }, k) => shiftOf(resource, elementAt(RESOURCES, k)[0]))
      t.strictSame(inside, shifts, 'also in a Bundle')
    }
})

t.test('scope patient: offsets differ from patient to patient and with the key', async (t) => {
  const shift = [{ path: 'Patient.birthDate', method: 'dateShift' }]
  const offsets = (key: string): number[] => {
    const [engine] = enginesFor(shift, { dateShiftScope: 'patient', dateShiftKey: key })
    const line = (k: number): string =>
      JSON.stringify({ resourceType: 'Patient', id: `p${k}`, birthDate: DATE })
    return Array.from({ length: 2000 }, (_, k) => shiftOf(outputOf(engine.run(line(k))), 'birthDate'))
  }
  const [first, second] = [offsets('one'), offsets('two')]
  t.strictSame([Math.min(...first), Math.max(...first)], [-50, 50])
  t.equal(new Set(first).size, 101, 'every offset from -50 to 50 occurs')
  const equal = first.filter((offset, k) => offset === second[k]).length
  t.ok(equal < 60, `another key gives other offsets (${equal} of 2000 agree by chance)`)
})

t.test('encrypt: decrypts to what was there, and is the same again only for the same place', async (t) => {
  const random = seededRandom('encrypt')
  const engines = enginesFor([{ path: 'Patient.name.given', method: 'encrypt' }])
  for (let round = 0; round < 50; round++) {
    const text = `a${random.text(30)}z`
    const line = JSON.stringify({ resourceType: 'Patient', name: [{ given: ['x', 'x', text] }] })
    for (const engine of engines) {
      const givenOf = (record: number): string[] =>
        firstOf(outputOf(engine.run(line, '', record)).name as { given: string[] }[]).given
      const given = givenOf(round)
      const decrypted = given.map((value) => decryptValue(value, KEYS.encryptKey))
      // UTF-8 has no lone surrogates: they come back as U+FFFD.
      t.strictSame(decrypted, ['x', 'x', Buffer.from(text).toString()])
      t.not(given[0], given[1], 'equal values in one record differ')
      t.strictSame(givenOf(round), given, 'the same place gives the same')
      t.not(givenOf(round + 1)[0], given[0], 'another record gives another')
    }
  }
})

t.test('perturb: within its bounds, rounded, the same again with the key, different without', async (t) => {
  const random = seededRandom('perturb')
  for (let round = 0; round < 100; round++) {
    const span = random.pick([1, 10, 0.5])
    const rangeType = random.pick(['fixed', 'proportional'])
    const value = random.between(-5000, 5000) / 10
    const rule = { path: 'Observation.value', method: 'perturb', span, rangeType, roundTo: 3 }
    const line = `{"resourceType":"Observation","valueQuantity":{"value":${value},"unit":"kg"}}`
    const half = (rangeType === 'fixed' ? span : Math.abs(value) * span) / 2
    const noisy = (key: string, record: number): number[] =>
      enginesFor([rule], { perturbKey: key }).map((engine) => {
        const quantity = outputOf(engine.run(line, '', record)).valueQuantity as Json
        return quantity.unit === 'kg' ? (quantity.value as number) : Number.NaN
      })
    const [a = Number.NaN, b] = noisy('one', round)
    t.equal(a, b, 'both engines agree')
    t.ok(Math.abs(a - value) <= half + 0.0005, `${value} -> ${a} within ${half}`)
    t.equal(Math.round(a * 1000) / 1000, a, 'rounded')
    t.strictSame(noisy('one', round), [a, b], 'the same again')
    // Two chances to differ: by rounding one of them may agree.
    const others = [noisy('two', round)[0], noisy('one', round + 1)[0]]
    if (half > 1)
      t.ok(
        others.some((other) => other !== a),
        'not without the key, nor elsewhere',
      )
  }
})
