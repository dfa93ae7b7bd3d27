#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { createLineAnonymizer, type LineAnonymizer } from '../src/anonymizer/line-anonymizer.js'
import { Output } from '../src/anonymizer/output.js'
import { anonymizeLines } from '../src/workers/anonymize-lines.js'
import { comparisonSection } from './comparison.js'
import { ENGINE_CASES, type EngineCase, specOfCase } from './engine-cases.js'
import { type Lines, thinned, withDistinctIds } from './engine-data.js'
import { benchOptions } from './harness.js'
import { linesTask } from './lines-task.js'
import {
  machineText,
  markdownTable,
  medianText,
  type Spread,
  spreadLegend,
  spreadOf,
  spreadText,
  writeSection,
} from './results.js'

const HELP = `How fast is one core, against JSON.parse + JSON.stringify + Buffer.from of the same lines in the same run?

  node dist/bench/engine.js                        a table and JSON
  node dist/bench/engine.js --only r4-sample       the cases whose name contains the text
  node dist/bench/engine.js --write                also into bench/README.md and README.md
  npx -p node@26 node dist/bench/engine.js

--rounds <n>   interleaved rounds, default 7; the first is not counted unless it is the only one
`

interface Result {
  readonly name: string
  readonly megabytes: number
  readonly lineCount: number
  readonly megabytesPerSecond: Spread
  readonly linesPerSecond: Spread
  readonly baselineMegabytesPerSecond: Spread
  /** Times as fast as parse and stringify, or as `against`. */
  readonly ratio: Spread
  /** The same by processor time, which other work on the machine does not stretch; garbage collection included. */
  readonly processorRatio: Spread
  readonly interpretedShare: number
  readonly rejectedCount: number
}

const out = new Output(1 << 20)
// The oldest version that is supported; newer ones have a table of their own.
const PUBLISHED_MAJOR = '20'

async function main(): Promise<void> {
  const options = benchOptions(HELP, { rounds: '7', only: '', write: false })
  if (options === undefined) return
  const results: Result[] = []
  for (const one of ENGINE_CASES) {
    if (!one.name.includes(options.only)) continue
    if (existsSync(one.config)) results.push(await measure(one, Number(options.rounds)))
    else process.stderr.write(`${one.name}: skipped, ${one.config} is not there\n`)
  }
  const table = tableOf(results)
  process.stdout.write(`${JSON.stringify({ node: process.versions.node, results })}\n\n${table}\n`)
  if (options.write) write(results, table, options.only !== '')
}

/** Publishes the table; with all cases, also what the project's page compares with other programs. */
function write(results: readonly Result[], table: string, isPart: boolean): void {
  if (isPart) throw new RangeError('a part of the table is not published: leave out --only')
  const rounds = Math.min(...results.map(({ ratio }) => ratio.rounds))
  const [major] = process.versions.node.split('.')
  writeSection(`engine-node${major}`, sectionOf(table, rounds), { rounds })
  const [first] = results
  if (first !== undefined && major === PUBLISHED_MAJOR)
    writeSection('speed', comparisonSection(first, machineText()), { rounds, page: 'project' })
}

async function measure(one: EngineCase, rounds: number): Promise<Result> {
  let lines = one.lines(0)
  const spec = await specOfCase(one, 'with extra rules')
  const newEngine = () => createLineAnonymizer(spec, { engine: one.engine ?? 'automatic' })
  const other =
    one.extraRules === undefined && one.codeSystems === undefined
      ? undefined
      : await createLineAnonymizer(await specOfCase(one, 'without'))
  const baseline = (block: Block) =>
    other === undefined ? parseAndPrint(lines, block) : anonymizeAll(other, lines, block)
  const megabytes = lines.bytes.length / 1e6
  const lineCount = lines.starts.length - 1
  const engineSeconds: number[] = []
  const floorSeconds: number[] = []
  const ratios: number[] = []
  const processorRatios: number[] = []
  let anonymizer = await newEngine()
  let rejectedCount = 0
  for (let round = 0; round < rounds; round++) {
    lines = one.lines(round)
    if (one.cache === 'cold') {
      anonymizer = await newEngine()
      const others = withDistinctIds(thinned(lines, 100), round)
      anonymizeAll(anonymizer, others, { firstLine: 0, endLine: others.starts.length - 1 })
    }
    const floor = new Stopwatch()
    const engine = new Stopwatch()
    rejectedCount = 0
    // In turns, block by block: what else the machine does then slows down both.
    for (const block of blocksOf(lines)) {
      floor.time(() => baseline(block))
      engine.time(() => {
        rejectedCount += anonymizeAll(anonymizer, lines, block)
      })
    }
    if (round === 0 && rounds > 1) continue
    engineSeconds.push(engine.seconds)
    floorSeconds.push(floor.seconds)
    ratios.push(floor.seconds / engine.seconds)
    processorRatios.push(floor.processorSeconds / engine.processorSeconds)
  }
  return {
    name: one.name,
    megabytes,
    lineCount,
    megabytesPerSecond: spreadOf(engineSeconds.map((seconds) => megabytes / seconds)),
    linesPerSecond: spreadOf(engineSeconds.map((seconds) => lineCount / seconds)),
    baselineMegabytesPerSecond: spreadOf(floorSeconds.map((seconds) => megabytes / seconds)),
    ratio: spreadOf(ratios),
    processorRatio: spreadOf(processorRatios),
    interpretedShare:
      anonymizer.counts.interpretedLines / (lineCount * (one.cache === 'cold' ? 1.01 : rounds)),
    rejectedCount,
  }
}

interface Block {
  readonly firstLine: number
  readonly endLine: number
}

const BLOCK_BYTES = 4e6

function* blocksOf({ starts }: Lines): Generator<Block> {
  let firstLine = 0
  for (let n = 1; n < starts.length; n++) {
    if (n < starts.length - 1 && (starts[n] as number) - (starts[firstLine] as number) < BLOCK_BYTES) continue
    yield { firstLine, endLine: n }
    firstLine = n
  }
}

/** Anonymizes the lines of a block as a worker does a chunk; returns how many were rejected. */
function anonymizeAll(
  anonymizer: LineAnonymizer,
  { slab, starts }: Lines,
  { firstLine, endLine }: Block,
): number {
  out.length = 0
  const task = linesTask(slab, starts[firstLine], starts[endLine])
  return anonymizeLines(anonymizer, task, out).rejected.count
}

function parseAndPrint({ bytes, starts }: Lines, { firstLine, endLine }: Block): number {
  let length = 0
  for (let n = firstLine; n < endLine; n++) {
    const text = bytes.toString('utf8', starts[n] as number, (starts[n + 1] as number) - 1)
    length += Buffer.from(JSON.stringify(JSON.parse(text))).length
  }
  return length
}

class Stopwatch {
  seconds = 0
  processorSeconds = 0

  time(work: () => unknown): void {
    const begun = performance.now()
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    this.seconds += (performance.now() - begun) / 1000
    this.processorSeconds += (user + system) / 1e6
  }
}

const tableOf = (results: readonly Result[]): string =>
  markdownTable(
    ['configuration, data', 'MB', 'MB/s', 'lines/s', '× as fast', '× by CPU time', 'interpreted', 'rejected'],
    results.map((result) => [
      result.name,
      result.megabytes.toFixed(0),
      spreadText(result.megabytesPerSecond, 0),
      medianText(result.linesPerSecond, 0),
      spreadText(result.ratio),
      spreadText(result.processorRatio),
      `${(result.interpretedShare * 100).toFixed(0)} %`,
      String(result.rejectedCount),
    ]),
  )

const sectionOf = (table: string, rounds: number): string =>
  `## Engine, one core (\`bench/engine.ts\`)\n\n${machineText()}. ${spreadLegend(rounds)}. \`× as fast\` compares with\nJSON.parse + JSON.stringify + Buffer.from of the same lines, taking turns with them block by block; for \`÷\` with the same\nengine without the rules or the setting named.\n\n${table}`

await main()
