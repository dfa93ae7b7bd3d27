import { gzipSync } from 'node:zlib'
import type { Random } from './random.js'

/** Lines by what has to become of them. */
export interface Counts {
  readonly read: number
  readonly delivered: number
  readonly quarantined: number
  readonly blank: number
}

/** Content of an item; without counts it cannot be read as a whole. */
export interface RandomContent {
  readonly bytes: Uint8Array
  readonly counts?: Counts
}

const patient = (random: Random): string =>
  JSON.stringify({
    resourceType: 'Patient',
    id: `p${random.below(1000)}`,
    name: [{ family: 'CANARYPATIENT' }],
    birthDate: '1970-05-17',
  })
const BAD: readonly (string | Uint8Array)[] = [
  ...[
    '{',
    'null',
    '7',
    '"CANARYPATIENT"',
    '[]',
    '{"resourceType":"CANARYPATIENT"}',
    '{"resourceType":"Patient"}{}',
  ],
  ...[
    '{"resourceType":"Patient","CANARYPATIENT":1}',
    '{"resourceType":"Patient","id":"a","id":"b"}',
    '\u00a0',
  ],
  Buffer.from([0x7b, 0xff, 0x7d]),
]
const BLANK = ['', ' ', '\t', '  \t ']

/** Lines of a random kind each, or one document, packed in a random way. */
export function randomContent(random: Random, isDocument: boolean): RandomContent {
  const { bytes, counts } = isDocument ? document(random) : lines(random)
  if (random.chance(0.6)) return { bytes, counts }
  const cut = random.below(bytes.length + 1)
  const members = random.chance(0.5) ? [bytes] : [bytes.subarray(0, cut), bytes.subarray(cut)]
  const packed = Buffer.concat(members.map((member) => gzipSync(member)))
  const kind = random.below(6)
  // Within the last member: up to the end of one it would be a whole file.
  if (kind === 0) return { bytes: packed.subarray(0, packed.length - random.between(1, 17)) }
  if (kind === 1) return { bytes: Buffer.concat([packed, Buffer.from('trailing garbage')]) }
  return { bytes: packed, counts }
}

function lines(random: Random): Required<RandomContent> {
  const pieces: Uint8Array[] = random.chance(0.1) ? [Buffer.from('\ufeff')] : []
  const counts = { read: 0, delivered: 0, quarantined: 0, blank: 0 }
  const lineEnd = random.pick(['\n', '\n', '\r\n'])
  for (let left = random.below(8); left > 0; left -= 1) {
    const kind = random.pick(['delivered', 'delivered', 'quarantined', 'blank'] as const)
    const line = {
      delivered: () => patient(random),
      quarantined: () => random.pick(BAD),
      blank: () => random.pick(BLANK),
    }
    const text = Buffer.from(line[kind]())
    // Without its line end an empty last line is not a line.
    const end = left === 1 && text.length > 0 && random.chance(0.3) ? '' : lineEnd
    pieces.push(text, Buffer.from(end))
    counts.read += 1
    counts[kind] += 1
  }
  return { bytes: Buffer.concat(pieces), counts }
}

function document(random: Random): Required<RandomContent> {
  const nothing = { read: 0, delivered: 0, quarantined: 0, blank: 0 }
  const kind = random.below(5)
  // Within the last member: up to the end of one it would be a whole file.
  if (kind === 0) return { bytes: Buffer.alloc(0), counts: nothing }
  if (kind === 1) return { bytes: Buffer.from(' \n\t\n'), counts: { ...nothing, read: 1, blank: 1 } }
  if (kind === 2)
    return { bytes: Buffer.from(random.pick(BAD)), counts: { ...nothing, read: 1, quarantined: 1 } }
  const text = random.chance(0.5) ? patient(random) : JSON.stringify(JSON.parse(patient(random)), null, 2)
  return { bytes: Buffer.from(text), counts: { ...nothing, read: 1, delivered: 1 } }
}
