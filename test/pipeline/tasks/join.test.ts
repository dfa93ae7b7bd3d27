// Holds src/pipeline/tasks/work.ts,
// src/pipeline/tasks/unit-work.ts,
// src/pipeline/tasks/unit-records.ts,
// src/pipeline/tasks/make-plan.ts,
// src/pipeline/tasks/finish.ts,
// src/pipeline/tasks/moved-quarantine.ts,
// src/pipeline/tasks/task.ts,
// src/pipeline/tasks/units.ts,
// src/pipeline/tasks/status.ts.

import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { runPipeline } from '../../../src/pipeline/run.js'
import { folderSink, folderSource } from '../../../src/storage/folder/folder.js'
import { memorySink, memorySource } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import { joinAll, joinedPlan, joinedSource, wholeOutputs } from '../../support/joined-run.js'
import { filesIn, outputsIn, writeFiles } from '../../support/pipeline-run.js'

const CHUNK = 16 * 1024
const RANGE = 4 * CHUNK
const SIZES = { chunkBytes: CHUNK, memoryBudgetBytes: 2 ** 22, maxLineBytes: 100_000 }

const quarantineIn = (output: string): ReadonlyMap<string, Buffer> =>
  new Map([...filesIn(`${output}.sluice`)].filter(([name]) => name.startsWith('quarantine/')))

t.test('any number of tasks write, in a folder, the bytes of a run on one machine', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), joinedSource(gzipSync))
  const alone = join(folder, 'alone')
  const expected = await runPipeline({
    ...SIZES,
    source: folderSource(input),
    sink: folderSink(alone),
    plan: joinedPlan(),
    workers: 1,
  })
  let whole: ReadonlyMap<string, Buffer> | undefined
  for (const [count, isSharded] of [
    [1, false],
    [2, false],
    [5, false],
    [3, true],
  ] as const) {
    const output = join(folder, `out-${count}-${isSharded}`)
    const ended = await joinAll(count, (index) => ({
      ...SIZES,
      source: folderSource(input),
      sink: folderSink(output),
      rangeBytes: RANGE,
      ...(isSharded ? { shard: { index, count } } : {}),
    }))
    const results = ended.map((one) =>
      one.status === 'fulfilled' ? one.value : (one.reason as Error).message,
    )
    const finished = results.filter((one) => typeof one === 'object' && one.kind === 'finished')
    t.equal(finished.length, 1, `${count} tasks: one ends the run (${JSON.stringify(results).slice(0, 300)})`)
    const [one] = finished
    if (typeof one !== 'object' || one.kind !== 'finished') return
    t.strictSame(one.report.lines, expected.lines)
    t.strictSame(one.report.quarantinedByCode, expected.quarantinedByCode)
    t.strictSame(one.report.elementsByRule, expected.elementsByRule)
    const outputs = outputsIn(output)
    t.ok(outputs.has('big-00003.ndjson'), 'a large item has parts')
    t.strictSame(wholeOutputs(outputs), wholeOutputs(outputsIn(alone)), 'the same bytes')
    t.strictSame(quarantineIn(output), quarantineIn(alone), 'the same quarantine')
    whole ??= outputs
    t.strictSame(
      [...outputs].filter(([name]) => name !== 'run.json'),
      [...whole].filter(([name]) => name !== 'run.json'),
      'whatever the number of tasks',
    )
    const state = [...filesIn(`${output}.sluice`).keys()]
    t.strictSame(
      state.filter((name) => name.startsWith('units/') || name.startsWith('plan/')),
      [],
    )
    const units = results.map((one) => (typeof one === 'object' ? one.work.units : 0))
    t.equal(
      units.reduce((sum, each) => sum + each, 0),
      JSON.parse(String(filesIn(`${output}.sluice`).get('plan.json'))).counts.units,
      'no unit is done twice',
    )
    const again = await joinAll(1, () => ({
      ...SIZES,
      source: folderSource(input),
      sink: folderSink(output),
      rangeBytes: RANGE,
    }))
    t.equal(
      again[0]?.status === 'fulfilled' && again[0].value.kind,
      'ended-before',
      'a late task has nothing to do',
    )
  }
})

t.test('any number of tasks write, in memory, the bytes of a run on one machine', async (t) => {
  const input = new MemoryContent('in')
  for (const [name, bytes] of Object.entries(joinedSource(gzipSync))) input.write(name, bytes)
  const outputs = async (count: number, isRemote: boolean) => {
    const output = new MemoryContent('out')
    const ended = await joinAll(count, () => ({
      ...SIZES,
      source: memorySource(input),
      sink: memorySink(output, { isRemote }),
      rangeBytes: RANGE,
    }))
    t.equal(ended.filter((one) => one.status === 'fulfilled' && one.value.kind === 'finished').length, 1)
    t.strictSame(
      ended.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).message] : [])),
      [],
    )
    return wholeOutputs(new Map([...output.objects].map(([name, { bytes }]) => [name, bytes])))
  }
  const alone = new MemoryContent('out')
  await runPipeline({
    ...SIZES,
    source: memorySource(input),
    sink: memorySink(alone),
    plan: joinedPlan(),
    workers: 1,
  })
  const expected = wholeOutputs(new Map([...alone.objects].map(([name, { bytes }]) => [name, bytes])))
  for (const count of [1, 2, 5])
    for (const isRemote of [false, true])
      t.strictSame(await outputs(count, isRemote), expected, `${count} tasks`)
})

t.test('units of a plan that was removed do not count', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), joinedSource(gzipSync))
  const output = join(folder, 'out')
  const options = { ...SIZES, source: folderSource(input), rangeBytes: RANGE }
  await joinAll(1, () => ({ ...options, sink: folderSink(output), shard: { index: 0, count: 2 } }))
  t.ok(existsSync(join(`${output}.sluice`, 'units')), 'some units are done')
  rmSync(join(`${output}.sluice`, 'plan.json'))
  renameSync(output, join(folder, 'away'))
  await joinAll(1, () => ({ ...options, sink: folderSink(output) }))
  const other = join(folder, 'other')
  await joinAll(1, () => ({ ...options, sink: folderSink(other) }))
  t.strictSame([...outputsIn(output).keys()], [...outputsIn(other).keys()], 'every output is there')
})
