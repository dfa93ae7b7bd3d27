import t from 'tap'
import { DocumentScanner, Malformed } from '../../../src/pipeline/bundle/document-scanner.js'
import { seededRandom } from '../../support/random.js'

/** Scans the text in pieces of at most `pieceBytes` and puts the shell and the entries together. */
function scanned(text: string, pieceBytes: number) {
  const shell: Buffer[] = []
  const entries: { text: string; start: number; end: number }[] = []
  let entry: Buffer[] = []
  const visitor = {
    onShell: (bytes: Uint8Array) => void shell.push(Buffer.from(bytes)),
    onEntryBytes: (bytes: Uint8Array) => void entry.push(Buffer.from(bytes)),
    onEntryEnd(start: number, end: number) {
      entries.push({ text: Buffer.concat(entry).toString(), start, end })
      entry = []
    },
  }
  const scanner = new DocumentScanner(visitor, 0)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) scanner.scan(bytes.subarray(at, at + pieceBytes))
  scanner.finish()
  return { shell: Buffer.concat(shell).toString(), entries }
}

const VALUES = [
  '"a"',
  '"\\"]}{\\\\"',
  '"é東😀"',
  '0',
  '-1.5e+3',
  'true',
  'null',
  '[]',
  '{}',
  '[{"entry":[{}]},"]"]',
  '{"entry":"}"}',
]
const ENTRIES = ['{}', '{"resource":{"id":"a\\"}"}}', '{"a":[{"entry":[1]}]}', '{ "a" : "[" }']

t.test(
  'the shell and the entries of a document are those that JSON.parse finds, wherever it is cut',
  async (t) => {
    const random = seededRandom('document scanner')
    for (let round = 0; round < 400; round += 1) {
      const space = (): string => random.pick(['', ' ', '\n', '\r\n\t'])
      const entries = Array.from({ length: random.below(5) }, () => random.pick(ENTRIES))
      const members = Array.from(
        { length: random.below(4) },
        (_, at) => [JSON.stringify(`m${at}"}]`), random.pick(VALUES)] as const,
      )
      const all = members.map(([key, value]) => `${key}${space()}:${space()}${value}`)
      if (random.chance(0.8))
        all.splice(
          random.below(all.length + 1),
          0,
          `${random.pick(['"entry"', '"\\u0065ntry"'])}:${space()}[${space()}${entries.join(`${space()},${space()}`)}${space()}]`,
        )
      else entries.length = 0
      const text = `${space()}{${space()}${all.join(`${space()},${space()}`)}${space()}}${space()}`
      const found = scanned(text, random.between(1, 20))
      const where = `SLUICE_SEED=${random.seed}, round ${round}`
      const { shell } = found
      const rest = JSON.parse(text)
      delete rest.entry
      if (!t.strictSame(JSON.parse(shell), rest, `shell, ${where}`)) return
      if (
        !t.strictSame(
          found.entries.map((entry) => entry.text),
          entries,
          `entries, ${where}`,
        )
      )
        return
      const bytes = Buffer.from(text)
      for (const entry of found.entries)
        if (bytes.toString('utf8', entry.start, entry.end) !== entry.text) return t.fail(`offsets, ${where}`)
    }
  },
)

const MALFORMED: readonly (readonly [text: string, code: Malformed['code'], offset: number])[] = [
  ['', 'INVALID_JSON', 0],
  ['[]', 'INVALID_JSON', 0],
  ['{"a":1', 'INVALID_JSON', 6],
  ['{"a":1,}', 'INVALID_JSON', 7],
  ['{"a" 1}', 'INVALID_JSON', 5],
  ['{"entry":[{},]}', 'INVALID_JSON', 13],
  ['{"entry":[1]}', 'INVALID_JSON', 10],
  ['{"entry":[],"entry":[]}', 'DUPLICATE_KEY', 20],
  ['{} {}', 'INVALID_JSON', 3],
]

for (const [text, code, offset] of MALFORMED)
  t.test(`${text} is ${code} at byte ${offset}`, async (t) => {
    for (const pieceBytes of [1, 3, 100])
      try {
        scanned(text, pieceBytes)
        t.fail('nothing was thrown')
      } catch (error) {
        if (!(error instanceof Malformed)) throw error
        t.match(error, { code, offset })
      }
  })
