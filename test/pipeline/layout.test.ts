import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { layoutFingerprint, openRunFolder } from '../../src/pipeline/layout.js'
import { runPipeline } from '../../src/pipeline/run.js'
import { folderLake, folderSource } from '../../src/storage/folder/folder.js'
import { filesIn, planFor } from '../support/pipeline-run.js'

const NOW = new Date('2026-11-21T01:02:03Z')

t.test('each run has a folder of its own; an interrupted one is gone on with', async (t) => {
  const place = t.testdir()
  const [input, output] = [join(place, 'in'), join(place, 'lake')]
  mkdirSync(input)
  writeFileSync(join(input, 'P.ndjson'), '{"resourceType":"Patient","id":"1"}\n')
  const plan = planFor()
  const fingerprint = layoutFingerprint(input, { plan })
  const open = () => openRunFolder(folderLake(output), { layout: 'dated', fingerprint, now: NOW })
  const first = await open()
  t.match(first, { folder: /^2026-11-21T0102Z-[0-9a-f]{8}$/, isResumed: false })
  await t.rejects(open(), { code: 'SINK_LOCKED' }, 'one run at a time in a lake')
  await first.close()
  const again = await open()
  t.match(again, { folder: first.folder, isResumed: true }, 'it has no run.json')
  await runPipeline({ source: folderSource(input), sink: again.sink, plan, workers: 1 })
  await again.close()
  const next = await open()
  t.not(next.folder, first.folder)
  await next.close()
  const other = await openRunFolder(folderLake(output), { layout: 'dated', fingerprint: 'other', now: NOW })
  t.equal(other.isResumed, false, 'another configuration does not go on with it')
  await other.close()
  t.same(
    [...filesIn(output).keys()],
    [`${first.folder}/P.ndjson`, `${first.folder}/run.json`],
    'no state among the outputs',
  )
  writeFileSync(join(`${output}.sluice`, 'runs.json'), '[{"folder":"x"')
  t.equal((await open()).isResumed, false, 'a torn list is no list')
})

t.test('the names of the original, and none', async (t) => {
  const lake = folderLake(join(t.testdir(), 'lake'))
  const names: string[] = []
  for (const fingerprint of ['a', 'b', 'c']) {
    const opened = await openRunFolder(lake, { layout: 'dated-output', fingerprint, now: NOW })
    names.push(opened.folder)
    await opened.close()
  }
  t.same(names, ['202611210102-output', '202611210102-output-2', '202611210102-output-3'])
  t.match(await openRunFolder(lake, { layout: 'none', fingerprint: 'a' }), { folder: '' })
})

t.test('keys that a run left when it ended behind its report go with the next one', async (t) => {
  const lake = folderLake(join(t.testdir(), 'lake'))
  const open = () => openRunFolder(lake, { layout: 'dated', fingerprint: 'a', now: NOW })
  const first = await open()
  await first.close()
  const { sink } = first
  await sink.state.write('run-secrets.json', 'secret')
  await (await open()).close()
  t.equal(await sink.state.read('run-secrets.json'), 'secret', 'not those of one that goes on')
  await sink.put('run.json', '{}')
  const next = await open()
  await next.close()
  t.not(next.folder, first.folder)
  t.equal(await sink.state.read('run-secrets.json'), undefined)
})
