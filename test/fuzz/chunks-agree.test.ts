import t from 'tap'
import type { AnonymizerSpec } from '../../src/anonymizer/spec.js'
import { type ElementTree, elementTree } from '../../src/fhir/elements.js'
import { FHIR_VERSIONS } from '../../src/fhir/version.js'
import { ChunkEngine, type ChunkOutcome, difference, joined } from '../support/chunk-engine.js'
import { elementAt } from '../support/elements.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { acceptedSpec, randomLine } from '../support/random-chunk.js'
import { randomConfig } from '../support/random-config.js'
import { shrunkLine, shrunkList } from '../support/shrink.js'

const CHUNKS_PER_CONFIG = 6

interface Tally {
  configs: number
  chunks: number
  lines: number
  delivered: number
  interpreted: number
}

t.test('a chunk comes out the same from both engines, whole or cut between any two lines', async (t) => {
  const random = seededRandom('chunks agree')
  const tally: Tally = { configs: 0, chunks: 0, lines: 0, delivered: 0, interpreted: 0 }
  const wrong: string[] = []
  const end = Date.now() + fuzzSeconds(4) * 1000
  while (Date.now() < end && wrong.length < 5) wrong.push(...oneConfig(random, tally))
  console.log(`# fuzz: chunks agree: ${JSON.stringify(tally)}`)
  for (const finding of wrong) console.log(`# wrong: ${finding}`)
  t.ok(tally.delivered > 0 && tally.delivered < tally.lines, 'lines of every kind were tried')
  t.equal(wrong.length, 0, `SLUICE_SEED=${random.seed} repeats it`)
})

function oneConfig(random: Random, tally: Tally): string[] {
  const tree = elementTree(random.pick(FHIR_VERSIONS))
  const types = random.shuffled([...tree.resources.keys()]).slice(0, 3)
  if (random.chance(0.7)) types[0] = random.pick(['Patient', 'Observation', 'Bundle', 'Claim'])
  const config = randomConfig(random, tree, { types, kind: random.pick(['plain', 'plain', 'plain', 'any']) })
  const spec = acceptedSpec(config)
  if (spec === undefined) return []
  tally.configs++
  const interpreter = new ChunkEngine(spec, 'interpreter')
  const automatic = new ChunkEngine(spec, 'automatic')
  for (let k = 0; k < CHUNKS_PER_CONFIG; k++) {
    const lines = randomLines(random, tree, types)
    const expected = interpreter.run(textOf(lines))
    tally.chunks++
    tally.lines += expected.lines
    tally.delivered += expected.delivered
    const what = whatDiffers(random, { expected, lines, spec, automatic })
    if (what !== undefined) return [`${what}\n#   ${reproduction(config, spec, lines)}`]
  }
  tally.interpreted += automatic.interpretedLines
  return []
}

/** Lines with their endings, the last one perhaps without. */
function randomLines(random: Random, tree: ElementTree, types: readonly string[]): readonly Buffer[] {
  const count = random.pick([1, 1, 2, 5, 30])
  const ending = random.pick(['\n', '\n', '\r\n'])
  return Array.from({ length: count }, (_, at) => {
    const isLast = at === count - 1
    return Buffer.concat([
      randomLine(random, tree, types),
      Buffer.from(isLast && random.chance(0.5) ? '' : ending),
    ])
  })
}

function textOf(lines: readonly Buffer[]): Buffer {
  return Buffer.concat(lines)
}

interface Trial {
  readonly expected: ChunkOutcome
  readonly lines: readonly Buffer[]
  readonly spec: AnonymizerSpec
  readonly automatic: ChunkEngine
}

/** Which of the ways to run the lines comes out otherwise than `expected`, and in what. */
function whatDiffers(random: Random, { expected, lines, spec, automatic }: Trial): string | undefined {
  const around = {
    before: Buffer.alloc(random.below(70), '{'),
    after: Buffer.from(random.pick(['', '"', '}', '}]}\n'])),
  }
  const ways: Readonly<Record<string, () => ChunkOutcome>> = {
    whole: () => automatic.run(textOf(lines), around),
    again: () => automatic.run(textOf(lines)),
    'with new tables': () => new ChunkEngine(spec, 'automatic').run(textOf(lines)),
    'in pieces': () => inPieces(random, automatic, lines),
  }
  let first: ChunkOutcome | undefined
  for (const [way, run] of Object.entries(ways)) {
    const outcome = run()
    first ??= outcome
    const wrong = difference(expected, outcome) ?? difference(first, outcome, 'same')
    if (wrong !== undefined) return `${way}: ${wrong}`
  }
  return undefined
}

function inPieces(random: Random, engine: ChunkEngine, lines: readonly Buffer[]): ChunkOutcome {
  const text = textOf(lines)
  let all = engine.run('')
  for (let at = 0, offset = 0; at < lines.length; ) {
    const until = Math.min(lines.length, at + random.between(1, 4))
    const piece = textOf(lines.slice(at, until))
    all = joined(
      all,
      offset,
      engine.run(piece, { firstRecord: offset, after: text.subarray(offset + piece.length) }),
    )
    at = until
    offset += piece.length
  }
  return all
}

/** The fewest lines that new engines treat otherwise, the first of them made small. All of it is synthetic. */
function reproduction(config: unknown, spec: AnonymizerSpec, lines: readonly Buffer[]): string {
  const differ = (some: readonly Buffer[]): boolean =>
    difference(
      new ChunkEngine(spec, 'interpreter').run(textOf(some)),
      new ChunkEngine(spec, 'automatic').run(textOf(some)),
    ) !== undefined
  if (!differ(lines)) return `${JSON.stringify(config)}: only in the order in which they came`
  const fewer = shrunkList(lines, differ)
  const first = shrunkLine(elementAt(fewer, 0), (line) => differ([line, ...fewer.slice(1)]))
  const shown = [first, ...fewer.slice(1)].map((line) =>
    JSON.stringify(line.toString('latin1').slice(0, 4000)),
  )
  return [JSON.stringify(config), ...shown].join('\n#   ')
}
