#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { createLineAnonymizer } from '../src/anonymizer/line-anonymizer.js'
import { Output } from '../src/anonymizer/output.js'
import type { AnonymizerSpec } from '../src/anonymizer/spec.js'
import { anonymizeLines } from '../src/workers/anonymize-lines.js'
import { WorkerPool } from '../src/workers/pool.js'
import type { LinesTask } from '../src/workers/protocol.js'
import { elementAt, firstOf } from '../test/support/elements.js'
import { ENGINE_CASES, specOfCase } from './engine-cases.js'
import type { Lines } from './engine-data.js'
import { linesTask } from './lines-task.js'
import {
  machineText,
  markdownTable,
  type Spread,
  spreadLegend,
  spreadOf,
  spreadText,
  writeSection,
} from './results.js'

const HELP = `What do the threads cost? The same chunks on this thread, by one worker, and by two.

  node dist/bench/pool.js
  node dist/bench/pool.js --write    also into bench/README.md

--rounds <n>   interleaved rounds, default 7; the first is not counted
`

const CHUNK_BYTES = 4 * 2 ** 20
const TIMEOUT_MS = 600_000

interface Slab {
  readonly task: LinesTask
  readonly original: Uint8Array
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const engineCase = firstOf(ENGINE_CASES)
  const spec = await specOfCase(engineCase, 'with extra rules')
  const slabs = slabsOf(engineCase.lines(0))
  const megabytes = slabs.reduce((sum, { original }) => sum + original.length, 0) / 1e6
  const ways = await waysOf(spec)
  const timed = ways.map((way) => ({ ...way, seconds: [] as number[] }))
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const { run, seconds } of timed) {
      for (const { task, original } of slabs) new Uint8Array(task.slab).set(original)
      const begun = performance.now()
      await run(slabs.map(({ task }) => task))
      if (round > 0) seconds.push((performance.now() - begun) / 1000)
    }
  const trip = await roundTripMicroseconds(elementAt(ways, 1).pool)
  for (const { pool } of ways) await pool?.destroy()
  const here = firstOf(timed).seconds
  const rows = timed.map(({ name, seconds }) => ({
    name,
    megabytesPerSecond: spreadOf(seconds.map((each) => megabytes / each)),
    againstThisThread: spreadOf(seconds.map((each, round) => elementAt(here, round) / each)),
  }))
  const table = tableOf(rows)
  const note = `An empty task takes ${spreadText(trip, 0)} µs there and back.`
  process.stdout.write(
    `${JSON.stringify({ node: process.versions.node, megabytes, rows, trip })}\n\n${table}\n\n${note}\n`,
  )
  if (values.write)
    writeSection(
      'pool',
      `## What the threads cost\n\n\`node dist/bench/pool.js --write\`, ${machineText()}. ${spreadLegend(rows[0]?.megabytesPerSecond.rounds ?? 0)} of ${engineCase.name}; no files.\n\n${table}\n\n${note}`,
      { rounds: rows[0]?.megabytesPerSecond.rounds ?? 0 },
    )
}

interface Way {
  readonly name: string
  readonly pool?: WorkerPool
  run(tasks: readonly LinesTask[]): Promise<void>
}

async function waysOf(spec: AnonymizerSpec): Promise<readonly Way[]> {
  const here = await createLineAnonymizer(spec)
  const out = new Output(2 * CHUNK_BYTES)
  const ways: Way[] = [
    {
      name: 'this thread',
      async run(tasks) {
        for (const task of tasks) {
          out.length = 0
          anonymizeLines(here, task, out)
        }
      },
    },
  ]
  for (const size of [1, 2]) {
    const pool = new WorkerPool({ size, heapMebibytes: 1024 })
    await pool.prepare(spec)
    const name = `${size} worker${size === 1 ? '' : 's'}`
    ways.push({ name, pool, run: (tasks) => runAll(pool, tasks) })
  }
  return ways
}

async function runAll(pool: WorkerPool, tasks: readonly LinesTask[]): Promise<void> {
  const queue = tasks.values()
  const lane = async (): Promise<void> => {
    for (const task of queue) await pool.run(task, TIMEOUT_MS)
  }
  await Promise.all(Array.from({ length: pool.size }, lane))
}

async function roundTripMicroseconds(pool: WorkerPool | undefined): Promise<Spread> {
  const times: number[] = []
  for (let count = 0; count < 500; count += 1) {
    const begun = performance.now()
    await pool?.hello()
    times.push((performance.now() - begun) * 1000)
  }
  return spreadOf(times.slice(100))
}

function slabsOf({ bytes }: Lines): readonly Slab[] {
  const slabs: Slab[] = []
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, Math.min(bytes.length - 1, at + CHUNK_BYTES - 1))
    const end = newline < 0 ? bytes.length : newline + 1
    const original = bytes.subarray(at, end)
    const slab = new SharedArrayBuffer(Math.ceil(original.length * 1.5))
    slabs.push({ original, task: linesTask(slab, 0, original.length) })
    at = end
  }
  return slabs
}

const tableOf = (
  rows: readonly { name: string; megabytesPerSecond: Spread; againstThisThread: Spread }[],
): string =>
  markdownTable(
    ['', 'MB/s', 'times this thread'],
    rows.map(({ name, megabytesPerSecond, againstThisThread }) => [
      name,
      spreadText(megabytesPerSecond, 0),
      spreadText(againstThisThread),
    ]),
  )

await main()
