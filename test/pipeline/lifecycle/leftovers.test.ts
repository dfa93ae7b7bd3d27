// Holds src/pipeline/output-files.ts.

import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkOutput } from '../../../src/check/check.js'
import type { FaultPoint } from '../../../src/pipeline/options.js'
import { folderSink } from '../../../src/storage/folder/folder.js'
import { folderOutput } from '../../../src/storage/folder/folder-output.js'
import { splitSink } from '../../../src/storage/split.js'
import type { Sink } from '../../../src/storage/store.js'
import {
  CONFIG,
  KEEP_ALL,
  listen,
  type Overrides,
  outputsIn,
  run,
  runPipelineInto,
  textIn,
  writeFiles,
} from '../../support/pipeline-run.js'

const LINE = `${JSON.stringify({ resourceType: 'Patient', id: 'a', gender: 'male' })}\n`
const INPUT = { 'a.ndjson': LINE.repeat(3), 'sub/b.ndjson': LINE }

const namesIn = (folder: string): readonly string[] => [...outputsIn(folder).keys()]
const isProven = async (folder: string): Promise<boolean> =>
  (await checkOutput(folderOutput(folder))).isProven
const reported = (folder: string): readonly string[] =>
  JSON.parse(textIn(folder, 'run.json')).outputs.map(({ name }: { name: string }) => name)

/** How a run writes its outputs. */
interface Form {
  readonly options: Overrides
  readonly sinkOf: (folder: string) => Sink
  readonly names: readonly string[]
}

const FORMS = {
  plain: { options: {}, sinkOf: folderSink, names: ['a.ndjson', 'sub/b.ndjson'] },
  gzip: { options: { gzip: true }, sinkOf: folderSink, names: ['a.ndjson.gz', 'sub/b.ndjson.gz'] },
  split: {
    options: { chunkBytes: 60 },
    sinkOf: (folder) => splitSink(folderSink(folder), 60),
    names: ['a-00001.ndjson', 'a-00002.ndjson', 'sub/b-00001.ndjson'],
  },
  'split gzip': {
    options: { chunkBytes: 60, gzip: true },
    sinkOf: (folder) => splitSink(folderSink(folder), 60),
    names: ['a-00001.ndjson.gz', 'a-00002.ndjson.gz', 'sub/b-00001.ndjson.gz'],
  },
} satisfies Record<string, Form>

const write = (input: string, output: string, { options, sinkOf }: Form, more: Overrides = {}) =>
  runPipelineInto(input, sinkOf(output), { config: KEEP_ALL, ...options, ...more })

t.test('outputs in another form take the place of the earlier ones, and nothing counts twice', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), INPUT)
  for (const [from, before] of Object.entries(FORMS))
    for (const [to, after] of Object.entries(FORMS)) {
      if (from === to) continue
      const output = join(folder, `${from} to ${to}`)
      await write(input, output, before)
      await write(input, output, after)
      t.same(namesIn(output), after.names, `${from} to ${to}`)
      t.equal(await isProven(output), true, `${from} to ${to}`)
    }
})

t.test('a run that ends anywhere while the form changes is completed by the next one', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), INPUT)
  const points: readonly FaultPoint[] = [
    'after-rename',
    'before-done',
    'after-done',
    'before-report',
    'after-report',
  ]
  for (const [from, to] of [
    ['plain', 'gzip'],
    ['plain', 'split'],
    ['split', 'plain'],
  ] as const)
    for (const point of points) {
      const output = join(folder, `${from} ${to} ${point}`)
      await write(input, output, FORMS[from])
      const faultPoint = (reached: FaultPoint): void => {
        if (reached === point) throw new Error('ended here')
      }
      await t.rejects(write(input, output, FORMS[to], { faultPoint, itemsAtOnce: 1 }), {
        message: 'ended here',
      })
      await write(input, output, FORMS[to])
      t.same(namesIn(output), FORMS[to].names, `${from} to ${to}, ended at ${point}`)
      t.equal(await isProven(output), true)
    }
})

t.test('an output that was changed since is not removed, and a check finds it', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), INPUT)
  const output = join(folder, 'out')
  await write(input, output, FORMS.plain)
  writeFileSync(join(output, 'a.ndjson'), 'mine')
  await write(input, output, FORMS.gzip)
  t.same(namesIn(output), ['a.ndjson', ...FORMS.gzip.names])
  t.equal(textIn(output, 'a.ndjson'), 'mine')
  t.equal(await isProven(output), false)
})

t.test('a withdrawn or renamed input is told and not reported; it goes only when asked', async (t) => {
  const changes: Readonly<Record<string, (input: string) => void>> = {
    withdrawn: (input) => rmSync(join(input, 'a.ndjson')),
    renamed: (input) => renameSync(join(input, 'a.ndjson'), join(input, 'c.ndjson')),
  }
  for (const [name, change] of Object.entries(changes)) {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), INPUT)
    const output = join(folder, 'out')
    await run(input, output, { config: KEEP_ALL })
    change(input)
    for (const round of ['first', 'second']) {
      const { events, onEvent } = listen()
      const report = await run(input, output, { config: KEEP_ALL, onEvent })
      t.same(report.orphaned, ['a.ndjson'], `${name}, ${round} run`)
      t.match(
        events.filter(({ level }) => level === 'warn'),
        [{ event: 'output.orphaned', item: 'a.ndjson' }],
      )
      t.ok(namesIn(output).includes('a.ndjson'), 'it may be the only copy')
      t.notOk(reported(output).includes('a.ndjson'))
      t.equal(await isProven(output), false, 'it is extra')
    }
    t.same((await run(input, output, { config: KEEP_ALL, prune: true })).removed, ['a.ndjson'])
    t.notOk(namesIn(output).includes('a.ndjson'))
    t.equal(await isProven(output), true, name)
    t.match(await run(input, output, { config: KEEP_ALL }), { orphaned: [], removed: [] })
  }
})

t.test('an input that is gone before an interrupted run is repeated is known all the same', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), INPUT)
  const output = join(folder, 'out')
  const faultPoint = (reached: FaultPoint): void => {
    if (reached === 'after-done') throw new Error('ended here')
  }
  await t.rejects(run(input, output, { config: KEEP_ALL, faultPoint, itemsAtOnce: 1 }))
  t.same(namesIn(output).slice(0, 1), ['a.ndjson'])
  rmSync(join(input, 'a.ndjson'))
  t.same((await run(input, output, { config: KEEP_ALL })).orphaned, ['a.ndjson'])
})

t.test('a document that is quarantined now leaves no earlier output of it, in whatever form', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'd.json': LINE })
  const output = join(folder, 'out')
  await write(input, output, FORMS.plain)
  writeFileSync(join(input, 'd.json'), '{"resourceType":"Nothing"}')
  await write(input, output, FORMS.gzip)
  t.same(namesIn(output), [])
  t.equal(await isProven(output), true)
})

t.test('several inputs one after the other into one output are all in its report', async (t) => {
  const folder = t.testdir()
  const output = join(folder, 'out')
  const names = ['first', 'second', 'third', 'fourth']
  for (const name of names) {
    const input = writeFiles(join(folder, name), { [`${name}.ndjson`]: LINE.repeat(2) })
    await run(input, output, { config: KEEP_ALL })
  }
  t.same(reported(output), names.map((name) => `${name}.ndjson`).toSorted())
  t.equal(await isProven(output), true)
  const published = JSON.parse(textIn(output, 'run.json'))
  t.match(published, { lines: { read: 8, delivered: 8 }, runs: [{ asOf: '2026-11-21', lines: { read: 8 } }] })
  t.equal(published.runs.length, 1, 'one configuration, one set of keys, one day')

  await run(join(folder, 'second'), output, { config: KEEP_ALL })
  t.equal(reported(output).length, 4, 'and a run again on one of them keeps them')
  rmSync(join(output, 'third.ndjson'))
  await run(join(folder, 'first'), output, { config: KEEP_ALL })
  t.same(
    reported(output),
    ['first.ndjson', 'fourth.ndjson', 'second.ndjson'],
    'what is gone is no longer reported',
  )
  t.equal(await isProven(output), true)
})

t.test('outputs of another configuration or other keys are told apart in the report', async (t) => {
  const folder = t.testdir()
  const output = join(folder, 'out')
  for (const [name, config] of [
    ['first', KEEP_ALL],
    ['second', CONFIG],
  ] as const) {
    const input = writeFiles(join(folder, name), { [`${name}.ndjson`]: LINE })
    const { events, onEvent } = listen()
    await run(input, output, { config, onEvent })
    t.match(
      events.filter(({ level }) => level === 'warn'),
      name === 'first' ? [] : [{ event: 'output.mixed', outputs: 1 }],
    )
  }
  const { runs, outputs } = JSON.parse(textIn(output, 'run.json'))
  t.equal(runs.length, 2)
  t.not(runs[0].configuration.sha256, runs[1].configuration.sha256)
  t.match(outputs, [
    { name: 'first.ndjson', run: 1 },
    { name: 'second.ndjson', run: 0 },
  ])
})
