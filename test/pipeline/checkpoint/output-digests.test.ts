// Holds src/pipeline/checkpoint/records.ts.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openRecords } from '../../../src/pipeline/checkpoint/records.js'
import type { OutputReport, RunReport } from '../../../src/pipeline/report/report.js'
import { folderSink } from '../../../src/storage/folder/folder.js'
import { memorySink } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import { splitSink } from '../../../src/storage/split.js'
import type { Sink } from '../../../src/storage/store.js'
import {
  type Overrides,
  run,
  runPipelineInto,
  runProcess,
  syntheticLines,
  writeFiles,
} from '../../support/pipeline-run.js'

const folder = t.testdir()
const bundle = '{"resourceType":"Bundle","type":"collection","entry":[]}'
const input = writeFiles(join(folder, 'in'), {
  'x.ndjson': syntheticLines(400_000),
  'sub/y.ndjson': syntheticLines(30_000, 2),
  'empty.ndjson': '',
  'b.json': bundle,
})

const sha256Of = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

type Files = readonly {
  readonly name: string
  readonly bytes: number
  readonly sha256?: string | undefined
}[]
const filesOf = (output: OutputReport): Files => output.parts ?? [output]

/** As `sha256sum` of each file says, in the report and in the done records. */
async function checkDigests(t: Test, report: RunReport, sink: Sink): Promise<void> {
  t.equal(report.outputs.length, 4)
  for (const output of report.outputs) {
    for (const { name, bytes, sha256 } of filesOf(output)) {
      const text = (await sink.get(name)) ?? ''
      t.equal(sha256, sha256Of(text), name)
      t.equal(bytes, Buffer.byteLength(text), name)
      t.equal(await sink.digest(name), sha256)
    }
    const unlock = await sink.state.lock()
    const record = await openRecords(sink).then((records) => records.done(output.name))
    await unlock()
    t.match(record?.head, output.parts === undefined ? { sha256: output.sha256 } : { parts: output.parts })
  }
  t.equal(await sink.digest('none.ndjson'), undefined)
}

t.test('the report has the SHA-256 of each file that a run makes', async (t) => {
  const sinks: Readonly<Record<string, () => Sink>> = {
    folder: () => folderSink(join(folder, 'folder')),
    'split folder': () => splitSink(folderSink(join(folder, 'split')), 100_000),
    memory: () => memorySink(new MemoryContent()),
    'split memory': () => splitSink(memorySink(new MemoryContent()), 100_000),
  }
  for (const [name, open] of Object.entries(sinks))
    await t.test(name, async (t) => {
      const sink = open()
      const report = await runPipelineInto(input, sink)
      await checkDigests(t, report, sink)
      t.strictSame((await runPipelineInto(input, sink)).outputs, report.outputs, 'also of finished work')
    })
})

t.test('compressed outputs have the digest of the compressed file', async (t) => {
  const output = join(folder, 'gzip')
  const report = await run(input, output, { gzip: true })
  for (const { name, sha256 } of report.outputs)
    t.equal(sha256, sha256Of(readFileSync(join(output, name))), name)
})

t.test('a run that was killed and resumed has the digests of whole outputs', async (t) => {
  const clean = await run(input, join(folder, 'clean'))
  const points = ['after-append', 'after-journal', 'before-rename', 'after-rename', 'before-done'] as const
  for (const point of points) {
    const output = join(folder, `killed ${point}`)
    const overrides: Overrides = { itemsAtOnce: 1 }
    const nth = point.endsWith('rename') || point === 'before-done' ? 3 : 6
    const { signal } = await runProcess({ input, output, overrides, kill: { point, nth } })
    t.equal(signal, 'SIGKILL', point)
    const report = await run(input, output)
    await checkDigests(t, report, folderSink(output))
    t.strictSame(
      report.outputs.map(({ sha256 }) => sha256),
      clean.outputs.map(({ sha256 }) => sha256),
    )
  }
})

t.test('a digest that could not be computed while writing is read back after the commit', async (t) => {
  const content = new MemoryContent()
  const sink = memorySink(content)
  const blind: Sink = {
    ...sink,
    item(name, fingerprint) {
      const item = sink.item(name, fingerprint)
      const sealed = item.sealed.bind(item)
      item.sealed = async () => ({ ...(await sealed()), sha256: undefined })
      return item
    },
  }
  await checkDigests(t, await runPipelineInto(input, blind), sink)
  const split = splitSink(blind, 100_000)
  await checkDigests(t, await runPipelineInto(input, split), split)
})
