// Holds src/load/entries/window.ts, src/load/entries/recovery.ts, src/load/entries/value-end.ts,
// src/load/entries/resource-head.ts, src/load/entries/bundle-entry.ts, src/json/members.ts.
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { itemUnits } from '../../../src/load/entries/item-units.js'
import { settleLimits } from '../../../src/load/entries/limits.js'
import type { LoadEntry, LoadUnit } from '../../../src/load/unit.js'
import { type Random, seededRandom } from '../../support/random.js'
import { respelled } from '../../support/respell.js'
import { inWords, seen } from './read-units.js'

/** The units of a text that arrives as a file does, read in pieces of a few bytes. */
async function unitsOf(text: string, name: string, pieceBytes: number): Promise<LoadUnit[]> {
  const bytes = Buffer.from(text)
  const open = async (fromByte: number) => ({
    read: async (target: Uint8Array) => {
      const piece = bytes.subarray(fromByte, fromByte + target.length)
      target.set(piece)
      fromByte += piece.length
      return piece.length
    },
    verify: async () => {},
    close: async () => {},
  })
  const units: LoadUnit[] = []
  for await (const unit of itemUnits({ name, open }, settleLimits({ pieceBytes }), { skip: () => false }))
    units.push(unit)
  return units
}

const TYPES = ['batch', 'collection', 'searchset', 'transaction']
const RUNS = 300

/** What a resource may hold: awkward texts, numbers, nesting. */
function someValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 3 ? 4 : 7)
  if (kind === 0) return random.text(12)
  if (kind === 1) return random.pick([0, -1.5, 1e21, 12_345_678, true, false, null])
  if (kind < 4) return random.pick(['entry', 'resource', '{"resource":', ']}', '\\', '"', 'urn:uuid:1'])
  if (kind === 4) return Array.from({ length: random.below(4) }, () => someValue(random, depth + 1))
  const keys = ['entry', 'resource', 'x', 'type', 'request', random.text(5)]
  return Object.fromEntries(
    Array.from({ length: random.below(4) }, () => [random.pick(keys), someValue(random, depth + 1)]),
  )
}

function someBundle(random: Random) {
  const resources = Array.from({ length: random.below(6) }, (_, n) => ({
    resourceType: random.pick(['Patient', 'Observation']),
    id: `r${n}`,
    inner: someValue(random, 0),
  }))
  const bundle = {
    resourceType: 'Bundle',
    type: random.pick(TYPES),
    total: 12,
    link: someValue(random, 0),
    entry: resources.map((resource, n) => ({
      ...(random.chance(0.5) ? { fullUrl: `http://x/${n}` } : {}),
      resource,
      ...(random.chance(0.3) ? { request: { method: 'PUT', url: 'Patient/1' } } : {}),
    })),
  }
  return { bundle, resources }
}

const entriesOf = (unit: LoadUnit): readonly LoadEntry[] => {
  if (unit.kind === 'rejected') return []
  return unit.kind === 'entry' ? [unit.entry] : unit.entries
}

t.test('Bundles in any spelling, cut anywhere, have the entries that JSON.parse sees', async (t) => {
  const random = seededRandom('bundle cursor')
  for (let run = 0; run < RUNS; run += 1) {
    const { bundle, resources } = someBundle(random)
    const text = respelled(random, JSON.stringify(bundle), {
      order: random.chance(0.7),
      spaces: random.chance(0.7),
      escapes: random.chance(0.5),
    })
    const pieceBytes = random.pick([7, 16, 61, 300, 100_000])
    const units = await unitsOf(text, 'x.json', pieceBytes)
    const line = await unitsOf(`${JSON.stringify(bundle)}\n`.repeat(2), 'x.ndjson', pieceBytes)
    const together = units.some(({ kind }) => kind === 'transaction')
    const bytes = Buffer.from(text)
    const found = {
      resources: units.flatMap((unit) => seen(unit).what),
      ordinals: units.flatMap((unit) => seen(unit).ordinals),
      places: units.flatMap(entriesOf).map(({ offset }) => String.fromCharCode(bytes[offset] ?? 0)),
      inLines: line.flatMap((unit) => seen(unit).what),
      together,
    }
    const expected = {
      resources,
      ordinals: resources.map((_, n) => n),
      places: resources.map(() => '{'),
      inLines: [...resources, ...resources],
      together: bundle.type === 'transaction' && resources.length > 0,
    }
    if (isDeepStrictEqual(found, expected)) continue
    t.comment(`${pieceBytes} bytes: ${text}`)
    t.strictSame(found, expected)
    return
  }
  t.pass(`${RUNS} Bundles`)
})

t.test('damage anywhere is found alike, however the bytes arrive', async (t) => {
  const random = seededRandom('damage')
  for (let run = 0; run < RUNS; run += 1) {
    const text = JSON.stringify(someBundle(random).bundle)
    const at = random.below(text.length)
    const extra = random.pick(['"', '{', '}', ']', '[', ',', ':', 'x', '\n', '\\'])
    const damaged = random.pick([
      text.slice(0, at),
      `${text.slice(0, at)}${text.slice(at + 1)}`,
      `${text.slice(0, at)}${extra}${text.slice(at)}`,
    ])
    const whole = (await unitsOf(damaged, 'x.json', 100_000)).map(inWords)
    const inPieces = (await unitsOf(damaged, 'x.json', random.pick([9, 23, 64]))).map(inWords)
    const isSeen = damaged === '' || isJson(damaged) || whole.some((word) => word.startsWith('rejected'))
    if (isDeepStrictEqual(inPieces, whole) && isSeen) continue
    t.comment(damaged)
    t.strictSame(inPieces, whole)
    t.ok(isSeen, 'damage is reported')
    return
  }
  t.pass(`${RUNS} Bundles`)
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
