// Holds src/load/entries/document-units.ts. SLUICE_LOAD_MEGABYTES=2000 makes the Bundle as large.
import t from 'tap'
import { itemUnits } from '../../../src/load/entries/item-units.js'
import { settleLimits } from '../../../src/load/entries/limits.js'

const MEGABYTES = Number(process.env.SLUICE_LOAD_MEGABYTES ?? 300)
const ENTRY_BYTES = 1000
const COUNT = MEGABYTES * 1000
const BROKEN = Math.floor(COUNT / 2)
const HEAD = '{"resourceType":"Bundle","type":"collection","entry":[\n'
const TAIL = ']}\n'

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Entry `n`, which refers to the one after it; with its comma as long as every other. */
function entryText(n: number): string {
  const resource = `{"resourceType":"Observation","id":"${uuid(n)}","hasMember":[{"reference":"urn:uuid:${uuid(n + 1)}"}],"note":"`
  const start = `{"fullUrl":"urn:uuid:${uuid(n)}","resource":${resource}`
  // A text without its quote, so that what follows looks like a string.
  const end = n === BROKEN ? '  }}' : n === COUNT - 1 ? '"}} ' : '"}},'
  const filled = start.padEnd(ENTRY_BYTES - end.length - (n === BROKEN ? 1 : 0), 'x')
  return filled + end + (n === BROKEN ? ',' : '')
}

/** The bytes of the Bundle from an offset, made when they are read. */
function opened(fromByte: number) {
  let at = fromByte
  const length = HEAD.length + COUNT * ENTRY_BYTES + TAIL.length
  const pieceAt = (offset: number): Buffer => {
    if (offset < HEAD.length) return Buffer.from(HEAD.slice(offset))
    const n = Math.floor((offset - HEAD.length) / ENTRY_BYTES)
    const skipped = (offset - HEAD.length) % ENTRY_BYTES
    return Buffer.from((n < COUNT ? entryText(n) : TAIL).slice(skipped))
  }
  return {
    async read(target: Uint8Array): Promise<number> {
      let filled = 0
      while (filled < target.length && at < length) {
        const piece = pieceAt(at).subarray(0, target.length - filled)
        target.set(piece, filled)
        filled += piece.length
        at += piece.length
      }
      return filled
    },
    verify: async () => {},
    close: async () => {},
  }
}

t.test(`a Bundle of ${MEGABYTES} MB with one broken entry gives all others, in flat memory`, async (t) => {
  t.equal(Buffer.byteLength(entryText(7)), ENTRY_BYTES)
  t.equal(Buffer.byteLength(entryText(BROKEN)), ENTRY_BYTES)
  const item = { name: 'x.json', open: async (fromByte: number) => opened(fromByte) }
  const before = process.memoryUsage.rss()
  let most = 0
  let count = 0
  let wrong = 0
  const rejected: string[] = []
  for await (const unit of itemUnits(item, settleLimits({}), { skip: (ordinal) => ordinal % 1000 === 1 })) {
    if (unit.kind === 'rejected') rejected.push(`${unit.ordinal} ${unit.code} ${unit.lengthBytes}`)
    if (unit.kind !== 'entry') continue
    count += 1
    const { ordinal, resource } = unit.entry
    const isKnown = ordinal + 1 !== BROKEN && ordinal + 1 !== COUNT
    const expected = isKnown ? `Observation/${uuid(ordinal + 1)}` : `urn:uuid:${uuid(ordinal + 1)}`
    if (!resource.includes(`"reference":"${expected}"`)) wrong += 1
    if (count % 10_000 === 0) most = Math.max(most, process.memoryUsage.rss())
  }
  t.strictSame(rejected, [`${BROKEN} INVALID_JSON ${ENTRY_BYTES}`])
  t.equal(count, COUNT - 1 - COUNT / 1000, 'all but the broken one and those that were skipped')
  t.equal(wrong, 0)
  const grown = Math.round((most - before) / 2 ** 20)
  t.ok(grown < 250, `${grown} MiB more`)
})
