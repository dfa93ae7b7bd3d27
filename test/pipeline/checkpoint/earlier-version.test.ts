// Holds src/pipeline/checkpoint/done-record.ts, src/pipeline/checkpoint/recognition.ts.

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { doneName, readDone, writeDone } from '../../../src/pipeline/checkpoint/done-record.js'
import { NO_COUNTS } from '../../../src/pipeline/report/item-counts.js'
import { folderSink } from '../../../src/storage/folder/folder.js'
import { splitSink } from '../../../src/storage/split.js'
import type { Sink, SinkHead } from '../../../src/storage/store.js'
import { firstOf } from '../../support/elements.js'
import { codeOf, outputsIn, runPipelineInto, writeFiles } from '../../support/pipeline-run.js'

const LINE = '{"resourceType":"Patient","id":"1"}\n'
const NAMES = ['a.ndjson', 'sub/b.ndjson']
const SPLIT_BYTES = 100

/** Replaces what this version knows of its outputs by what version 0.1.0 wrote. */
async function makeEarlier(output: string, sink: Sink): Promise<void> {
  const state = `${output}.sluice`
  for (const name of readdirSync(state)) rmSync(join(state, name), { recursive: true })
  const outputs = []
  for (const name of NAMES) {
    const { bytes, version, parts } = (await sink.head(name)) as SinkHead
    const head = { bytes, version, ...(parts && { parts: parts.map((part) => part.name) }) }
    const source = { name, bytes: LINE.length, version: '1-2-3' }
    const record = { done: 1, output: name, fingerprint: 'of 0.1.0', head, source, totals: NO_COUNTS }
    writeFiles(state, { [doneName(name)]: `${JSON.stringify(record)}\n` })
    outputs.push({ name, bytes, source, lines: { read: 1, delivered: 1, quarantined: 0, blank: 0 } })
  }
  const report = { generator: 'fhir-sluice', version: '0.1.0', outputs, failed: [] }
  for (const place of [output, state]) writeFiles(place, { 'run.json': JSON.stringify(report) })
}

for (const form of ['whole', 'split'] as const)
  t.test(`outputs of version 0.1.0 (${form}) are made again, and those of others are not`, async (t) => {
    const folder = t.testdir()
    const input = writeFiles(
      join(folder, 'in'),
      Object.fromEntries(NAMES.map((name) => [name, LINE.repeat(10)])),
    )
    const output = join(folder, 'out')
    const sinkOf = () => (form === 'whole' ? folderSink(output) : splitSink(folderSink(output), SPLIT_BYTES))
    await runPipelineInto(input, sinkOf())
    const expected = outputsIn(output)
    await makeEarlier(output, sinkOf())
    t.match(await runPipelineInto(input, sinkOf()), { items: { committed: 2, failed: 0 } })
    t.strictSame(outputsIn(output), expected)

    await makeEarlier(output, sinkOf())
    const first = firstOf([...expected.keys()])
    writeFileSync(join(output, first), `${readFileSync(join(output, first), 'utf8')}changed`)
    t.equal(await codeOf(runPipelineInto(input, sinkOf())), 'SINK_CONFLICT')
  })

t.test('a record of this version whose check is damaged counts for nothing', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'a.ndjson': LINE })
  const { state } = folderSink(join(folder, 'out'))
  await writeDone(state, {
    done: 1,
    output: 'a.ndjson',
    fingerprint: 'f',
    head: null,
    source: { name: 'a.ndjson', bytes: 1, version: '1' },
    place: input,
    totals: NO_COUNTS,
  })
  t.match(await readDone(state, 'a.ndjson'), { fingerprint: 'f' })
  const text = (await state.read(doneName('a.ndjson'))) ?? ''
  for (const damaged of [
    text.replace('"check"', '"chack"'),
    text.replace(/,"check":"\w+"/, ''),
    text.replace('"f"', '"g"'),
  ]) {
    await state.write(doneName('a.ndjson'), damaged)
    t.equal(await readDone(state, 'a.ndjson'), undefined)
  }
})
