// Holds src/pipeline/item.ts, src/pipeline/resumption.ts and src/pipeline/report/quarantine.ts: ranges of items.
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import type { ItemWork } from '../../src/pipeline/item-list.js'
import { addCounts, NO_COUNTS } from '../../src/pipeline/report/item-counts.js'
import { memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import type { Source, SourceItem } from '../../src/storage/store.js'
import { type Random, seededRandom } from '../support/random.js'
import { type RangeTrial, rangeRunner } from '../support/range-run.js'
import { WALK_LINE } from '../support/walk-line.js'

const SECONDS = Number(process.env.SLUICE_FUZZ_SECONDS ?? 5)
const MARK = '\uFEFF'

const runner = rangeRunner()
t.teardown(() => runner.close())

async function sourceOf(bytes: Uint8Array | string, name = 'a.ndjson') {
  const content = new MemoryContent('in')
  content.write(name, bytes)
  const source = memorySource(content)
  const item = await source.head(name)
  if (item === undefined) throw new Error('the source is empty')
  return { content, source, item }
}

const workOf = (item: SourceItem, range?: ItemWork['range']): ItemWork => ({
  item,
  output: range === undefined ? 'whole.ndjson' : `part-${range.from}.ndjson`,
  fingerprint: `f-${range?.from}`,
  place: 'in',
  run: 'r',
  ...(range === undefined ? {} : { range }),
})

const rangesOf = (bytes: number, rangeBytes: number) =>
  // One more than there are: it lies beyond the item.
  Array.from({ length: Math.ceil(bytes / rangeBytes) + 1 }, (_, at) => ({
    from: at * rangeBytes,
    until: (at + 1) * rangeBytes,
  }))

function randomLine(random: Random): string {
  const kind = random.below(12)
  if (kind === 0) return ''
  if (kind === 1) return random.pick([' \t', '\r', '{', 'é', MARK])
  if (kind === 2) return `{"resourceType":"Patient","nosuch":${random.below(9)}}`
  if (kind === 3)
    return `{"resourceType":"Patient","id":"${'y'.repeat(random.pick([3_000, 9_000, 70_000, 140_000]))}"}`
  if (kind === 4) return 'x'.repeat(random.below(6_000))
  if (kind < 7) return WALK_LINE
  return `{"resourceType":"Patient","multipleBirthInteger":${random.below(9)},"telecom":[{"value":"t${random.below(9)}"}]}`
}

function randomText(random: Random): string {
  const lines = Array.from({ length: random.below(30) }, () => randomLine(random))
  const ending = random.pick(['\n', '\r\n'])
  return (
    (random.chance(0.3) ? MARK : '') +
    lines.join(ending) +
    (random.chance(0.6) ? ending : '') +
    (random.chance(0.1) ? '\r' : '')
  )
}

t.test('ranges of an item make what the undivided item makes, also when they are killed', async (t) => {
  const random = seededRandom('ranges')
  const until = Date.now() + SECONDS * 1000
  let [resumed, trials, empty, rejected] = [0, 0, 0, 0]
  for (; trials < 10 || Date.now() < until; trials += 1) {
    const { source, item } = await sourceOf(randomText(random))
    const trial: RangeTrial = {
      source,
      chunkBytes: random.pick([1, 7, 64, 512, 4096]),
      maxLineBytes: random.pick([500, 2_000, 100_000, 200_000]),
      quarantineContent: random.chance(0.5),
      gzip: random.chance(0.2),
    }
    const smallest = Math.max(1, Math.ceil(item.bytes / 40 / trial.chunkBytes))
    const rangeBytes = trial.chunkBytes * random.between(smallest, smallest * 20)
    const whole = await runner.anonymize(workOf(item), {
      ...trial,
      chunkBytes: random.pick([100, 4096]),
    })
    const outputs: Buffer[] = []
    let quarantine = ''
    let counts = NO_COUNTS
    for (const range of rangesOf(item.bytes, rangeBytes)) {
      const crashes = random.chance(0.5) ? [random.between(1, 12), random.between(1, 20)] : []
      const one = await runner.anonymize(workOf(item, range), trial, crashes)
      const bytes = trial.gzip ? gunzipSync(one.bytes) : one.bytes
      outputs.push(bytes)
      quarantine += await one.quarantine(counts.lines)
      counts = addCounts(counts, one.records[0]?.totals ?? NO_COUNTS)
      resumed += one.resumed
      if (bytes.length === 0) empty += 1
      const read = one.progress.map(({ bytesRead }) => bytesRead)
      t.strictSame(
        read,
        read.toSorted((a, b) => a - b),
        'progress never goes back',
      )
      const rangeEnd = Math.min(range.until, item.bytes)
      t.equal(read.at(-1), Math.max(0, rangeEnd - range.from), 'progress ends at the end of the range')
    }
    rejected += counts.quarantined
    const wholeBytes = trial.gzip ? gunzipSync(whole.bytes) : whole.bytes
    const isSame =
      t.ok(Buffer.concat(outputs).equals(wholeBytes), 'the same bytes') &&
      t.equal(quarantine, await whole.quarantine(0), 'the same quarantine') &&
      t.strictSame(counts, whole.records[0]?.totals, 'the same counts')
    if (!isSame) {
      t.comment(JSON.stringify({ trial: { ...trial, source: undefined }, rangeBytes, bytes: item.bytes }))
      return
    }
  }
  t.comment(`${trials} trials, ${resumed} resumed, ${empty} empty ranges, ${rejected} lines rejected`)
  t.ok(resumed > 0 && empty > 0 && rejected > 0, 'the trials meet what they are for')
})

t.test('a source without a line break is not read to its end by every range', async (t) => {
  const { source, item } = await sourceOf('x'.repeat(2 ** 20))
  let bytesRead = 0
  const counted: Source = {
    ...source,
    async open(opened, fromByte) {
      const reader = await source.open(opened, fromByte)
      return {
        async read(target) {
          const bytes = await reader.read(target)
          bytesRead += bytes
          return bytes
        },
        verify: () => reader.verify(),
        close: () => reader.close(),
      }
    },
  }
  const trial = { source: counted, chunkBytes: 4096, maxLineBytes: 1000 }
  const one = await runner.anonymize(workOf(item, { from: 4096, until: 8192 }), trial)
  t.match(one, {
    bytes: Buffer.alloc(0),
    failed: [],
    records: [{ head: { bytes: 0 }, totals: { lines: 0 } }],
  })
  t.ok(bytesRead < 2 ** 18, `${bytesRead} bytes read`)
})

t.test('a compressed item under a plain name cannot be read in ranges, and says so', async (t) => {
  const { source, item } = await sourceOf(gzipSync(`${WALK_LINE}\n`.repeat(300)))
  const trial = { source, chunkBytes: 64, maxLineBytes: 100_000 }
  for (const from of [0, 64, 128]) {
    const { failed, records } = await runner.anonymize(workOf(item, { from, until: from + 64 }), trial)
    t.strictSame(records, [])
    t.match(failed, [{ item: 'a.ndjson', code: 'SOURCE_UNUSABLE', message: /gzip under another name/ }])
  }
  t.match(await runner.anonymize(workOf(item), trial), {
    failed: [],
    records: [{ totals: { lines: 300 } }],
  })
})

t.test('an item that changes while one of its ranges is read fails', async (t) => {
  const { content, source, item } = await sourceOf(`${WALK_LINE}\n`.repeat(50))
  const changing: Source = {
    ...source,
    async open(opened, fromByte) {
      const reader = await source.open(opened, fromByte)
      return {
        read: (target) => reader.read(target),
        // All bytes of the range were read by then.
        async verify() {
          content.write(item.name, 'other')
          await reader.verify()
        },
        close: () => reader.close(),
      }
    },
  }
  const trial = { source: changing, chunkBytes: 4096, maxLineBytes: 100_000 }
  const { failed, records } = await runner.anonymize(workOf(item, { from: 4096, until: 8192 }), trial)
  t.strictSame(records, [])
  t.match(failed, [{ code: 'SOURCE_CHANGED' }])
})

t.test('what a source promised of an item is not asked of its ranges', async (t) => {
  const { source, item } = await sourceOf(`${WALK_LINE}\n`.repeat(50))
  const promising = { ...item, promised: { lineCount: 50, resourceType: 'Patient' } }
  const trial = { source, chunkBytes: 1024, maxLineBytes: 100_000 }
  const { failed } = await runner.anonymize(workOf(promising, { from: 1024, until: 2048 }), trial)
  t.strictSame(failed, [])
})
