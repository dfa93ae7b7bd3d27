// Holds src/anonymizer/walk/record-writer.ts.
import t from 'tap'
import { newCounts } from '../../../src/anonymizer/counts.js'
import { Output } from '../../../src/anonymizer/output.js'
import { compileProgram } from '../../../src/anonymizer/program.js'
import { Walk } from '../../../src/anonymizer/walk/walk.js'
import { KEYS } from '../../support/rules.js'
import { specOf } from '../../support/spec-of.js'

const PATIENT =
  '{"resourceType":"Patient","id":"p1","name":[{"family":"Nowak"}],"contact":[{"name":{"given":["Ewa"]}}]}\n'
const OBSERVATION =
  '{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"s","code":"c"}]}}\n'
const LINES = Buffer.from([PATIENT, OBSERVATION, PATIENT, OBSERVATION].join(''))

function walkWith(tableBytes: number, firstTableBytes?: number): Walk {
  const rules = [
    { path: 'Patient.name', method: 'redact' },
    { path: 'Resource.id', method: 'cryptoHash' },
  ]
  const spec = specOf({ fhirVersion: 'R4', fhirPathRules: rules, parameters: KEYS })
  return new Walk(compileProgram(spec, new Map()), tableBytes, firstTableBytes)
}

/** Returns the output, and where the lines began that were left. */
function run(walk: Walk) {
  const out = new Output()
  const counts = newCounts(2)
  const left: number[] = []
  const context = { item: '', record: 0, baseOffset: 0, dateShiftPrefix: '' }
  const task = { source: LINES, start: 0, end: LINES.length, isDocument: false, maxLineBytes: 1e6, context }
  walk.run(task, out, counts, (start) => left.push(start))
  return { output: out.bytes.toString('utf8', 0, out.length), left, types: [...counts.resourcesByType] }
}

t.test(
  'what has no room for its tables is left to the interpreter, at whatever table the room ends',
  async (t) => {
    const whole = run(walkWith(2 ** 22))
    t.same(whole.left, [])
    t.same(whole.types, [
      ['Patient', 2],
      ['Observation', 2],
    ])
    const wholeLines = whole.output.split('\n').slice(0, -1)
    const seen = new Set<number>()
    for (let tableBytes = 0; tableBytes < 2 ** 15; tableBytes += 509) {
      const { output, left } = run(walkWith(tableBytes))
      seen.add(left.length)
      const lines = output.split('\n').slice(0, -1)
      t.equal(lines.length + left.length, 4, `${tableBytes} bytes`)
      t.ok(
        lines.every((line) => wholeLines.includes(line)),
        'what is served is served in full',
      )
    }
    t.ok(seen.has(4) && seen.has(0) && seen.size > 2, 'the room ended before, between and after the types')
  },
)

t.test('a program that needs more room than it has at first gets it after the call', async (t) => {
  const walk = walkWith(2 ** 22, 0)
  t.equal(run(walk).left.length, 4)
  t.same(run(walk).left, [])
  t.same(run(walkWith(2 ** 12, 0)).left.length, 4)
})
