// Holds src/commands/preview/preview.ts, src/commands/preview/text.ts, src/preview/preview.ts,
// src/commands/display/columns.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { verbRun } from '../../support/verb-run.js'

const RULES = [
  { path: 'Resource.id', method: 'cryptoHash' },
  { path: 'Patient.birthDate', method: 'dateShift' },
  { path: 'Patient.gender', method: 'keep' },
  {
    path: 'Patient.name.where(use.exists() or family.exists() or given.exists() or prefix.exists())',
    method: 'redact',
  },
  { path: 'Observation.status', method: 'keep' },
  { path: 'Patient', method: 'redact' },
]

const patient = (at: number): object => ({
  resourceType: 'Patient',
  id: `quark-${at}`,
  gender: 'female',
  birthDate: '1948-03-02',
  name: [{ family: 'Lindqvist', given: ['Maja', 'Berta'] }],
  deceasedBoolean: false,
})

const ndjson = (lines: readonly unknown[]): string =>
  lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')

function places(t: Test) {
  const folder = t.testdir({
    'config.json': JSON.stringify({
      fhirVersion: 'R4',
      fhirPathRules: RULES,
      parameters: { cryptoHashKey: { env: 'NOT_SET_ANYWHERE' }, dateShiftKey: { random: true } },
    }),
    raw: {
      'Patient.ndjson': ndjson(Array.from({ length: 40 }, (_, at) => patient(at))),
      'Observation.ndjson': ndjson([
        { resourceType: 'Observation', status: 'final', code: { text: 'Kirsebaer' } },
        '',
        { resourceType: 'Observation', status: 'final', nickname: 'Kirsebaer' },
        { resourceType: 'Kirsebaer' },
        'Kirsebaer',
      ]),
    },
  })
  return { raw: join(folder, 'raw'), config: join(folder, 'config.json') }
}

const PLANTED = /quark|Lindqvist|Maja|Berta|1948|Kirsebaer|female/

t.test(
  'preview shows lines of each type, masked, with the rules, at 80 columns and without keys',
  async (t) => {
    const { raw, config } = places(t)
    const { exitCode, stdout, stderr } = await verbRun(['preview', '-i', raw, '-c', config, '--sample', '2'])
    t.equal(exitCode, 0, stderr)
    t.equal(stderr, '')
    t.notMatch(stdout, PLANTED)
    const lines = stdout.split('\n')
    t.strictSame(
      lines.filter((line) => line.length > 80),
      [],
    )
    t.match(stdout, /^Patient: 2 of 40 lines$/m)
    t.match(stdout, /^Observation: 2 of 2 lines$/m)
    t.match(stdout, /^~ id +aaa-9+ +hashed +1 cryptoHash$/m)
    t.match(stdout, /^~ birthDate +9999-99-99 +9999-99-99 +2 dateShift$/m)
    t.match(stdout, /^ {2}gender +aaa +aaa +3 keep$/m)
    t.match(stdout, /^- name\[0\]\.given\[0\] … \(2\) +Aaaa +4 redact$/m)
    t.match(
      stdout,
      /^ {2}4 redact {6}Patient\.name\.where\(use\.exists\(\) or family/m,
      'a long path goes on below',
    )
    t.match(stdout, /^ {2}code\.text +Aaaa +Aaaa +no rule$/m)
    t.match(stdout, /^ {2}quarantined: UNKNOWN_ELEMENT at byte \d+\n {2}Observation has a property/m)
    t.match(stdout, /^\(unknown type\): 1 of 1 lines$/m)
    t.match(stdout, /^\(not JSON\): 1 of 1 lines$/m)
    t.match(stdout, /^\+ meta\.security {2}REDACTED, CRYTOHASH, PERTURBED$/m)
    t.match(stdout, /^2 files, 45 lines, .* read: all of it$/m)
    const again = await verbRun(['preview', '-i', raw, '-c', config, '--sample', '2'])
    t.equal(again.stdout, stdout, 'the same every time')
    const other = await verbRun(['preview', '-i', raw, '-c', config, '--sample', '2', '--seed', '7'])
    t.not(other.stdout, stdout, 'other lines')
  },
)

t.test('values are shown where they are asked for, and one type alone', async (t) => {
  const { raw, config } = places(t)
  const words = ['preview', '-i', raw, '-c', config, '--type', 'Patient', '--show-values', '--sample', '1']
  const { stdout } = await verbRun(words)
  t.match(stdout, /^~ birthDate +1948-03-02 +194\d-\d\d-\d\d +2 dateShift$/m)
  t.match(stdout, /^- name\[0\]\.family +Lindqvist +4 redact$/m)
  t.notMatch(stdout, /Observation|not JSON/)
})

t.test('--json has every value of every line, masked, and the rules', async (t) => {
  const { raw, config } = places(t)
  const { stdout } = await verbRun(['preview', '-i', raw, '-c', config, '--sample', '1', '--json'])
  t.notMatch(stdout, PLANTED)
  const document = JSON.parse(stdout)
  t.match(document, {
    keys: 'test',
    read: { items: 2, lines: 45, isWhole: true, tooLong: 0 },
    types: [
      { type: 'Patient', lines: 40, shown: [{ values: [{ place: 'id', outcome: 'hashed', rule: 1 }] }] },
      {},
      {},
      {},
    ],
    rules: RULES.map((rule, at) => ({ number: at + 1, ...rule })),
  })
})

t.test('a bound on what is read reaches into every file, and says so', async (t) => {
  const { raw, config } = places(t)
  const { stdout } = await verbRun(['preview', '-i', raw, '-c', config, '--read', '1kB', '--sample', '1'])
  t.match(stdout, /^Patient: 1 of [1-9]\d? lines$/m)
  t.match(stdout, /^Observation: 1 of [1-9] lines$/m)
  t.match(stdout, /read: the start of each file \(--read takes more\)/)
  writeFileSync(join(raw, 'A.ndjson'), ndjson(Array.from({ length: 40 }, (_, at) => patient(at))))
  const whole = await verbRun(['preview', '-i', raw, '-c', config, '--read', '14kB', '--sample', '1'])
  t.match(whole.stdout, /read: all of it/, 'a large file has what small ones leave')
})

t.test('files, compressed ones and documents are read as by other verbs', async (t) => {
  const { raw, config } = places(t)
  writeFileSync(join(raw, 'more.ndjson.gz'), gzipSync(ndjson([patient(99)])))
  writeFileSync(join(raw, 'bundle.json'), JSON.stringify({ resourceType: 'Bundle', type: 'batch' }, null, 2))
  const file = join(raw, 'more.ndjson.gz')
  t.match((await verbRun(['preview', '-i', file, '-c', config])).stdout, /^Patient: 1 of 1 lines$/m)
  t.match((await verbRun(['preview', '-i', raw, '-c', config])).stdout, /^Bundle: 1 of 1 lines$/m)
})

t.test('what cannot be done ends with 2 or 3 and quotes nothing', async (t) => {
  const { raw, config } = places(t)
  t.match(await verbRun(['preview', '-i', raw]), { exitCode: 2, stderr: /--config is missing/ })
  t.match(await verbRun(['preview', '-c', config]), { exitCode: 2, stderr: /--input is missing/ })
  t.equal((await verbRun(['preview', '-i', join(raw, 'none'), '-c', config])).exitCode, 3)
  t.equal((await verbRun(['preview', '-i', raw, '-c', config, '--sample', '0'])).exitCode, 2)
  t.match(
    (await verbRun(['preview', '-i', raw, '-c', config, '--type', 'Claim'])).stdout,
    /no line was found/,
  )
})
