import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { exitCodeOf } from '../../src/commands/exit-codes.js'
import { FAULT_POINTS } from '../../src/pipeline/options.js'
import { entryOf } from '../support/elements.js'
import { filesIn, outputsIn, run, syntheticLines, writeFiles } from '../support/pipeline-run.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { verbRun } from '../support/verb-run.js'

const folder = t.testdir()
const input = writeFiles(join(folder, 'in'), {
  'x.ndjson': `${syntheticLines(60_000)}{"resourceType":"Patient","unknown":1}\n`,
  'sub/y.ndjson': syntheticLines(20_000, 2),
  'z.json': '{"resourceType":"Patient","id":"z"}',
})
const OPTIONS = {
  chunkBytes: 8192,
  workers: 1,
  lockTimes: { beatEveryMs: 100, staleAfterMs: 300, lookEveryMs: 50 },
}
const clean = join(folder, 'clean')
await run(input, clean, OPTIONS)
const expected = outputsIn(clean)

/** What becomes of a file of the state; what it is given is one of the state's other files. */
const DAMAGES: Readonly<Record<string, (path: string, random: Random, other: string) => void>> = {
  cut: (path, random) => truncateSync(path, random.below(statSync(path).size + 1)),
  flipped: (path, random) => {
    const bytes = readFileSync(path)
    for (let count = random.between(1, 3); count > 0 && bytes.length > 0; count -= 1) {
      const at = random.below(bytes.length)
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at)
    }
    writeFileSync(path, bytes)
  },
  gone: (path) => rmSync(path),
  empty: (path) => writeFileSync(path, ''),
  zeros: (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  twice: (path) => appendFileSync(path, readFileSync(path)),
  garbage: (path, random) => writeFileSync(path, random.text(200)),
  'of another file': (path, _, other) => writeFileSync(path, readFileSync(other)),
  'other JSON': (path, random) =>
    writeFileSync(
      path,
      random.pick(['null', '[]', '{}', '7', '"x"', '[null]', '{"done":1}', '{"epoch":"x"}\n{']),
    ),
  'of another version': (path) =>
    writeFileSync(
      path,
      readFileSync(path, 'latin1').replaceAll(/"(done|version|format|epoch)":/g, '"$1Next":'),
      'latin1',
    ),
  'a folder': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
}

/** A run that was interrupted when a random point was reached a random time, or went on to its end. */
async function leave(random: Random, output: string): Promise<string> {
  const controller = new AbortController()
  const point = random.pick(FAULT_POINTS)
  let left = random.between(1, 6)
  const running = run(input, output, {
    ...OPTIONS,
    signal: controller.signal,
    faultPoint: (reached) => {
      if (reached === point && --left === 0) controller.abort()
    },
  })
  const ended = await running.then(
    () => 'complete',
    () => 'interrupted',
  )
  return `${ended} (${point})`
}

function damage(random: Random, state: string): string {
  const done: string[] = []
  for (let count = random.between(1, 3); count > 0; count -= 1) {
    const files = readdirSync(state, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(state, name)).isFile(),
    )
    if (files.length === 0) break
    const [file, other] = [random.pick(files), random.pick(files)]
    const what = random.pick(Object.keys(DAMAGES))
    entryOf(DAMAGES, what)(join(state, file), random, join(state, other))
    done.push(`${file} ${what}`)
  }
  return done.join(', ')
}

/** Everything under a final name is a whole output of the undisturbed run. */
function checkWhole(t: Test, output: string, name: string): void {
  for (const [file, bytes] of outputsIn(output))
    if (!file.endsWith('.part'))
      t.ok(expected.get(file)?.equals(bytes), `${name}: ${file} is whole and right`)
}

async function check(t: Test, random: Random, output: string): Promise<void> {
  const left = await leave(random, output)
  const name = `${left}: ${damage(random, `${output}.sluice`)}`
  t.comment(name)
  let error: unknown
  await run(input, output, OPTIONS).catch((thrown: unknown) => {
    error = thrown
  })
  checkWhole(t, output, name)
  if (error !== undefined) {
    const exitCode = exitCodeOf(error)
    t.ok([2, 4].includes(exitCode), `${name}: a documented error: ${exitCode} ${error}`)
    const state = `${output}.sluice`
    cpSync(state, `${output}.set-aside`, { recursive: true })
    rmSync(state, { recursive: true })
    await run(input, output, { ...OPTIONS, overwrite: true })
  }
  t.strictSame(
    [...outputsIn(output).keys()],
    [...expected.keys()],
    `${name}: all outputs are there, and no other`,
  )
  checkWhole(t, output, name)
  t.equal((await verbRun(['check', output])).exitCode, 0, `${name}: proven`)
  t.notOk(existsSync(join(`${output}.sluice`, 'run-secrets.json')), `${name}: the secrets are gone`)
  const report = JSON.parse(filesIn(`${output}.sluice`).get('run.json')?.toString() ?? '{}')
  t.equal(report.lines.read, report.lines.delivered + report.lines.quarantined + report.lines.blank, name)
}

t.test(
  'whatever became of the state of a run, the next one gives the same outputs or says why',
  { timeout: 0 },
  async (t) => {
    const random = seededRandom('states')
    const end = Date.now() + fuzzSeconds(6) * 1000
    let rounds = 0
    for (; Date.now() < end && t.passing(); rounds += 1) {
      const output = join(folder, `round-${rounds}`)
      await t.test(`round ${rounds}`, (t) => check(t, random, output))
    }
    t.comment(`${rounds} states`)
    t.ok(rounds > 0)
  },
)
