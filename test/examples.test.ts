import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { projectRoot } from './support/shared.js'
import { sluice } from './support/sluice.js'

const NAMES = /Lindqvist|Maja|Okafor|Chidi|Portland|Albany/

/** A copy of the examples; the package finds itself by name there, as it does for a user. */
function examples(t: Test): string {
  const folder = join(t.testdir(), 'examples')
  cpSync(join(projectRoot, 'examples'), folder, { recursive: true })
  return folder
}

const parsedLines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

t.test('library: lines from stdin come out anonymized', async (t) => {
  const folder = examples(t)
  const input = readFileSync(join(folder, 'data', 'Patient.ndjson'), 'utf8')
  const run = (lines: string) =>
    spawnSync(process.execPath, [join(folder, 'library', 'anonymize-lines.js')], {
      input: lines,
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '' },
    })
  const { status, stdout, stderr } = run(input)
  t.equal(status, 0, stderr)
  t.match(parsedLines(stdout), [{ gender: 'female' }, { gender: 'male' }])
  t.notMatch(stdout, NAMES)
  const bad = run(`{"resourceType":"Patient","nickname":"Maja"}\n${input}`)
  t.equal(bad.status, 10)
  t.match(bad.stderr, /^line 1, byte \d+: UNKNOWN_ELEMENT/)
  t.notMatch(bad.stderr, NAMES)
  t.equal(parsedLines(bad.stdout).length, 2)
})

t.test('custom method: names become initials', async (t) => {
  const folder = examples(t)
  const config = join(folder, 'custom-method', 'config.json')
  t.match(await sluice(['lint', config, '--strict']), { exitCode: 0 })
  const out = join(folder, 'out')
  const { exitCode, stderr } = await sluice([
    'anonymize',
    '-i',
    join(folder, 'data'),
    '-o',
    out,
    '-c',
    config,
  ])
  t.equal(exitCode, 0, stderr)
  t.match(parsedLines(readFileSync(join(out, 'Patient.ndjson'), 'utf8')), [
    { name: [{ family: 'L.', given: ['M.'] }], gender: 'female' },
    { name: [{ family: 'O.', given: ['C.'] }], gender: 'male' },
  ])
})

t.test('pipeline: a run lands in a dated folder of the lake', async (t) => {
  const folder = examples(t)
  const pipeline = join(folder, 'pipeline', 'pipeline.json')
  t.match(await sluice(['run', pipeline, '--check']), { exitCode: 0 })
  const { exitCode, stderr } = await sluice(['run', pipeline])
  t.equal(exitCode, 0, stderr)
  const lake = join(folder, 'pipeline', 'lake')
  const [run = '', ...others] = readdirSync(lake)
  t.match(run, /^\d{4}-\d\d-\d\dT\d{4}Z-[0-9a-f]{8}$/)
  t.strictSame(others, [])
  t.ok(existsSync(join(lake, run, 'run.json')))
  const output = readFileSync(join(lake, run, 'Patient.ndjson'), 'utf8')
  t.equal(parsedLines(output).length, 2)
  t.notMatch(output, NAMES)
})

t.test('tested configuration: its tests pass, and lint has nothing to say', async (t) => {
  const folder = examples(t)
  const config = join(folder, 'tested-configuration', 'config.yaml')
  const { exitCode, stdout, stderr } = await sluice(['test', '-c', config])
  t.equal(exitCode, 0, stdout + stderr)
  t.match(stdout, '3 passed, 0 failed')
  const page = readFileSync(join(projectRoot, 'docs', 'test.md'), 'utf8')
  const ofPage = join(folder, 'page.yaml')
  writeFileSync(ofPage, /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '')
  t.match(await sluice(['test', '-c', config, ofPage]), { exitCode: 0, stdout: '1 passed, 0 failed' })
  const env = {
    EXAMPLE_HASH_KEY: 'hash: walnut, tundra, 9 lamps',
    EXAMPLE_SHIFT_KEY: 'shift: pelican, ember, 4 rivers',
  }
  t.match(await sluice(['lint', config, '--strict'], { env }), { exitCode: 0 })
})
