// Holds src/commands/test/test.ts, src/commands/test/test-files.ts, src/commands/test/text.ts,
// src/commands/test/tap.ts, src/commands/test/junit.ts, src/commands/test/against.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { verbRun } from '../../support/verb-run.js'

const PATIENT = { resourceType: 'Patient', id: 'maja', gender: 'female', name: [{ family: 'Lindqvist' }] }

function places(t: Test, tests: Readonly<Record<string, string>>) {
  const folder = t.testdir({
    'config.json': JSON.stringify({
      fhirVersion: 'R4',
      fhirPathRules: [
        { path: 'Resource.id', method: 'cryptoHash' },
        { path: 'Patient.gender', method: 'keep' },
        { path: 'Patient', method: 'redact' },
      ],
      parameters: { cryptoHashKey: { env: 'NOT_SET_ANYWHERE' } },
    }),
    tests,
  })
  return { folder, config: join(folder, 'config.json'), tests: join(folder, 'tests') }
}

const json = (...tests: readonly object[]): string => JSON.stringify({ tests })
const GOOD = json({ name: 'gender stays', given: PATIENT, expect: { 'Patient.gender': 'kept' } })
const BAD = json(
  {
    name: 'names stay & <so on> #1',
    given: PATIENT,
    expect: { 'Patient.name': 'kept', 'Patient.gender': 'absent' },
  },
  { name: 'id', given: PATIENT, never: ['maja'] },
)

t.test('the tests beside a configuration run without its keys, and pass with 0 or fail with 7', async (t) => {
  const { config, tests } = places(t, { 'a.json': GOOD })
  const { exitCode, stdout, stderr } = await verbRun(['test', '-c', config])
  t.equal(exitCode, 0, stderr)
  t.match(stdout, /a\.json\n {2}✓ gender stays\n1 passed, 0 failed; with public test keys/)
  writeFileSync(
    join(tests, 'b.yaml'),
    'name: id stays\ngiven: { resourceType: Patient, id: maja }\nexpect: { Patient.id: kept }\n',
  )
  const failed = await verbRun(['test', '-c', config])
  t.equal(failed.exitCode, 7)
  t.match(
    failed.stdout,
    /✗ id stays\n {6}Patient\.id: expected kept, but id was changed by rule 1\n1 passed, 1 failed/,
  )
  t.notMatch(failed.stdout, 'maja')
  t.match(
    (await verbRun(['test', '-c', config, '--show-values'])).stdout,
    /\(before "maja", after "[0-9a-f]{64}"\)/,
  )
  t.equal((await verbRun(['test', '-c', config, join(tests, 'a.json')])).exitCode, 0, 'one file alone')
})

t.test('TAP and JUnit say the same, with everything escaped', async (t) => {
  const { folder, config } = places(t, { 'a.json': GOOD, 'b.json': BAD })
  const junit = join(folder, 'results.xml')
  const { exitCode, stdout } = await verbRun(['test', '-c', config, '--tap', '--junit', junit])
  t.equal(exitCode, 7)
  const lines = stdout.split('\n').filter((line) => !line.startsWith('#'))
  t.strictSame(lines, [
    'TAP version 14',
    '1..3',
    'ok 1 - gender stays',
    'not ok 2 - names stay & <so on> \\#1',
    '  ---',
    '  failures:',
    '    - "Patient.name: expected kept, but name[0].family was removed by rule 3"',
    '    - "Patient.gender: expected absent, but gender was kept by rule 2"',
    '  ...',
    'ok 3 - id',
    '',
  ])
  const xml = readFileSync(junit, 'utf8')
  t.match(
    xml,
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites tests="3" failures="1" errors="0" time="[\d.]+">/,
  )
  t.match(xml, 'name="names stay &amp; &lt;so on&gt; #1"')
  t.match(xml, /<failure message="Patient\.name: expected kept/)
  t.equal(xml.match(/<testcase /g)?.length, 3)
  t.equal((await verbRun(['test', '-c', config, '--junit', junit])).exitCode, 7, 'its own file is replaced')
  const refused = await verbRun(['test', '-c', config, '--junit', config])
  t.match(refused, { exitCode: 2, stderr: /--junit names a file that Sluice did not write/ })
})

t.test('--json has all results, values only where they are asked for', async (t) => {
  const { config } = places(t, { 'b.json': BAD })
  const { stdout } = await verbRun(['test', '-c', config, '--json'])
  t.match(JSON.parse(stdout), {
    keys: 'test',
    files: [
      {
        tests: [
          { passed: false, failures: [{ at: 'Patient.name' }, { at: 'Patient.gender' }] },
          { passed: true },
        ],
      },
    ],
  })
  t.notMatch(stdout, /female|Lindqvist/)
  t.match((await verbRun(['test', '-c', config, '--json', '--show-values'])).stdout, 'Lindqvist')
})

t.test('--update writes golden outputs, and what differs from them fails', async (t) => {
  const { config, tests } = places(t, { 'a.json': json({ name: 'all of it', given: PATIENT }) })
  t.match(await verbRun(['test', '-c', config]), { exitCode: 2, stderr: /test "all of it" checks nothing/ })
  const updated = await verbRun(['test', '-c', config, '--update'])
  t.equal(updated.exitCode, 0, updated.stderr)
  const golden = join(tests, 'a.golden.json')
  t.match(updated.stdout, `wrote ${golden}`)
  t.match(JSON.parse(readFileSync(golden, 'utf8')), {
    'all of it': [{ resourceType: 'Patient', id: /^[0-9a-f]{64}$/, gender: 'female', name: undefined }],
  })
  t.equal((await verbRun(['test', '-c', config])).exitCode, 0)
  t.notMatch((await verbRun(['test', '-c', config, '--update'])).stdout, 'wrote', 'nothing has changed')
  writeFileSync(golden, readFileSync(golden, 'utf8').replace('female', 'male'))
  t.match(await verbRun(['test', '-c', config]), {
    exitCode: 7,
    stdout: /another than the golden one at \[0\]\.gender/,
  })
  writeFileSync(golden, '[]')
  t.match(await verbRun(['test', '-c', config]), { exitCode: 2, stderr: /is not a file of golden outputs/ })
})

t.test('what is wrong with tests or their place ends with 2', async (t) => {
  const { folder, config, tests } = places(t, {
    'a.json': json({ name: 'a', given: PATIENT, expect: { 'Patient.nmae': 'kept' } }),
  })
  t.match(await verbRun(['test', '-c', config]), {
    exitCode: 2,
    stderr:
      /a\.json has?v?e? a problem:\n.* {2}- test "a": expect: Patient\.nmae names the element "nmae", which is not there; did you mean "name"/s,
  })
  t.match(await verbRun(['test', '-c', config, join(folder, 'none')]), {
    exitCode: 2,
    stderr: /there are no tests at this path/,
  })
  writeFileSync(join(tests, 'a.json'), '{')
  t.match(await verbRun(['test', '-c', config]), {
    exitCode: 2,
    stderr: /line 1, column 2 is not valid JSON/,
  })
  t.match(await verbRun(['test']), { exitCode: 2, stderr: /--config is missing/ })
})

t.test(
  '--against lists what fares differently under another configuration, without keys and tests',
  async (t) => {
    const { folder, config } = places(t, {})
    const old = join(folder, 'old.json')
    writeFileSync(
      old,
      JSON.stringify({
        fhirVersion: 'R4',
        fhirPathRules: [
          { path: 'Resource.id', method: 'cryptoHash' },
          { path: 'Patient', method: 'redact' },
        ],
        parameters: { cryptoHashKey: { random: true }, dateShiftScope: 'file' },
      }),
    )
    const { exitCode, stdout, stderr } = await verbRun(['test', '-c', config, '--against', old])
    t.equal(exitCode, 0, stderr)
    t.match(stdout, /^1 element newly kept\n {2}Patient\.gender: removed → kept$/m)
    t.match(stdout, /^other settings: parameters\.dateShiftScope$/m)
    const { stdout: json } = await verbRun(['test', '-c', config, '--against', old, '--json'])
    t.match(JSON.parse(json), { changes: [{ path: 'Patient.gender', kind: 'newly kept' }] })
    t.match(
      (await verbRun(['test', '-c', config, '--against', config])).stdout,
      /^no element has another fate$/m,
    )
    t.match(await verbRun(['test', '-c', config, folder, '--against', old]), {
      exitCode: 2,
      stderr: /leave the folder out/,
    })
  },
)
