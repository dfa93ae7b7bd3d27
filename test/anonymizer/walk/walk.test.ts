// Holds src/anonymizer/walk/walk.ts, assembly/root-ids.ts.
import t from 'tap'
import { ChunkEngine, difference } from '../../support/chunk-engine.js'
import { seededRandom } from '../../support/random.js'
import { specOf } from '../../support/spec-of.js'

// Encryption depends on the place of the line.
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Patient.name.family', method: 'encrypt' },
    { path: 'Patient.id', method: 'cryptoHash' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Resource', method: 'keep' },
  ],
  parameters: {
    encryptKey: '0123456789abcdef',
    cryptoHashKey: 'walnut, tundra and 9 lamps',
    dateShiftKey: 'pelican, ember and 4 rivers',
  },
}
const PIECE = 2 ** 17

const patient = (number: number, more = '', key = 'family'): string =>
  `{"resourceType":"Patient","id":"p-${number}","birthDate":"1970-02-03","name":[{"${key}":"Canary"}]${more}}`

/** Lines that the walk serves, that it leaves, that are rejected, blank, or longer than a piece. */
function mixedLines(seed: number): string[] {
  const random = seededRandom(`pieces ${seed}`)
  return Array.from({ length: 6000 }, (_, number) => {
    const chance = random.next()
    if (chance < 0.001)
      return patient(number, `,"gender":"${'x'.repeat(random.between(PIECE - 200, 2 * PIECE))}"`)
    if (chance < 0.01) return patient(number, '', '\\u0066amily')
    if (chance < 0.02) return patient(number, ',"unknown":1')
    if (chance < 0.03) return ' '.repeat(random.below(3))
    return patient(number)
  })
}

t.test('lines come out the same however many pieces they are walked in', async (t) => {
  const spec = specOf(CONFIG)
  const whole = new ChunkEngine(spec, 'automatic')
  const interpreter = new ChunkEngine(spec, 'interpreter')
  for (let seed = 0; seed < 3; seed++) {
    const text = `${mixedLines(seed).join('\n')}\n`
    t.ok(text.length > 3 * PIECE, 'there are several pieces')
    const options = { firstRecord: 1000, before: Buffer.from('no line of this chunk\n') }
    const outcome = whole.run(text, options)
    t.ok(outcome.delivered < outcome.lines - outcome.blank && outcome.blank > 0)
    t.equal(difference(interpreter.run(text, options), outcome), undefined, `seed ${seed}`)
  }
  t.ok(whole.interpretedLines < 0.03 * 3 * 6000, 'the walk serves most lines')
})

t.test('a piece ends with its last line, wherever that ends', async (t) => {
  const spec = specOf(CONFIG)
  const whole = new ChunkEngine(spec, 'automatic')
  const line = patient(1)
  const interpreter = new ChunkEngine(spec, 'interpreter')
  for (let shortBy = -2; shortBy <= 2; shortBy++) {
    const filler = patient(
      0,
      `,"gender":"${'x'.repeat(PIECE - shortBy - line.length - patient(0).length - 15)}"`,
    )
    for (const text of [
      `${filler}\n${line}\n${line}\n`,
      `${filler}\n${line}\n${line}`,
      `${line}\n${filler}\n${line}`,
    ])
      t.equal(
        difference(interpreter.run(text), whole.run(text)),
        undefined,
        `${shortBy} bytes short of a piece`,
      )
  }
  t.equal(whole.interpretedLines, 0)
})
