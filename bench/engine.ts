#!/usr/bin/env node
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  createLineAnonymizer,
  type EngineOptions,
  type LineAnonymizer,
} from '../src/anonymizer/line-anonymizer.js'
import { Output } from '../src/anonymizer/output.js'
import type { AnonymizerSpec } from '../src/anonymizer/spec.js'
import { checkConfig, readConfigFile } from '../src/config/anonymizer-config.js'
import { planOf } from '../src/config/plan.js'
import { HOSPITAL_MIX } from '../src/synthetic/generate.js'
import {
  type Lines,
  realLines,
  sharedFolder,
  syntheticLines,
  thinned,
  withDistinctIds,
} from './engine-data.js'
import { machineText, markdownTable, type Spread, spreadOf, spreadText, writeSection } from './results.js'

const HELP = `How fast is one core, against JSON.parse + JSON.stringify + Buffer.from of the same lines in the same run?

  node dist/bench/engine.js                        a table and JSON
  node dist/bench/engine.js --only r4-sample       the cases whose name contains the text
  node dist/bench/engine.js --write                also into bench/README.md
  npx -p node@26 node dist/bench/engine.js

--rounds <n>   interleaved rounds, default 7; the first is not counted
`

interface Case {
  readonly name: string
  readonly lines: Lines
  readonly spec: AnonymizerSpec
  /** What the speed is compared with; without it parse and stringify. */
  readonly against?: AnonymizerSpec
  readonly engine?: EngineOptions['engine']
  /** `cold`: a new engine each round, nothing cached. */
  readonly cache: 'warm' | 'cold'
}

interface Result {
  readonly name: string
  readonly megabytes: number
  readonly lineCount: number
  readonly megabytesPerSecond: Spread
  readonly linesPerSecond: Spread
  /** Times as fast as parse and stringify, or as `against`. */
  readonly ratio: Spread
  readonly interpretedShare: number
  readonly rejectedCount: number
}

const out = new Output(1 << 20)
const context = { item: 'bench.ndjson', record: 0, baseOffset: 0, dateShiftPrefix: '' }

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const results: Result[] = []
  for (const { name, make } of await cases())
    if (name.includes(values.only)) results.push(await measure(await make(), Number(values.rounds)))
  const table = tableOf(results)
  process.stdout.write(`${JSON.stringify({ node: process.versions.node, results })}\n\n${table}\n`)
  if (values.write) writeSection(`engine-node${process.versions.node.split('.')[0]}`, sectionOf(table))
}

interface NamedCase {
  readonly name: string
  make(): Promise<Case>
}

async function cases(): Promise<NamedCase[]> {
  const r4 = cached(() => realLines('r4-synthea', 'R4', HOSPITAL_MIX))
  const stu3 = cached(() => realLines('stu3-synthea', 'STU3', HOSPITAL_MIX))
  const linePercent = cached(() => syntheticLines('R4', { Patient: 1, Observation: 99 }, 24e6))
  // A patient's line is 3.6 times as long as an observation's.
  const bytePercent = cached(() => syntheticLines('R4', { Patient: 1, Observation: 356 }, 24e6))
  const distinct = cached(() => withDistinctIds(r4()))
  const slowRule = { path: "Patient.name.where(use = 'none' and family.length() > 99)", method: 'redact' }
  const of = (
    name: string,
    lines: () => Lines,
    spec: () => Promise<AnonymizerSpec>,
    more: Partial<Case> = {},
  ) => ({
    name,
    make: async (): Promise<Case> => ({ name, lines: lines(), spec: await spec(), cache: 'warm', ...more }),
  })
  const sample = () => specOf(join(sharedFolder, 'golden/r4-sample-config.json'))
  const slow = () => specOf(join(sharedFolder, 'golden/r4-sample-config.json'), [slowRule])
  const against = (
    name: string,
    lines: () => Lines,
    base: () => Promise<AnonymizerSpec>,
    spec: () => Promise<AnonymizerSpec>,
  ): NamedCase => ({
    name,
    make: async () => ({ name, lines: lines(), spec: await spec(), against: await base(), cache: 'warm' }),
  })
  return [
    of('r4-sample, warm', r4, sample),
    of('r4-sample, cold', r4, sample, { cache: 'cold' }),
    of('r4-sample, ids all different', distinct, sample, { cache: 'cold' }),
    of('stu3-sample', stu3, () => specOf(join(sharedFolder, 'golden/stu3-sample-config.json'))),
    of('safe-harbor-r4', r4, () => preset('safe-harbor-r4')),
    of('safe-harbor-stu3', stu3, () => preset('safe-harbor-stu3')),
    of('research-r4', r4, () => preset('research-r4')),
    against('a slow rule on 1 % of the lines ÷ without', linePercent, sample, slow),
    against('a slow rule on 1 % of the bytes ÷ without', bytePercent, sample, slow),
    of(
      'r4-sample, interpreter alone',
      cached(() => thinned(r4(), 8)),
      sample,
      { engine: 'interpreter' },
    ),
  ]
}

const preset = (name: string): Promise<AnonymizerSpec> =>
  specOf(fileURLToPath(new URL(`../../configs/${name}.json`, import.meta.url)))

async function specOf(path: string, firstRules: readonly object[] = []): Promise<AnonymizerSpec> {
  const raw = (await readConfigFile(path)) as { fhirPathRules: object[] }
  const plan = planOf(
    checkConfig({ ...raw, fhirPathRules: [...firstRules, ...raw.fhirPathRules] }),
    '2026-11-21',
  )
  return plan.settle(plan.newRunSecrets())
}

function cached(make: () => Lines): () => Lines {
  let lines: Lines | undefined
  return () => {
    lines ??= make()
    return lines
  }
}

async function measure(one: Case, rounds: number): Promise<Result> {
  const { lines, spec, cache } = one
  const megabytes = lines.bytes.length / 1e6
  const lineCount = lines.starts.length - 1
  const engineSeconds: number[] = []
  const ratios: number[] = []
  let anonymizer = await createLineAnonymizer(spec, { engine: one.engine ?? 'automatic' })
  const other = one.against === undefined ? undefined : await createLineAnonymizer(one.against)
  const baseline = (block: Block) =>
    other === undefined ? parseAndPrint(lines, block) : anonymizeAll(other, lines, block)
  let rejectedCount = 0
  for (let round = 0; round < rounds; round++) {
    if (cache === 'cold') anonymizer = await createLineAnonymizer(spec, { engine: one.engine ?? 'automatic' })
    let floor = 0
    let engine = 0
    rejectedCount = 0
    // In turns, block by block: what else the machine does then slows down both.
    for (const block of blocksOf(lines)) {
      floor += secondsOf(() => baseline(block))
      engine += secondsOf(() => {
        rejectedCount += anonymizeAll(anonymizer, lines, block)
      })
    }
    if (round === 0 && rounds > 1) continue
    engineSeconds.push(engine)
    ratios.push(floor / engine)
  }
  return {
    name: one.name,
    megabytes,
    lineCount,
    megabytesPerSecond: spreadOf(engineSeconds.map((seconds) => megabytes / seconds)),
    linesPerSecond: spreadOf(engineSeconds.map((seconds) => lineCount / seconds)),
    ratio: spreadOf(ratios),
    interpretedShare: anonymizer.counts.interpretedLines / (lineCount * (cache === 'cold' ? 1 : rounds)),
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

function anonymizeAll(
  anonymizer: LineAnonymizer,
  { bytes, starts }: Lines,
  { firstLine, endLine }: Block,
): number {
  let rejectedCount = 0
  for (let n = firstLine; n < endLine; n++) {
    out.length = 0
    const range = { start: starts[n] as number, end: (starts[n + 1] as number) - 1 }
    if (anonymizer.anonymizeLine(bytes, range, context, out) !== undefined) rejectedCount++
  }
  return rejectedCount
}

function parseAndPrint({ bytes, starts }: Lines, { firstLine, endLine }: Block): number {
  let length = 0
  for (let n = firstLine; n < endLine; n++) {
    const text = bytes.toString('utf8', starts[n] as number, (starts[n + 1] as number) - 1)
    length += Buffer.from(JSON.stringify(JSON.parse(text))).length
  }
  return length
}

function secondsOf(work: () => unknown): number {
  const begun = performance.now()
  work()
  return (performance.now() - begun) / 1000
}

const tableOf = (results: readonly Result[]): string =>
  markdownTable(
    ['configuration, data', 'MB', 'MB/s', 'lines/s', '× as fast', 'interpreted', 'rejected'],
    results.map((result) => [
      result.name,
      result.megabytes.toFixed(0),
      spreadText(result.megabytesPerSecond, 0),
      result.linesPerSecond.median.toFixed(0),
      spreadText(result.ratio),
      `${(result.interpretedShare * 100).toFixed(0)} %`,
      String(result.rejectedCount),
    ]),
  )

const sectionOf = (table: string): string =>
  `## Engine, one core (\`bench/engine.ts\`)\n\n${machineText()}. Median (least–most) of rounds. \`× as fast\` compares with\nJSON.parse + JSON.stringify + Buffer.from of the same lines, taking turns with them block by block; for \`÷\` with the same\nengine without the slow rule.\n\n${table}`

await main()
