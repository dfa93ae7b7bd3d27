// Holds src/workers/anonymize-lines.ts, src/workers/rejections.ts.
import t from 'tap'
import { createLineAnonymizer } from '../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../src/anonymizer/output.js'
import { anonymizeLines } from '../../src/workers/anonymize-lines.js'
import { type LinesTask, REJECTION_FIELDS } from '../../src/workers/protocol.js'
import { RejectionList, rejectedLine } from '../../src/workers/rejections.js'
import { specOf } from '../support/spec-of.js'

const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Patient.name', method: 'redact' },
    { path: 'Resource', method: 'keep' },
  ],
}
const NAMED = '{"resourceType":"Patient","id":"a","name":[{"family":"Canary"}]}'
const CLEAN =
  '{"resourceType":"Patient","id":"a","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"}]}}'

async function anonymized(text: string | Buffer, overrides: Partial<LinesTask> = {}) {
  const anonymizer = await createLineAnonymizer(specOf(CONFIG))
  const before = Buffer.from('{"resourceType":"Patient","id":"not of this task"}\n')
  const bytes = Buffer.concat([before, Buffer.from(text)])
  const slab = new SharedArrayBuffer(bytes.length + 100)
  Buffer.from(slab).set(bytes)
  const task: LinesTask = {
    kind: 'lines',
    slab,
    claim: new SharedArrayBuffer(4),
    start: before.length,
    end: bytes.length,
    roomBytes: bytes.length + 100 - before.length,
    item: 'x.ndjson',
    firstRecord: 0,
    dateShiftPrefix: '',
    baseOffset: 0,
    document: false,
    maxLineBytes: 1000,
    keepContent: false,
    ...overrides,
  }
  const out = new Output(16)
  const { rejected, content, ...counts } = anonymizeLines(anonymizer, task, out)
  const { rows, reasons } = rejected.result()
  const rejections = Array.from({ length: rows.length / REJECTION_FIELDS }, (_, at) => {
    const [offset, length, line, reason] = rows.subarray(at * REJECTION_FIELDS)
    return { offset, length, line, code: reasons[reason ?? 0]?.code }
  })
  const output = Buffer.from(out.bytes.subarray(0, out.length)).toString()
  return { output, counts, rejections, content: content && Buffer.from(content).toString() }
}

t.test('lines end with LF or CR LF, the last one with nothing; each is written with LF', async (t) => {
  for (const text of [
    `${NAMED}\n${NAMED}\n`,
    `${NAMED}\r\n${NAMED}\r\n`,
    `${NAMED}\n${NAMED}`,
    `${NAMED}\r\n${NAMED}\r`,
  ]) {
    const { output, counts } = await anonymized(text)
    t.equal(output, `${CLEAN}\n${CLEAN}\n`, JSON.stringify(text.slice(60)))
    t.match(counts, {
      lines: 2,
      delivered: 2,
      blank: 0,
      resourcesByType: { Patient: 2 },
      elementsByRule: { 1: 2 },
    })
  }
})

t.test('blank lines are counted and not written', async (t) => {
  const { output, counts, rejections } = await anonymized(`\n \t\r\n${NAMED}\n\r\n`)
  t.equal(output, `${CLEAN}\n`)
  t.match(counts, { lines: 4, delivered: 1, blank: 3 })
  t.strictSame(rejections, [])
})

t.test(
  'a rejected line leaves nothing, its place is told from the start of the chunk, its neighbours survive',
  async (t) => {
    const long = `{"resourceType":"Patient","id":"${'x'.repeat(1000)}"}`
    const text = `${NAMED}\nno JSON\r\n${long}\n\0\n${NAMED}\n`
    const { output, counts, rejections, content } = await anonymized(text, { keepContent: true })
    t.equal(output, `${CLEAN}\n${CLEAN}\n`)
    t.match(counts, { lines: 5, delivered: 2, blank: 0 })
    const first = NAMED.length + 1
    t.strictSame(rejections, [
      { offset: first, length: 7, line: 1, code: 'INVALID_JSON' },
      { offset: first + 9, length: long.length, line: 2, code: 'LINE_TOO_LONG' },
      { offset: first + 9 + long.length + 1, length: 1, line: 3, code: 'INVALID_JSON' },
    ])
    t.equal(content, 'no JSON\0', 'the content of a line that is too long is not kept')
  },
)

t.test('a document is one line, whatever newlines it holds', async (t) => {
  const text = `{\n"resourceType": "Patient",\r\n"id": "a", "name": [{"family": "Canary"}]\n}\n`
  const { output, counts } = await anonymized(text, { document: true })
  t.equal(output, `${CLEAN}\n`)
  t.match(counts, { lines: 1, delivered: 1 })
  t.match((await anonymized(text)).counts, { delivered: 0 }, 'read as lines, nothing of it is a resource')
})

t.test('counts are those of the task, not of the worker', async (t) => {
  const anonymizer = await createLineAnonymizer(specOf(CONFIG))
  const task = (text: string): LinesTask => {
    const slab = new SharedArrayBuffer(text.length)
    Buffer.from(slab).set(Buffer.from(text))
    const claim = new SharedArrayBuffer(4)
    const rest = { item: 'x', firstRecord: 0, dateShiftPrefix: '', baseOffset: 0, document: false }
    const limits = { maxLineBytes: 1000, keepContent: false }
    return {
      kind: 'lines',
      slab,
      claim,
      start: 0,
      end: text.length,
      roomBytes: text.length,
      ...rest,
      ...limits,
    }
  }
  anonymizeLines(anonymizer, task(`${NAMED}\n${NAMED}\n`), new Output(16))
  const { resourcesByType, elementsByRule } = anonymizeLines(anonymizer, task(NAMED), new Output(16))
  t.strictSame({ ...resourcesByType, ...elementsByRule }, { Patient: 1, 1: 1 })
})

t.test('a list of rejections grows and names each reason once', async (t) => {
  const list = new RejectionList()
  const reasons = [
    { code: 'INVALID_JSON', message: 'one' },
    { code: 'INVALID_JSON', message: 'two' },
  ] as const
  for (let line = 0; line < 1000; line += 1)
    list.add([line * 10, 9, line], reasons[line % 2 === 0 ? 0 : 1], 3)
  const { rows, reasons: named } = list.result()
  t.equal(list.count, 1000)
  t.strictSame(named, reasons)
  t.strictSame([...rows.subarray(-REJECTION_FIELDS)], [9990, 9, 999, 1, 3])
})

t.test('a line longer than 4 GiB is rejected with the largest length that fits', async (t) => {
  const { lines, rejected } = rejectedLine({ code: 'LINE_TOO_LONG', message: '' }, { lengthBytes: 2 ** 33 })
  t.equal(lines, 1)
  t.equal(rejected.rows[1], 2 ** 32 - 1)
})
