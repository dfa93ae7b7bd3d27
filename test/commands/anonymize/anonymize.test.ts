// Holds src/commands/store-access.ts, src/commands/display/report-text.ts,
// src/commands/display/run-display.ts, src/commands/display/run-metrics.ts,
// src/commands/display/with-run-display.ts, src/commands/anonymize/early-start.ts, src/config/anonymizer/configuration-file.ts,
// src/config/anonymizer/rules.ts, src/config/anonymizer/schema.ts, src/config/anonymizer/method-settings.ts.

import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sluice, startSluice } from '../../support/sluice.js'

const KEY = 'CANARY-KEY-0123456789-0123456789'
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: 'Patient.name', method: 'redact' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Patient.address.city', method: 'encrypt' },
  ],
  parameters: {
    cryptoHashKey: `hash-${KEY}`,
    dateShiftKey: `shift-${KEY}`,
    encryptKey: 'CANARY-KEY-9876543210-fedcba-dry',
  },
}
const patient = (number: number): string =>
  JSON.stringify({
    resourceType: 'Patient',
    id: `CANARY-ID-${number}`,
    name: [{ family: 'CANARY-FAMILY', given: [`CANARY-GIVEN-${number}`] }],
    birthDate: '1970-05-17',
    address: [{ city: 'CANARY-CITY' }],
    maritalStatus: { text: 'x'.repeat(200) },
  })
const patients = (count: number): string =>
  Array.from({ length: count }, (_, n) => `${patient(n)}\n`).join('')

/** A folder with a configuration and inputs; paths are relative to it. */
function workFolder(t: Test, inputs: Readonly<Record<string, string>>, config: object = CONFIG): string {
  const folder = t.testdir({ 'config.json': JSON.stringify(config), in: {} })
  for (const [name, text] of Object.entries(inputs)) {
    mkdirSync(join(folder, 'in', name, '..'), { recursive: true })
    writeFileSync(join(folder, 'in', name), text)
  }
  return folder
}

const WORDS = ['anonymize', '-i', 'in', '-o', 'out', '-c', 'config.json', '--as-of', '2026-11-21']

const SLOW_METHOD = `
import { existsSync } from 'node:fs'
const isSlow = existsSync(new URL('./slow', import.meta.url))
const cell = new Int32Array(new SharedArrayBuffer(4))
export default () => {
  if (isSlow) Atomics.wait(cell, 0, 0, 6)
  return { json: undefined }
}`

/** A folder whose second input takes nine seconds while a file named slow stands in it, and no time otherwise. */
function slowFolder(t: Test): { readonly cwd: string; setSlow(isSlow: boolean): void } {
  const cwd = workFolder(
    t,
    { 'a.ndjson': patients(1), 'b.ndjson': patients(1500) },
    {
      ...CONFIG,
      fhirPathRules: [...CONFIG.fhirPathRules, { path: 'Patient.maritalStatus.text', method: 'wait' }],
      customMethods: { wait: './wait.mjs' },
    },
  )
  writeFileSync(join(cwd, 'wait.mjs'), SLOW_METHOD)
  const flag = join(cwd, 'slow')
  return { cwd, setSlow: (isSlow) => (isSlow ? writeFileSync(flag, '') : rmSync(flag, { force: true })) }
}

/** Relative path → hash of every file below a folder, without the report, which holds times. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => statSync(join(folder, name)).isFile() && name !== 'run.json',
  )
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex')
  return Object.fromEntries(files.sort().map((name) => [name, hash(name)]))
}

t.test('a folder is anonymized under the same names; run again, nothing is redone', async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': patients(3), 'sub/b.ndjson': patients(2) })
  const first = await sluice([...WORDS, '--json'], { cwd })
  t.equal(first.exitCode, 0, first.stderr)
  const report = JSON.parse(first.stdout) as object
  t.match(report, { items: { committed: 2 }, lines: { read: 5, delivered: 5 }, asOf: '2026-11-21' })
  t.same(JSON.parse(readFileSync(join(cwd, 'out.sluice', 'run.json'), 'utf8')), report)
  t.match(JSON.parse(readFileSync(join(cwd, 'out', 'run.json'), 'utf8')), {
    lines: { read: 5, delivered: 5 },
  })
  t.same(Object.keys(contents(join(cwd, 'out'))), ['a.ndjson', 'sub/b.ndjson'])
  const again = await sluice(WORDS, { cwd })
  t.equal(again.exitCode, 0)
  t.match(again.stdout, '0 of 2 files anonymized (2 finished before)')
})

for (const [name, inputs, isWarned] of [
  ['only empty files', { 'a.ndjson': '', 'b.json': '' }, true],
  ['only blank lines', { 'a.ndjson': '\n \r\n' }, true],
  ['only lines that are bad', { 'a.ndjson': 'x\n' }, true],
  ['an empty file beside a full one', { 'a.ndjson': '', 'b.ndjson': patients(1) }, false],
] as const)
  t.test(`${name}: ${isWarned ? 'a' : 'no'} warning that nothing was delivered`, async (t) => {
    const cwd = workFolder(t, inputs)
    for (const run of ['first', 'again']) {
      const { exitCode, stdout } = await sluice(WORDS, { cwd })
      t.equal(exitCode, name.endsWith('bad') ? 10 : 0, run)
      t.equal(/WARNING: no resource was delivered/.test(stdout), isWarned, run)
    }
  })

t.test("the Microsoft tool's flags give the same outputs", async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': patients(3) })
  await sluice(WORDS, { cwd })
  const { exitCode, stderr } = await sluice(
    [
      ...['anonymize', '--inputFolder', 'in', '--outputFolder', 'out2', '--configFile', 'config.json'],
      ...['-b', '-r', '-s', '-v', '--validateInput', '--validateOutput', '--as-of', '2026-11-21'],
    ],
    { cwd },
  )
  t.equal(exitCode, 0, stderr)
  t.same(contents(join(cwd, 'out2')), contents(join(cwd, 'out')))
})

t.test('-s skips an input whose output exists, also one of another configuration', async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': patients(1) })
  mkdirSync(join(cwd, 'out'))
  writeFileSync(join(cwd, 'out', 'a.ndjson'), 'mine\n')
  t.equal((await sluice(WORDS, { cwd })).exitCode, 4, 'an output that is not ours is no place to write')
  t.equal(readFileSync(join(cwd, 'out', 'a.ndjson'), 'utf8'), 'mine\n')
  const skipped = await sluice([...WORDS, '-s'], { cwd })
  t.equal(skipped.exitCode, 0, skipped.stderr)
  t.match(skipped.stdout, '1 skipped')
  t.equal(readFileSync(join(cwd, 'out', 'a.ndjson'), 'utf8'), 'mine\n')
  t.equal((await sluice([...WORDS, '--overwrite'], { cwd })).exitCode, 0)
  t.match(readFileSync(join(cwd, 'out', 'a.ndjson'), 'utf8'), /^\{"resourceType":"Patient"/)
})

t.test('parts of others, also behind a missing one, give way to --overwrite only', async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': patients(12_000) })
  const out = join(cwd, 'out')
  const split = [...WORDS, '--split-bytes', '64KiB']
  t.equal((await sluice([...WORDS.slice(0, 3), '-o', 'whole', ...WORDS.slice(5)], { cwd })).exitCode, 0)
  mkdirSync(out)
  writeFileSync(join(out, 'a-00002.ndjson'), 'mine\n')
  const refused = await sluice(split, { cwd })
  t.equal(refused.exitCode, 4)
  t.match(refused.stderr, 'sluice: SINK_CONFLICT: a-00002.ndjson: follows a missing part')
  const whole = Object.keys(contents(out)).filter((name) => !name.endsWith('.part'))
  t.same(whole, ['a-00002.ndjson'], 'nothing is put beside it')
  const overwritten = await sluice([...split, '--overwrite'], { cwd })
  t.equal(overwritten.exitCode, 0, overwritten.stderr)
  const parts = Object.keys(contents(out))
  t.ok(parts.length > 1, `${parts}`)
  t.equal(
    parts.map((name) => readFileSync(join(out, name), 'utf8')).join(''),
    readFileSync(join(cwd, 'whole', 'a.ndjson'), 'utf8'),
  )
})

t.test('stdin goes to stdout, the same bytes as from file to file, and stderr has the counts', async (t) => {
  const stdin = patients(5)
  const cwd = workFolder(t, { '-': stdin })
  const stream = await sluice(['anonymize', '-i', '-', '-o', '-', ...WORDS.slice(5)], { cwd, stdin })
  t.equal(stream.exitCode, 0, stream.stderr)
  t.equal(stream.stdout.split('\n').length, 6)
  t.match(stream.stderr, '5 lines: 5 delivered, 0 quarantined, 0 blank')
  const refused = await sluice(['anonymize', '-i', '-', '-o', '-', ...WORDS.slice(5), '--overwrite'], { cwd })
  t.equal(refused.exitCode, 2)
})

const BAD = '{"resourceType":"Patient","CANARY-KEY":"CANARY-VALUE"}\n'

t.test('exit code 10 where lines were quarantined, 3 where that is too many or not allowed', async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': `${patients(3)}${BAD}not JSON: CANARY-TEXT\n${patients(2)}` })
  const { exitCode, stdout } = await sluice(WORDS, { cwd })
  t.equal(exitCode, 10)
  t.match(stdout, '7 lines: 5 delivered, 2 quarantined, 0 blank')
  const place = /^quarantine: (.*)$/m.exec(stdout)?.[1] ?? ''
  const quarantined = readFileSync(join(place, 'a.ndjson.ndjson'), 'utf8').trim().split('\n')
  t.match(
    quarantined.map((line) => JSON.parse(line)),
    [
      { line: 4, code: 'UNKNOWN_ELEMENT' },
      { line: 5, code: 'INVALID_JSON' },
    ],
  )
  for (const [output, words] of [
    ['out3', ['--on-bad-line', 'fail']],
    ['out4', ['--max-quarantined', '1']],
    ['out5', ['--max-quarantined', '20%']],
  ] as const) {
    const failed = await sluice([...WORDS.map((word) => (word === 'out' ? output : word)), ...words], { cwd })
    t.equal(failed.exitCode, 3, words.join(' '))
    const visible = Object.keys(contents(join(cwd, output))).filter((name) => !name.endsWith('.part'))
    t.same(visible, [], 'nothing is committed')
  }
  const allowed = await sluice([...WORDS.with(4, 'out6'), '--max-quarantined', '30%'], { cwd })
  t.equal(allowed.exitCode, 10)
})

t.test('exit codes for a source and a sink that cannot be had', async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': patients(1) })
  writeFileSync(join(cwd, 'file'), '')
  t.equal((await sluice(WORDS.with(2, 'absent'), { cwd })).exitCode, 3)
  t.equal((await sluice(WORDS.with(4, 'file/out'), { cwd })).exitCode, 4)
  t.equal((await sluice(WORDS.with(4, 'in/out'), { cwd })).exitCode, 2)
  t.equal((await sluice(WORDS.with(6, 'absent.json'), { cwd })).exitCode, 2)
})

t.test(
  'No patient data outside the outputs: no canary, no key in stdout, stderr, metrics, report, state',
  async (t) => {
    const inputs = {
      'a.ndjson': `${patients(20)}${BAD}{"resourceType":"CANARY-TYPE"}\n{"CANARY-\n"CANARY"\n[["CANARY"]]\n`,
      'b.json': '{"resourceType":"Patient","id":"CANARY-ID"',
    }
    const cwd = workFolder(t, inputs)
    for (const extra of [[], ['--json'], ['-v'], ['--on-bad-line', 'fail']]) {
      const { stdout, stderr } = await sluice(
        [...WORDS, '--metrics-file', 'metrics.prom', '--overwrite', ...extra],
        { cwd },
      )
      t.notMatch(stdout + stderr, 'CANARY', extra.join(' '))
    }
    t.notMatch(readFileSync(join(cwd, 'metrics.prom'), 'utf8'), 'CANARY')
    const outputs = readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.startsWith('out'),
    )
    t.ok(outputs.some((name) => name.endsWith('run.json')))
    for (const name of outputs) {
      t.notMatch(name, 'CANARY')
      if (statSync(join(cwd, name)).isFile())
        t.notMatch(readFileSync(join(cwd, name), 'latin1'), 'CANARY', name)
    }
  },
)

t.test(
  'Kill it at any moment and run it again: interrupted by a signal, exit code 6, then the same bytes',
  async (t) => {
    const { cwd, setSlow } = slowFolder(t)
    const whole = await sluice(WORDS.with(4, 'whole'), { cwd })
    t.equal(whole.exitCode, 0, whole.stderr)
    for (const [signal, times] of [
      ['SIGINT', 1],
      ['SIGTERM', 1],
      ['SIGINT', 2],
    ] as const) {
      const output = `${signal}-${times}`
      setSlow(true)
      // One for each input: the slow one must not come first.
      const running = startSluice([...WORDS.with(4, output), '--workers', '2'], { cwd })
      await running.saw('"item.committed"')
      for (let n = 0; n < times; n++) running.child.kill(signal)
      const { exitCode, stderr } = await running.finished
      t.equal(exitCode, 6, `${output}: ${stderr}`)
      t.equal(readdirSync(join(cwd, output)).filter((name) => !name.includes('part')).length, 1)
      setSlow(false)
      const rest = await sluice([...WORDS.with(4, output), '--json'], { cwd })
      t.equal(rest.exitCode, 0, rest.stderr)
      t.match(JSON.parse(rest.stdout), { items: { finishedBefore: 1, committed: 1 } })
      t.same(contents(join(cwd, output)), contents(join(cwd, 'whole')))
    }
  },
)

t.test('a reader that goes away does not end the run: stdout and stderr closed', async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': patients(100) })
  const running = startSluice(WORDS, { cwd })
  running.child.stdout.destroy()
  running.child.stderr.destroy()
  t.equal((await running.finished).exitCode, 0)
  t.same(Object.keys(contents(join(cwd, 'out'))), ['a.ndjson'])
})

t.test('a log pipe that nobody reads does not stop the run', async (t) => {
  const inputs = Object.fromEntries(
    Array.from({ length: 400 }, (_, n) => [`${'long-name-'.repeat(18)}${n}.ndjson`, patients(1)]),
  )
  const cwd = workFolder(t, inputs)
  const running = startSluice(WORDS, { cwd, leaveStderr: true })
  t.equal((await running.finished).exitCode, 0)
  t.equal(Object.keys(contents(join(cwd, 'out'))).length, 400)
})

t.test('a metrics port that is taken is an error before anything starts', async (t) => {
  const cwd = workFolder(t, { 'a.ndjson': patients(1) })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { exitCode, stderr } = await sluice([...WORDS, '--metrics-port', String(port)], { cwd })
  t.equal(exitCode, 2)
  t.match(stderr, 'METRICS_UNAVAILABLE')
  t.notOk(readdirSync(cwd).includes('out'))
})

t.test('metrics are served on loopback while the run works', async (t) => {
  const { cwd, setSlow } = slowFolder(t)
  setSlow(true)
  const running = startSluice([...WORDS, '--metrics-port', '0', '--workers', '1'], { cwd })
  const url = /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(await running.saw('"metrics.served"'))?.[0] ?? ''
  await running.saw('"run.started"')
  const text = await (await fetch(url)).text()
  t.match(text, /^sluice_\w+ /m)
  running.child.kill('SIGINT')
  t.equal((await running.finished).exitCode, 6)
})

t.test('random keys differ from run to run and leave nothing behind', async (t) => {
  const config = { ...CONFIG, parameters: { cryptoHashKey: { random: true } } }
  const cwd = workFolder(
    t,
    { 'a.ndjson': patients(2) },
    { ...config, fhirPathRules: CONFIG.fhirPathRules.slice(0, 2) },
  )
  for (const output of ['one', 'two']) t.equal((await sluice(WORDS.with(4, output), { cwd })).exitCode, 0)
  t.not(contents(join(cwd, 'one'))['a.ndjson'], contents(join(cwd, 'two'))['a.ndjson'])
  const missing = { ...config, parameters: {} }
  writeFileSync(join(cwd, 'config.json'), JSON.stringify(missing))
  const refused = await sluice(WORDS.with(4, 'three'), { cwd })
  t.equal(refused.exitCode, 2)
  t.match(refused.stderr, 'KEY_MISSING')
  t.equal((await sluice([...WORDS.with(4, 'three'), '--allow-random-keys'], { cwd })).exitCode, 0)
})
