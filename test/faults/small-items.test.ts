import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { FaultPoint } from '../../src/pipeline/options.js'
import { memorySink } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import { splitSink } from '../../src/storage/split.js'
import {
  filesIn,
  KEEP_ALL,
  listen,
  outputsIn,
  run,
  runPipelineInto,
  runProcess,
  syntheticLines,
  writeFiles,
} from '../support/pipeline-run.js'

const ITEMS = 30
const folder = t.testdir()
const names = Array.from({ length: ITEMS }, (_, at) => `${at % 3}/item-${at}.ndjson`)
const input = writeFiles(
  join(folder, 'in'),
  Object.fromEntries(
    names.map((name, at) => [name, Buffer.concat([syntheticLines(500, at + 1), Buffer.from('\n{"bad":\n')])]),
  ),
)
const clean = join(folder, 'clean')
await run(input, clean)
const expected = outputsIn(clean)
const POINTS = [
  'before-fsync',
  'after-fsync',
  'before-rename',
  'after-rename',
  'before-done',
  'after-done',
  'before-report',
] as const satisfies readonly FaultPoint[]

// Split outputs differ in how they appear only.
const SPLIT_POINTS = ['after-fsync', 'after-rename'] as const satisfies readonly FaultPoint[]

const nthOf = (point: FaultPoint): number => (point === 'before-report' ? 1 : ITEMS / 2)

t.test('records of many small items take two writes each, in one file', async (t) => {
  t.equal(expected.size, ITEMS)
  t.match(readdirSync(join(`${clean}.sluice`, 'items')), [/^records.*\.log$/])
  t.equal(filesIn(join(`${clean}.sluice`, 'quarantine')).size, ITEMS)
})

for (const point of POINTS)
  t.test(
    `small items killed at ${point} are complete after the next run, and not redone by another`,
    async (t) => {
      const output = join(folder, point)
      const { signal } = await runProcess({ input, output, kill: { point, nth: nthOf(point) } })
      t.equal(signal, 'SIGKILL')
      for (const [name, bytes] of outputsIn(output))
        if (!name.endsWith('.part')) t.strictSame(bytes, expected.get(name), `${name} is whole or not there`)
      const { items } = await run(input, output)
      t.equal(items.committed + items.finishedBefore, ITEMS)
      t.strictSame(outputsIn(output), expected)
      t.strictSame((await run(input, output)).items.finishedBefore, ITEMS)
      if (point === 'before-report') t.equal(items.finishedBefore, ITEMS)
    },
  )

for (const cause of ['process', 'power'] as const)
  for (const form of ['whole', 'split'] as const)
    t.test(
      `small items, ${form}: a ${cause} failure at any moment loses nothing that was finished`,
      async (t) => {
        for (const point of form === 'whole' ? POINTS : SPLIT_POINTS) {
          const content = new MemoryContent()
          const sinkOf = () => (form === 'whole' ? memorySink(content) : splitSink(memorySink(content), 600))
          const finished = new Set<string>()
          let reached = 0
          const options = {
            config: KEEP_ALL,
            workers: 1,
            onEvent: ({ event, item }: { readonly event: string; readonly item?: unknown }) => {
              if (event === 'item.committed') finished.add(String(item))
            },
            faultPoint(now: FaultPoint) {
              if (now !== point) return
              reached += 1
              if (reached === nthOf(point)) content.crash(cause)
            },
          }
          await t.rejects(runPipelineInto(input, sinkOf(), options), { code: 'SINK_UNWRITABLE' }, point)
          const { events, onEvent } = listen()
          const { items } = await runPipelineInto(input, sinkOf(), { config: KEEP_ALL, workers: 1, onEvent })
          t.equal(items.committed + items.finishedBefore, ITEMS, point)
          t.ok(items.finishedBefore >= finished.size, `${point}: ${items.finishedBefore}, ${finished.size}`)
          t.notOk(events.some(({ event }) => event === 'checkpoint.damaged'))
        }
      },
    )
