// Holds src/commands/init/init.ts, src/commands/init/configuration.ts, src/commands/init/keys.ts,
// src/commands/init/companion-texts.ts, src/commands/init/options.ts, src/commands/init/new-files.ts,
// src/commands/init/settled-choices.ts.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { linePrinters } from '../../../src/commands/display/terminal.js'
import { runVerb } from '../../../src/commands/parser.js'
import { VERBS } from '../../../src/commands/verbs.js'
import { parseConfigText } from '../../../src/config/anonymizer/configuration-file.js'
import { withTestKeys } from '../../../src/config/anonymizer/given-keys.js'
import { projectRoot } from '../../support/shared.js'
import { verbRun } from '../../support/verb-run.js'

process.env.SLUICE_CRYPTO_HASH_KEY = '8d5e957f297893487bd98fa830fa6413'
process.env.SLUICE_DATE_SHIFT_KEY = 'c2a8a3f0e1b54d7f9b6e2d1c0f3a4b5d'

/** Runs init with words for an empty folder. */
async function initIn(t: Test, words: string) {
  const folder = join(t.testdir(), 'study')
  return { folder, ...(await verbRun(['init', folder, ...words.split(' ')])) }
}

/** What the three checks of a written folder end with. */
async function checked(folder: string) {
  mkdirSync(join(folder, 'export'))
  cpSync(join(projectRoot, 'examples/data/Patient.ndjson'), join(folder, 'export/Patient.ndjson'))
  const config = join(folder, 'config.yaml')
  return {
    lint: await verbRun(['lint', config, '--strict']),
    tests: await verbRun(['test', '-c', config]),
    run: await verbRun(['run', join(folder, 'pipeline.yaml'), '--check']),
  }
}

const OWN = [
  '--fhir-version R4 --purpose own --dates year --codes international --keys file',
  '--fhir-version R5 --purpose own --dates shift --codes international,us --keys env',
  '--fhir-version STU3 --purpose own --dates keep --codes any --keys random',
  '--fhir-version R4B --purpose own --dates remove --codes hl7,loinc --keys file',
]

t.test(
  'what is written for a purpose of one’s own passes lint --strict, its test and run --check',
  async (t) => {
    for (const words of OWN) {
      const { folder, exitCode, stderr } = await initIn(t, words)
      t.equal(exitCode, 0, `${words}: ${stderr}`)
      const { lint, tests, run } = await checked(folder)
      t.match(lint, { exitCode: 0 }, `${words}: ${lint.stdout}`)
      t.match(tests, { exitCode: 0, stdout: /3 passed, 0 failed/ }, `${words}: ${tests.stdout}`)
      t.match(run, { exitCode: 0 }, `${words}: ${run.stdout}`)
    }
  },
)

const PRESET = /^(safe-harbor|research|limited-data-set)-(stu3|r4b?|r5)\.json$/

t.test('a copy of a preset is the preset with keys of its own, and passes its test', async (t) => {
  const found = readdirSync(join(projectRoot, 'configs')).flatMap((name) => {
    const [, purpose, version] = PRESET.exec(name) ?? []
    return purpose === undefined || version === undefined ? [] : [{ name, purpose, version }]
  })
  t.ok(found.length >= 3)
  for (const { name, purpose, version } of found) {
    const { folder, exitCode, stderr } = await initIn(
      t,
      `--fhir-version ${version} --purpose ${purpose} --keys file`,
    )
    t.equal(exitCode, 0, stderr)
    const [copy, preset] = [join(folder, 'config.yaml'), join(projectRoot, 'configs', name)].map((path) =>
      withTestKeys(parseConfigText(readFileSync(path, 'utf8'), path)),
    )
    t.same(copy, preset, name)
    const tests = await verbRun(['test', '-c', join(folder, 'config.yaml')])
    t.match(tests, { exitCode: 0, stdout: /3 passed/ }, `${name}: ${tests.stdout}`)
  }
})

t.test('a copy of the Safe Harbor preset passes lint --strict and run --check', async (t) => {
  const { folder } = await initIn(t, '--fhir-version STU3 --purpose safe-harbor --keys env')
  const { lint, run } = await checked(folder)
  t.match(lint, { exitCode: 0 }, lint.stdout)
  t.match(run, { exitCode: 0 }, run.stdout)
})

t.test('key files are new, for the owner alone, and not printed', async (t) => {
  const words = '--fhir-version R4 --purpose own --dates shift --codes any --keys file'
  const { folder, stdout } = await initIn(t, words)
  const keys = ['crypto-hash.key', 'date-shift.key'].map((name) => join(folder, name))
  const texts = keys.map((path) => readFileSync(path, 'utf8').trim())
  t.equal(new Set(texts).size, 2)
  for (const [at, path] of keys.entries()) {
    t.match(texts[at], /^[0-9a-f]{32}$/)
    t.equal(statSync(path).mode & 0o077, 0)
    t.notMatch(stdout, texts[at] ?? '')
  }
})

t.test('nothing is overwritten, and then nothing is written', async (t) => {
  const words = '--fhir-version R4 --purpose own --dates year --codes any --keys file'.split(' ')
  for (const name of ['config.yaml', 'pipeline.yaml', 'crypto-hash.key']) {
    const folder = t.testdir({ [name]: 'mine' })
    const { exitCode, stderr } = await verbRun(['init', folder, ...words])
    t.equal(exitCode, 4)
    t.match(stderr, new RegExp(`SINK_CONFLICT: .*${name}.* is there already; nothing was written`))
    t.equal(readFileSync(join(folder, name), 'utf8'), 'mine')
    t.strictSame(readdirSync(folder), [name])
  }
})

t.test('without a terminal a missing option is named, and nothing is written', async (t) => {
  const all = { 'fhir-version': 'R4', purpose: 'own', dates: 'year', codes: 'any', keys: 'env' }
  for (const missing of Object.keys(all)) {
    const words = Object.entries(all).flatMap(([name, value]) =>
      name === missing ? [] : [`--${name}`, value],
    )
    const folder = join(t.testdir(), 'study')
    t.match(await verbRun(['init', folder, ...words]), {
      exitCode: 2,
      stderr: new RegExp(`--${missing} is missing`),
    })
    t.notOk(existsSync(folder))
  }
})

t.test('choices that do not go together are refused', async (t) => {
  for (const [words, message] of [
    [
      '--fhir-version R4 --purpose safe-harbor --dates shift --keys file',
      /--dates shift does not go with --purpose safe-harbor, which is year/,
    ],
    [
      '--fhir-version R4 --purpose safe-harbor --codes any --keys file',
      /--codes any does not go with --purpose safe-harbor/,
    ],
    [
      '--fhir-version R4B --purpose research --keys file',
      /there is no preset for research and R4B; there are .*safe-harbor-r4/,
    ],
    [
      '--fhir-version R4 --purpose own --dates year --codes loink --keys file',
      /--codes <sets>' must be any, or names with commas out of international, us, loinc/,
    ],
  ] as const)
    t.match(await initIn(t, words), { exitCode: 2, stderr: message }, words)
})

t.test('in a terminal, what the options leave open is asked for', async (t) => {
  const folder = join(t.testdir(), 'study')
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  let asked = ''
  let printed = ''
  const into = (take: (text: string) => void): Writable =>
    new Writable({ write: (chunk, _, done) => done(void take(String(chunk))) })
  const stdout = into((text) => {
    printed += text
  })
  const stderr = into((text) => {
    asked += text
  })
  const terminal = {
    stdin,
    stdout,
    stderr,
    ...linePrinters(stdout, stderr),
    isInteractive: true,
    signal: new AbortController().signal,
  }
  for (const answer of ['', 'own', '2', 'us', 'random']) stdin.write(`${answer}\n`)
  t.equal(await runVerb(VERBS, ['init', folder, '--json'], '0.0.0', terminal), 0)
  t.match(JSON.parse(printed), {
    fhirVersion: 'R4',
    purpose: 'own',
    dates: 'shift',
    codes: ['international', 'us'],
    keys: 'random',
  })
  t.strictSame(
    asked.split('\n').filter((line) => line.endsWith('?')),
    [
      'Which FHIR version is the data?',
      'What is the data for?',
      'What becomes of dates?',
      'Codes of which systems may stay?',
      'Where do the keys come from?',
    ],
  )
  t.strictSame(
    asked.split('\n').filter((line) => line.length > 80),
    [],
  )
})

t.test('paths of source and sink are written as the pipeline reads them', async (t) => {
  const folder = t.testdir({ study: {}, raw: { 'Patient.ndjson': '{"resourceType":"Patient"}\n' } })
  const words = '--fhir-version R4 --purpose own --dates year --codes any --keys file'.split(' ')
  const places = ['--source', join(folder, 'raw'), '--sink', join(folder, 'out')]
  const { exitCode, stdout } = await verbRun(['init', join(folder, 'study'), ...words, ...places, '--json'])
  t.equal(exitCode, 0)
  t.match(JSON.parse(stdout), { fhirVersion: 'R4', codes: [], files: { length: 4 }, variables: [] })
  const pipeline = join(folder, 'study', 'pipeline.yaml')
  t.match(readFileSync(pipeline, 'utf8'), /store: "\.\.\/raw"[\s\S]*store: "\.\.\/out"/)
  t.match(await verbRun(['run', pipeline, '--check']), { exitCode: 0 })
  writeFileSync(pipeline, '')
})
