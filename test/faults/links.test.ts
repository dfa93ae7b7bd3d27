import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { writeMetricsFile } from '../../src/metrics/publish.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { journalName } from '../../src/pipeline/checkpoint/done-record.js'
import { writeWhole } from '../../src/storage/folder/folder-files.js'
import {
  codeOf,
  filesIn,
  outputsIn,
  run,
  runProcess,
  syntheticLines,
  writeFiles,
} from '../support/pipeline-run.js'

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), {
  'x.ndjson': `${syntheticLines(200_000)}{"resourceType":"Patient","unknown":1}\n`,
  'sub/y.ndjson': syntheticLines(50_000, 2),
})
const clean = join(folder, 'clean')
await run(input, clean)
const expected = outputsIn(clean)

const EPOCH = '0a1b2c3d'
/** An epoch that goes on: its names are known before the run. */
const continued = JSON.stringify({
  epoch: EPOCH,
  earlier: [],
  holder: { pid: 1, host: 'x', started: '1', token: 'x' },
  isClosed: true,
})

const SECRET = 'nothing may write here'
function victim(name: string): string {
  const path = join(folder, `victim of ${name.replaceAll('/', ' ')}`)
  writeFileSync(path, SECRET)
  return path
}

function link(target: string, path: string): void {
  mkdirSync(join(path, '..'), { recursive: true })
  rmSync(path, { force: true })
  symlinkSync(target, path)
}

function checkVictim(t: Test, path: string, name: string): void {
  t.equal(readFileSync(path, 'utf8'), SECRET, `${name}: what the link leads to is untouched`)
}

// Every name that a run writes under, in the output and in the state.
const IN_OUTPUT = [
  'x.ndjson.part',
  `x.ndjson.${EPOCH}.part`,
  `sub/y.ndjson.${EPOCH}.part`,
  'run.json.part',
  `run.json.${EPOCH}.part`,
]
const IN_STATE = [
  'lock',
  'lock.part',
  `epoch.json.${EPOCH}.part`,
  'run-secrets.json.part',
  'run-secrets.json',
  `run-secrets.json.${EPOCH}.part`,
  'run.json',
  `run.json.${EPOCH}.part`,
  'quarantine/x.ndjson.ndjson',
  journalName('x.ndjson', EPOCH),
  journalName('x.ndjson'),
  journalName('x.ndjson').replace('.journal', '.done'),
  `items/records.${EPOCH}-1.log`,
  `items/records.${EPOCH}-2.log`,
  `items/records.${EPOCH}.first`,
  journalName('x.ndjson').replace('.journal', `.done.${EPOCH}.part`),
]

t.test('a symbolic link where a run writes is replaced, never followed', async (t) => {
  for (const [place, names] of [
    ['', IN_OUTPUT],
    ['.sluice', IN_STATE],
  ] as const) {
    const output = join(folder, `out${place} replaced`)
    writeFiles(`${output}.sluice`, { 'epoch.json': continued })
    for (const name of names) link(victim(`${place} ${name}`), join(`${output}${place}`, name))
    await run(input, output)
    for (const name of names)
      checkVictim(t, join(folder, `victim of ${place} ${name.replaceAll('/', ' ')}`), name)
    for (const [each, bytes] of expected) t.strictSame(filesIn(output).get(each), bytes, each)
    t.notOk(lstatSync(join(output, 'run.json')).isSymbolicLink())
  }
})

t.test('a lock that is a link to nowhere, or to itself, holds nobody', async (t) => {
  for (const target of ['nowhere', 'lock']) {
    const output = join(folder, `lock to ${target}`)
    link(target, join(`${output}.sluice`, 'lock'))
    await run(input, output)
    t.strictSame(outputsIn(output), expected)
    t.notOk(existsSync(join(`${output}.sluice`, target)))
  }
})

t.test('a link in place of the epoch is replaced', async (t) => {
  const output = join(folder, 'epoch')
  const target = victim('epoch')
  link(target, join(`${output}.sluice`, 'epoch.json'))
  await run(input, output)
  checkVictim(t, target, 'epoch')
})

t.test(
  'a link in place of the secrets of a killed run is not overwritten when they are destroyed',
  async (t) => {
    const output = join(folder, 'secrets')
    await runProcess({ input, output, kill: { point: 'before-rename', nth: 1 } })
    const target = victim('secrets')
    link(target, join(`${output}.sluice`, 'run-secrets.json'))
    await run(input, output)
    checkVictim(t, target, 'secrets')
  },
)

t.test('a link to a folder outside of the output is refused before anything is written there', async (t) => {
  const output = join(folder, 'linked')
  const outside = join(folder, 'outside')
  mkdirSync(outside)
  link(outside, join(output, 'sub'))
  t.equal(await codeOf(run(input, output)), 'SINK_UNUSABLE')
  t.strictSame([...filesIn(outside).keys()], [])
  rmSync(join(output, 'sub'))
  mkdirSync(join(output, 'elsewhere'))
  symlinkSync('elsewhere', join(output, 'sub'))
  await run(input, output)
  t.strictSame(
    filesIn(output).get('elsewhere/y.ndjson'),
    expected.get('sub/y.ndjson'),
    'inside it is followed',
  )
})

t.test('the output folder itself may be a link, the state folder may not', async (t) => {
  const real = join(folder, 'real')
  mkdirSync(real)
  link(real, join(folder, 'alias'))
  await run(input, join(folder, 'alias'))
  t.strictSame(outputsIn(real), expected)
  const output = join(folder, 'state')
  const outside = join(folder, 'state outside')
  mkdirSync(outside)
  link(outside, `${output}.sluice`)
  t.equal(await codeOf(run(input, output)), 'SINK_UNUSABLE')
  t.strictSame([...filesIn(outside).keys()], [])
})

t.test("a final name that is a link is somebody else's output; overwriting replaces the link", async (t) => {
  const output = join(folder, 'final')
  const target = victim('final')
  link(target, join(output, 'x.ndjson'))
  t.equal(await codeOf(run(input, output)), 'SINK_CONFLICT')
  checkVictim(t, target, 'conflict')
  await run(input, output, { overwrite: true })
  checkVictim(t, target, 'overwrite')
  t.notOk(lstatSync(join(output, 'x.ndjson')).isSymbolicLink())
})

t.test('metrics files, pages and other small files are not written through a link', async (t) => {
  const metrics = await createMetrics()
  const writers: Readonly<Record<string, (path: string) => Promise<void>>> = {
    metrics: (path) => writeMetricsFile(metrics, path),
    'whole files': (path) => writeWhole(path, 'text', 0o600),
  }
  for (const [name, write] of Object.entries(writers))
    for (const ending of ['', '.part']) {
      const path = join(folder, `small ${name}`)
      const target = victim(`${name}${ending}`)
      link(target, `${path}${ending}`)
      await write(path)
      checkVictim(t, target, name)
      t.notOk(lstatSync(path).isSymbolicLink())
    }
})

t.test('links and folders of names that are not UTF-8 are never passed over in silence', async (t) => {
  const lost = (place: string, ending = ''): Buffer =>
    Buffer.concat([Buffer.from(`${place}/a`), Buffer.from([0xff]), Buffer.from(ending)])
  const source = writeFiles(join(folder, 'lost names'), { 'b.ndjson': '{"resourceType":"Patient"}\n' })
  symlinkSync(join(source, 'b.ndjson'), lost(source, '.ndjson'))
  const { failed, outputs } = await run(source, join(folder, 'lost link'))
  t.match(failed, [{ item: 'a\ufffd.ndjson', code: 'SOURCE_UNUSABLE', message: /UTF-8/ }])
  t.equal(outputs.length, 1, 'the other file is delivered')
  mkdirSync(lost(source))
  await t.rejects(run(source, join(folder, 'lost folder')), { code: 'SOURCE_UNUSABLE', message: /UTF-8/ })
})

t.test('a folder in place of a file of the state is named', async (t) => {
  const output = join(folder, 'state folder')
  mkdirSync(join(`${output}.sluice`, 'run-secrets.json'), { recursive: true })
  await t.rejects(run(input, output), { code: 'STATE_UNREADABLE', at: /run-secrets\.json$/ })
})
