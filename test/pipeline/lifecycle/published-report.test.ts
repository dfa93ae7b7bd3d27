// Holds src/pipeline/checkpoint/delivered-runs.ts, src/pipeline/report/state-report.ts.

import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { checkOutput } from '../../../src/check/check.js'
import { readRunReport, reportJson } from '../../../src/pipeline/report/state-report.js'
import { folderSink } from '../../../src/storage/folder/folder.js'
import { folderOutput } from '../../../src/storage/folder/folder-output.js'
import { memorySink } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import { elementAt } from '../../support/elements.js'
import {
  CONFIG,
  KEEP_ALL,
  outputsIn,
  run,
  runPipelineInto,
  textIn,
  writeFiles,
} from '../../support/pipeline-run.js'

const LINE = `${JSON.stringify({ resourceType: 'Patient', id: 'a', birthDate: '1950-01-02' })}\n`

t.test('run.json in the output says nothing about where the data came from', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'CANARY-place'), {
    'a.ndjson.gz': '',
    'b.ndjson': `${LINE}not json\n`,
  })
  const keys = { ...CONFIG.parameters, cryptoHashKey: 'CANARY-key-of-many-characters' }
  await run(input, join(folder, 'out'), { config: { ...CONFIG, parameters: keys } })
  const text = textIn(join(folder, 'out'), 'run.json')
  t.notMatch(text, /CANARY/)
  const report = JSON.parse(text)
  const { version, bytes } =
    elementAt((await readRunReport(folderSink(join(folder, 'out')).state))?.outputs, 1).source ?? {}
  t.type(version, 'string')
  t.notMatch(text, String(version), 'nor size, time and inode of a source file')
  for (const name of ['source', 'seconds', 'startedAt', 'fingerprint', 'items', 'failed', 'earlier'])
    t.notOk(name in report, name)
  t.notOk(text.includes(`"bytes": ${bytes},`))
  t.match(report, {
    generator: 'fhir-sluice',
    format: 2,
    lines: { read: 2, delivered: 1, quarantined: 1 },
    runs: [{ configuration: { sha256: /^[0-9a-f]{64}$/, fhirVersion: 'R4' }, asOf: '2026-11-21' }],
    outputs: [{ name: 'a.ndjson' }, { name: 'b.ndjson', sha256: /^[0-9a-f]{64}$/ }],
  })
  t.match(textIn(join(folder, 'out.sluice'), 'run.json'), 'CANARY-place', 'the state has it')
})

t.test('many outputs are listed beside run.json, in the output and in the state', async (t) => {
  const folder = t.testdir()
  const input = join(folder, 'in')
  mkdirSync(input)
  // The limit itself takes a minute: SLUICE_MANY_ITEMS=1.
  const isMany = process.env.SLUICE_MANY_ITEMS !== undefined
  const count = isMany ? 12_000 : 41
  for (let n = 0; n < count; n += 1) writeFileSync(join(input, `p${n}.ndjson`), LINE)
  // In memory: no disk is asked for each of them.
  const content = new MemoryContent('memory')
  const sink = memorySink(content)
  const report = await runPipelineInto(input, sink, {
    config: KEEP_ALL,
    itemsAtOnce: 32,
    inlineOutputs: isMany ? undefined : 40,
  })
  t.equal(report.outputs.length, count)
  const published = JSON.parse((await sink.get('run.json')) ?? '')
  t.match(published.outputs, { file: 'outputs.ndjson', count, sha256: await sink.digest('outputs.ndjson') })
  t.ok(((await sink.get('run.json')) ?? '').length < 10_000)
  const kept = await readRunReport(sink.state)
  t.equal(kept?.outputs.length, count)
  t.same(kept?.outputs[7], report.outputs[7])
  const printed = await reportJson(report, isMany ? undefined : 40)
  t.ok(printed.length < 10_000, 'the report as one text does not grow with the outputs')
  t.same(JSON.parse(printed), JSON.parse((await sink.state.read('run.json')) ?? ''))
  t.same(JSON.parse(await reportJson(report, count)), JSON.parse(JSON.stringify(report)))

  // As files, to be proven as a whole.
  const out = join(folder, 'out')
  mkdirSync(out)
  for (const [name, { bytes }] of content.objects) writeFileSync(join(out, basename(name)), bytes)
  t.match(await checkOutput(folderOutput(out)), { isProven: true, outputs: [{ fileCount: count }] })
  writeFileSync(join(out, 'p7.ndjson'), LINE.replace('a', 'b'))
  t.match((await checkOutput(folderOutput(out))).problems, [{ code: 'changed', file: 'p7.ndjson' }])
})

t.test(
  'an input that would take the name of a report, or of a folder of another output, is refused or told',
  async (t) => {
    const folder = t.testdir()
    const own = [
      'run.json',
      'run.json.gz',
      'RUN.JSON',
      'Run.Json.GZ',
      'outputs.ndjson',
      'outputs.ndjson.gz',
      'sub/run.json',
    ]
    for (const [at, name] of own.entries()) {
      const input = writeFiles(join(folder, `in${at}`), { 'a.ndjson': LINE, [name]: LINE })
      const output = join(folder, `out${at}`)
      const report = await run(input, output, { config: KEEP_ALL })
      t.match(report, { leftOut: { 'own-name': 1 }, items: { listed: 1 } }, name)
      t.same([...outputsIn(output).keys()], ['a.ndjson'], name)
      t.match(textIn(`${output}.sluice`, 'left-out.ndjson'), JSON.stringify(name))
      t.match(await run(input, output, { config: KEEP_ALL }), { items: { finishedBefore: 1 } }, 'and again')
    }
    const collisions: Readonly<Record<string, Record<string, string>>> = {
      'two of one output': { 'a.ndjson': LINE, 'a.ndjson.gz': LINE },
      'a folder named as an output': { 'a.ndjson.gz': LINE, 'a.ndjson/b.ndjson': LINE },
      'a folder named as the report': { 'run.json/b.ndjson': LINE },
      'a folder named as the list': { 'OUTPUTS.ndjson/b/c.ndjson': LINE },
    }
    for (const [name, files] of Object.entries(collisions)) {
      const output = join(folder, `out ${name}`)
      await t.rejects(run(writeFiles(join(folder, name), files), output), { code: 'NAME_COLLISION' }, name)
      t.same([...outputsIn(output).keys()], [], 'before anything is written')
    }
  },
)

t.test(
  'a file of somebody else under the name of the list is a conflict, before anything is written',
  async (t) => {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), { 'a.ndjson': LINE, 'b.ndjson': LINE })
    const output = writeFiles(join(folder, 'out'), { 'outputs.ndjson': 'mine' })
    const options = { config: KEEP_ALL, inlineOutputs: 1 }
    await t.rejects(run(input, output, options), { code: 'SINK_CONFLICT', at: 'outputs.ndjson' })
    t.same([...outputsIn(output).keys()], ['outputs.ndjson'])
    await run(input, output, { ...options, overwrite: true })
    t.match(await run(input, output, options), { items: { finishedBefore: 2 } })
    t.equal((await checkOutput(folderOutput(output))).isProven, true)
    await run(input, output, { config: KEEP_ALL })
    t.same([...outputsIn(output).keys()], ['a.ndjson', 'b.ndjson'], 'a shorter report needs no list')
    t.equal((await checkOutput(folderOutput(output))).isProven, true)
  },
)
