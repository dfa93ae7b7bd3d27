import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  CONFIG,
  codeOf,
  filesIn,
  KEEP_ALL,
  listen,
  outputsIn,
  run,
  runProcess,
  syntheticLines,
  textIn,
  writeFiles,
} from '../support/pipeline-run.js'

const folder = t.testdir()
const LINE = '{"resourceType":"Patient","id":"a"}\n'
const lines = syntheticLines(500_000)
const input = writeFiles(join(folder, 'in'), { 'x.ndjson': lines })
const clean = join(folder, 'clean')
await run(input, clean)
const expected = outputsIn(clean)

const SLOW = { workers: 1, memoryBudgetBytes: 2 ** 20 }

/** A run that was killed after some chunks. */
async function killed(name: string, overrides = {}): Promise<string> {
  const output = join(folder, name)
  await runProcess({ input, output, overrides, kill: { point: 'after-journal', nth: 5 } })
  return output
}

const journalOf = (output: string): string => {
  const name = [...filesIn(`${output}.sluice`).keys()].find((each) => each.endsWith('.journal')) ?? ''
  return join(`${output}.sluice`, name)
}

t.test('a journal cut or altered anywhere gives the same bytes', async (t) => {
  const damages: Readonly<Record<string, (path: string) => void>> = {
    'cut in its first line': (path) => writeFileSync(path, readFileSync(path).subarray(0, 30)),
    'cut in its third line': (path) =>
      writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, 3).join('\n').slice(0, -9)),
    'with a flipped bit': (path) => {
      const bytes = readFileSync(path)
      const at = Math.floor(bytes.length * 0.6)
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      writeFileSync(path, bytes)
    },
    empty: (path) => writeFileSync(path, ''),
    'not ours': (path) => writeFileSync(path, 'something else\n'),
    'of another boot': (path) =>
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"other"')),
    'followed by half a line': (path) => appendFileSync(path, '0123456789abcdef {"chunk":tr'),
  }
  for (const [name, damage] of Object.entries(damages)) {
    const output = await killed(`journal ${name}`)
    damage(journalOf(output))
    await run(input, output)
    t.strictSame(outputsIn(output), expected, name)
  }
})

t.test('a .part shorter than the journal says is started afresh', async (t) => {
  const output = await killed('part')
  const [part = ''] = [...outputsIn(output).keys()].filter((name) => name.endsWith('.part'))
  writeFileSync(join(output, part), 'short')
  const { events, onEvent } = listen()
  await run(input, output, { onEvent })
  t.strictSame(outputsIn(output), expected)
  t.ok(events.some(({ event }) => event === 'checkpoint.discarded'))
})

t.test('a changed configuration or source starts afresh', async (t) => {
  const output = await killed('changed')
  await run(input, output, { config: KEEP_ALL })
  t.strictSame(filesIn(output).get('x.ndjson'), lines)
  await run(input, output, { config: CONFIG })
  t.strictSame(outputsIn(output), expected, 'an output that we made may be replaced')
  const own = writeFiles(join(folder, 'own'), { 'x.ndjson': LINE })
  await run(own, join(folder, 'own-out'), { config: KEEP_ALL })
  writeFileSync(join(own, 'x.ndjson'), LINE + LINE)
  await run(own, join(folder, 'own-out'), { config: KEEP_ALL })
  t.equal(textIn(join(folder, 'own-out'), 'x.ndjson'), LINE + LINE)
})

t.test('finished work is not redone', async (t) => {
  const changed = statSync(join(clean, 'x.ndjson')).mtimeMs
  const report = await run(input, clean)
  t.match(report.items, { listed: 1, committed: 0, finishedBefore: 1 })
  t.equal(statSync(join(clean, 'x.ndjson')).mtimeMs, changed)
  t.equal(report.lines.read, report.lines.delivered)
})

t.test(
  'an output that this tool did not make is SINK_CONFLICT unless overwriting or skipping is asked for',
  async (t) => {
    const output = writeFiles(join(folder, 'foreign'), { 'x.ndjson': 'mine' })
    t.equal(await codeOf(run(input, output)), 'SINK_CONFLICT')
    t.equal(textIn(output, 'x.ndjson'), 'mine')
    const report = await run(input, output, { skipExisting: true })
    t.match(report.items, { skipped: 1, committed: 0 })
    t.equal(textIn(output, 'x.ndjson'), 'mine')
    await run(input, output, { overwrite: true })
    t.strictSame(outputsIn(output), expected)
    appendFileSync(join(output, 'x.ndjson'), 'changed by hand')
    t.equal(await codeOf(run(input, output)), 'SINK_CONFLICT', 'one that was changed since')
  },
)

t.test('a run.json that this tool did not make is SINK_CONFLICT', async (t) => {
  const output = writeFiles(join(folder, 'foreign-report'), { 'run.json': '{"mine":true}' })
  t.equal(await codeOf(run(input, output)), 'SINK_CONFLICT')
  writeFiles(output, { 'x.ndjson': 'mine' })
  t.equal(await codeOf(run(input, output, { skipExisting: true })), 'SINK_CONFLICT', 'nothing is left to do')
  const empty = writeFiles(join(folder, 'nothing'), {})
  t.equal(await codeOf(run(empty, output)), 'SINK_CONFLICT', 'nothing to read')
  t.equal(textIn(output, 'run.json'), '{"mine":true}')
  await run(empty, output, { overwrite: true })
  t.match(textIn(output, 'run.json'), /fhir-sluice/)
})

t.test('two runs at once on one output: the second is SINK_LOCKED, the first ends well', async (t) => {
  const output = join(folder, 'two')
  let second: string | undefined
  let tried: Promise<void> | undefined
  await run(input, output, {
    faultPoint: (point) => {
      if (point !== 'slab-read' || tried !== undefined) return
      tried = codeOf(run(input, output)).then((code) => {
        second = code
      })
    },
  })
  await tried
  t.equal(second, 'SINK_LOCKED')
  t.strictSame(outputsIn(output), expected)
  t.notOk(filesIn(`${output}.sluice`).has('lock'))
})

t.test('SIGTERM leaves a checkpoint, and the next run is byte-identical', async (t) => {
  const output = join(folder, 'term')
  const trace = join(folder, 'term.trace')
  const ended = await runProcess({ input, output, trace, overrides: SLOW }, (end) => {
    const timer = setInterval(() => {
      let text = ''
      try {
        text = readFileSync(trace, 'utf8')
      } catch {
        return
      }
      if (!text.includes('after-journal')) return
      clearInterval(timer)
      end('SIGTERM')
    }, 1)
  })
  t.equal(ended.stderr, 'INTERRUPTED')
  t.equal(ended.exitCode, 6)
  t.notOk(filesIn(output).has('x.ndjson'), 'nothing half-written is visible')
  const { events, onEvent } = listen()
  await run(input, output, { ...SLOW, onEvent })
  t.ok(events.some(({ event }) => event === 'item.resumed'))
  t.strictSame(outputsIn(output), expected)
  t.notOk(outputsIn(output).has('x.ndjson.part'))
})

t.test(
  'a random key survives a kill, differs from run to run, and is destroyed when the run is complete',
  async (t) => {
    const config = { ...CONFIG, parameters: { ...CONFIG.parameters, cryptoHashKey: { random: true } } }
    const output = join(folder, 'random')
    await runProcess({ input, output, config, kill: { point: 'after-journal', nth: 5 } })
    const secrets = join(`${output}.sluice`, 'run-secrets.json')
    t.equal(statSync(secrets).mode & 0o777, 0o600)
    const { keys } = JSON.parse(readFileSync(secrets, 'utf8')).secrets
    await run(input, output, { config })
    t.equal(filesIn(output).get('x.ndjson')?.length, expected.get('x.ndjson')?.length)
    for (const place of [output, `${output}.sluice`])
      for (const [name, bytes] of filesIn(place)) t.notOk(bytes.includes(keys.cryptoHashKey), name)
    // The same key all through: as a run with that key given.
    const given = { ...CONFIG, parameters: { ...CONFIG.parameters, cryptoHashKey: keys.cryptoHashKey } }
    await run(input, join(folder, 'given'), { config: given })
    t.strictSame(outputsIn(output), outputsIn(join(folder, 'given')))
    const first = filesIn(output).get('x.ndjson')
    await run(input, output, { config })
    t.notSame(filesIn(output).get('x.ndjson'), first)
  },
)

const mounted = (path: string, bytes: number): string | false => {
  mkdirSync(path, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'ignore' })
    return false
  } catch {
    console.log('# skipped: a tmpfs cannot be mounted here')
    return 'a tmpfs cannot be mounted here'
  }
}

// Not in the test's folder, which is removed while it is still mounted.
const disk = mkdtempSync(join(tmpdir(), 'sluice-disk-'))
const skip = mounted(disk, 256 * 1024)
t.teardown(() => {
  if (skip === false) execFileSync('umount', [disk])
  rmSync(disk, { recursive: true })
})
t.test(
  'a full disk is SINK_FULL, nothing half-written is left, and with room the run completes',
  { skip },
  async (t) => {
    const output = join(disk, 'out')
    t.equal(await codeOf(run(input, output)), 'SINK_FULL')
    t.strictSame([...outputsIn(output).keys()], [])
    execFileSync('mount', ['-o', 'remount,size=4m', disk])
    await run(input, output)
    t.strictSame(outputsIn(output), expected)
  },
)

t.test('an output that cannot be written is SINK_UNWRITABLE', async (t) => {
  writeFiles(folder, { file: 'x' })
  t.equal(await codeOf(run(input, join(folder, 'file', 'out'))), 'SINK_UNWRITABLE')
  writeFiles(join(folder, 'state'), { 'out.sluice': 'a file where the state should be' })
  t.equal(await codeOf(run(input, join(folder, 'state', 'out'))), 'SINK_UNWRITABLE')
})
