import { createHmac } from 'node:crypto'
import t from 'tap'
import { elementAt } from '../support/elements.js'
import { enginesFor, type Json, outputOf } from '../support/rules.js'

// One key for every purpose: what one use publishes must say nothing about another.
const KEY = 'one key for every use'.padEnd(32, '.')
const ALL = { dateShiftKey: KEY, cryptoHashKey: KEY, encryptKey: KEY, perturbKey: KEY }
const DAY_MS = 86_400_000

const daysOf = (digest: Buffer): number => {
  const word = digest.readUInt32BE(0)
  return (word % 101) - 50
}

t.test('the hash of an id does not give the shift of its patient', async (t) => {
  const rules = [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: 'Patient.birthDate', method: 'dateShift' },
  ]
  for (const range of [{}, { dateShiftRangeInDays: [-50, 50] }, { dateShiftTimeZone: 'remove' }]) {
    const engines = enginesFor(rules, { ...ALL, dateShiftScope: 'patient', ...range })
    let told = 0
    const patients = 400
    for (let k = 0; k < patients; k++) {
      const line = JSON.stringify({ resourceType: 'Patient', id: `p${k}`, birthDate: '2000-06-15' })
      const { id, birthDate } = outputOf(elementAt(engines, k % 2).run(line)) as {
        id: string
        birthDate: string
      }
      const days = (Date.parse(birthDate) - Date.parse('2000-06-15')) / DAY_MS
      // What an attacker can compute from the published hash: the digest itself, and digests of it.
      const guesses = [Buffer.from(id, 'hex'), createHmac('sha256', id).update('').digest()].map(daysOf)
      if (guesses.includes(days)) told++
    }
    t.ok(told < 30, `${told} of ${patients} shifts follow from the output; by chance about 8`)
  }
})

t.test('the hash of a text that an attacker plants gives no IV and no noise', async (t) => {
  const rules = [
    { path: 'Patient.name.family', method: 'encrypt' },
    { path: 'Patient.name.given', method: 'cryptoHash' },
  ]
  // Everything that the key of a use, or what it is applied to, could be made of.
  const planted = [
    'encrypt',
    'test.ndjson\0' + '0\0' + '50',
    ...Array.from({ length: 120 }, (_, offset) => `encrypt\0test.ndjson\0${0}\0${offset}\0Smith`),
    ...Array.from({ length: 120 }, (_, offset) => `test.ndjson\0${0}\0${offset}\0Smith`),
  ]
  for (const engine of enginesFor(rules, ALL)) {
    const line = JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Smith', given: planted }] })
    const [{ family, given }] = outputOf(engine.run(line)).name as [{ family: string; given: string[] }]
    const iv = Buffer.from(family, 'base64').subarray(0, 16).toString('hex')
    t.notOk(
      given.some((hash) => hash.startsWith(iv)),
      'no published hash is an IV',
    )
  }
})

t.test('the IVs of two encryption keys under one perturbKey differ', async (t) => {
  const rules = [{ path: 'Patient.name.family', method: 'encrypt' }]
  const line = JSON.stringify({ resourceType: 'Patient', name: [{ family: 'Smith' }] })
  const ivs = ['1234567890123456', '6543210987654321'].flatMap((encryptKey) =>
    enginesFor(rules, { encryptKey }).map((engine) => {
      const [{ family }] = outputOf(engine.run(line)).name as [{ family: string }]
      return Buffer.from(family, 'base64').subarray(0, 16).toString('hex')
    }),
  )
  t.equal(ivs[0], ivs[1], 'both engines')
  t.equal(ivs[2], ivs[3], 'both engines')
  t.not(ivs[0], ivs[2])
})

/** The noise of a rule on a value, in shares of its span. */
function noiseOf(settings: Json, values: readonly number[], path = 'Observation.value.value'): number[] {
  const rule = { path, method: 'perturb', roundTo: 12, ...settings }
  const [engine] = enginesFor([rule])
  const { span, rangeType } = { rangeType: 'fixed', ...settings } as { span: number; rangeType: string }
  return values.map((value, record) => {
    const line = `{"resourceType":"Observation","valueQuantity":{"value":${value}}}`
    const quantity = outputOf(engine.run(line, '', record)).valueQuantity as { value: number }
    return (quantity.value - value) / (rangeType === 'fixed' ? span : value * span)
  })
}

t.test('two perturb rules under one key, or two values in one place, never share their noise', async (t) => {
  const values = Array.from({ length: 20 }, (_, k) => 100 + k)
  const first = noiseOf({ span: 10 }, values)
  const others: readonly (readonly [string, number[]])[] = [
    ['another span', noiseOf({ span: 20 }, values)],
    ['a span hardly larger', noiseOf({ span: 10.001 }, values)],
    ['another range', noiseOf({ span: 10, rangeType: 'proportional' }, values)],
    ['other decimals', noiseOf({ span: 10, roundTo: 11 }, values)],
    ['another path', noiseOf({ span: 10 }, values, "nodesByType('Quantity').value")],
    [
      'another value',
      noiseOf(
        { span: 10 },
        values.map((value) => value + 1),
      ),
    ],
  ]
  for (const [name, noise] of others)
    t.ok(
      noise.every((share, k) => Math.abs(share - elementAt(first, k)) > 1e-6),
      name,
    )
  t.strictSame(noiseOf({ span: 10 }, values), first, 'the same rule, place and value give the same')
})
