// Holds src/anonymizer/walk/walk-memory.ts.
import t from 'tap'
import { WalkMap } from '../../src/anonymizer/walk/walk-memory.js'
import { elementTree } from '../../src/fhir/elements.js'
import { FHIR_VERSIONS } from '../../src/fhir/version.js'
import { ChunkEngine, difference } from '../support/chunk-engine.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { acceptedSpec, randomLine } from '../support/random-chunk.js'
import { randomConfig } from '../support/random-config.js'
import { shrunkLine } from '../support/shrink.js'
import { WALK_LINE, walkSpec } from '../support/walk-line.js'

/** How far reads may run past the source, by `assembly/scan.ts`. */
const READ_AHEAD_BYTES = 64
/** How far writes may run past what the output needs, by INVARIANT room of `assembly/line.ts`. */
const SLACK_BYTES = 8192
/** What would pass for the end of a string, an object, an array, a line, or for more of a number or an id. */
const POISONS = [0x00, 0x0a, 0x20, 0x22, 0x2c, 0x30, 0x5c, 0x5d, 0x7d, 0xff]

const LINES_PER_CONFIG = 40

interface Windows {
  readonly map: WalkMap
  readonly poison: number
  readonly to: number
  readonly out: number
  /** The size of the memory when it was poisoned; pages that are added later hold zeros. */
  readonly end: number
}

/** Fills everything that belongs to nothing with a byte before each call of the module. */
class Poison {
  byte = 0
  /** Of the last call. */
  windows: Windows | undefined
  readonly #recordsEnd = new WeakMap<WalkMap, number>()
  readonly #filled = new WeakMap<WalkMap, number>()
  readonly #load = WalkMap.prototype.load
  readonly #allocate = WalkMap.prototype.allocate

  constructor() {
    const poison = this
    WalkMap.prototype.allocate = function (this: WalkMap, byteCount: number) {
      const at = poison.#allocate.call(this, byteCount)
      if (at === 0) return 0
      this.bytes.fill(0, at, at + byteCount)
      poison.#recordsEnd.set(this, at + byteCount)
      return at
    }
    WalkMap.prototype.load = function (this: WalkMap, ...lines: Parameters<WalkMap['load']>) {
      const loaded = poison.#load.apply(this, lines)
      poison.#fill(this, loaded)
      return loaded
    }
  }

  restore(): void {
    WalkMap.prototype.load = this.#load
    WalkMap.prototype.allocate = this.#allocate
  }

  #fill(map: WalkMap, { to, out }: { readonly to: number; readonly out: number }): void {
    const { bytes } = map
    const poison = this.byte
    bytes.fill(poison, to + READ_AHEAD_BYTES)
    // The free records are many megabytes, and only the host writes there.
    if (this.#filled.get(map) !== poison) bytes.fill(poison, this.#recordsEnd.get(map), map.cacheAt)
    this.#filled.set(map, poison)
    this.windows = { map, poison, to, out, end: bytes.length }
  }

  /**
   * Where the last call has changed what it must not; undefined for nowhere. `outputBytes` is the most that it had in its
   * output.
   */
  damage(outputBytes: number, sourceBytes: number): string | undefined {
    const { windows } = this
    if (windows === undefined) return 'the walk was not called'
    const { map, to, out, end } = windows
    const behindOutput = out + Math.max(outputBytes, sourceBytes) + SLACK_BYTES
    return (
      this.#changed('between the windows', to + READ_AHEAD_BYTES, out) ??
      this.#changed('behind the output', behindOutput, end) ??
      this.#changed('among the free records', this.#recordsEnd.get(map) ?? 0, map.cacheAt)
    )
  }

  #changed(where: string, from: number, to: number): string | undefined {
    const { map, poison } = this.windows ?? {}
    if (map === undefined || poison === undefined) return undefined
    for (let at = from; at < to; at += PIECE.length) {
      const piece = map.bytes.subarray(at, Math.min(to, at + PIECE.length))
      if (!piece.equals(WHOLE_PIECES[poison]?.subarray(0, piece.length) ?? PIECE))
        return `${where}, ${at + piece.findIndex((byte) => byte !== poison) - from} bytes from its start`
    }
    return undefined
  }
}

const PIECE = Buffer.alloc(2 ** 16)
const WHOLE_PIECES = Object.fromEntries(POISONS.map((byte) => [byte, Buffer.alloc(PIECE.length, byte)]))

t.test('the walk neither reads nor writes outside of its windows', async (t) => {
  const random = seededRandom('poison')
  const poison = new Poison()
  t.teardown(() => poison.restore())
  const tally: Tally = { configs: 0, lines: 0, walked: 0 }
  const wrong: string[] = []
  const end = Date.now() + fuzzSeconds(3) * 1000
  while (Date.now() < end && wrong.length < 5) {
    const finding = oneConfig(random, poison, tally)
    if (finding !== undefined) wrong.push(finding)
  }
  console.log(`# fuzz: poison: ${JSON.stringify(tally)}`)
  for (const finding of wrong) console.log(`# wrong: ${finding}`)
  t.ok(tally.walked > tally.lines / 10, 'the walk served lines')
  t.equal(wrong.length, 0, `SLUICE_SEED=${random.seed} repeats it`)
})

t.test('poison is noticed', async (t) => {
  const poison = new Poison()
  t.teardown(() => poison.restore())
  const engine = new ChunkEngine(walkSpec(), 'automatic')
  const { latin1 } = engine.run(WALK_LINE)
  t.equal(poison.damage(latin1.length, WALK_LINE.length), undefined)
  const { windows } = poison
  if (windows === undefined) throw new Error('the walk was not called')
  const { map, to, out, end } = windows
  for (const at of [
    to + READ_AHEAD_BYTES,
    out - 1,
    out + latin1.length + 2 * SLACK_BYTES,
    end - 1,
    map.cacheAt - 1,
  ]) {
    map.bytes[at] = 1
    t.type(poison.damage(latin1.length, WALK_LINE.length), 'string')
    map.bytes[at] = 0
  }
})

interface Tally {
  configs: number
  lines: number
  walked: number
}

function oneConfig(random: Random, poison: Poison, tally: Tally): string | undefined {
  const tree = elementTree(random.pick(FHIR_VERSIONS))
  const types = random.shuffled([...tree.resources.keys()]).slice(0, 2)
  types[0] = random.pick(['Patient', 'Observation', 'Bundle', 'Claim'])
  const config = randomConfig(random, tree, { types, kind: random.pick(['plain', 'any']) })
  const spec = acceptedSpec(config)
  if (spec === undefined) return undefined
  tally.configs++
  const interpreter = new ChunkEngine(spec, 'interpreter')
  const automatic = new ChunkEngine(spec, 'automatic')
  const problem = (line: Buffer, document: boolean): string | undefined => {
    const expected = interpreter.run(line, { document })
    poison.byte = random.pick(POISONS)
    poison.windows = undefined
    const leftBefore = automatic.interpretedLines
    const found = automatic.run(line, { document })
    const wrong = difference(expected, found)
    if (wrong !== undefined) return `poison ${poison.byte}: ${wrong}`
    // Lines that are no UTF-8 are not given to the walk.
    if (poison.windows === undefined) return undefined
    // Nobody knows how much was written of lines that were then left.
    const isWalked = automatic.interpretedLines === leftBefore
    return poison.damage(isWalked ? found.latin1.length : Number.POSITIVE_INFINITY, line.length)
  }
  for (let k = 0; k < LINES_PER_CONFIG; k++) {
    const line = random.chance(0.1) ? Buffer.from(WALK_LINE) : randomLine(random, tree, types)
    const document = random.chance(0.3)
    const what = problem(line, document)
    tally.lines++
    if (what === undefined) continue
    const small = shrunkLine(line, (other) => problem(other, document) !== undefined)
    return [what, JSON.stringify(config), JSON.stringify(small.toString('latin1').slice(0, 3000))].join(
      '\n#   ',
    )
  }
  tally.walked += LINES_PER_CONFIG - automatic.interpretedLines
  return undefined
}
