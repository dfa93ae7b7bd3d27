// Holds src/commands/pipeline-rules.ts, src/commands/serve/configurations.ts,
// src/config/anonymizer/random-keys.ts, src/config/anonymizer/lint-config.ts.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { folderConfigs } from '../../src/commands/serve/configurations.js'
import { type Finished, sluice } from '../support/sluice.js'
import { verbRun } from '../support/verb-run.js'

const HASH = 'CANARY hash: walnut, tundra, 9'
const SHIFT = 'CANARY shift: pelican, 4 rivers'
const RULES = [
  { path: 'Resource.id', method: 'cryptoHash' },
  { path: 'Patient.birthDate', method: 'dateShift' },
]
const LINE = '{"resourceType":"Patient","id":"a","birthDate":"1990-01-01"}\n'

/** A folder with a configuration, an input and a pipeline. */
function folderOf(
  t: Test,
  parameters: object,
  pipeline: object = {},
  rules: readonly object[] = RULES,
): string {
  const folder = t.testdir({ in: { 'Patient.ndjson': LINE }, 'hash.key': HASH })
  mkdirSync(join(folder, 'out'), { recursive: true })
  const all = { dateShiftScope: 'patient', dateShiftTimeZone: 'remove', ...parameters }
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ fhirVersion: 'R4', fhirPathRules: rules, parameters: all }),
  )
  const { anonymizer, ...rest } = { anonymizer: {}, ...pipeline }
  writeFileSync(
    join(folder, 'pipeline.json'),
    JSON.stringify({
      source: { store: 'in' },
      anonymizer: { config: 'config.json', ...anonymizer },
      sink: { store: 'lake' },
      limits: { workers: 1 },
      ...rest,
    }),
  )
  return folder
}

const VERBS = {
  lint: ['lint', '-c', 'config.json'],
  'lint of the pipeline': ['lint', '-c', 'pipeline.json'],
  anonymize: ['anonymize', '-i', 'in', '-o', 'out', '-c', 'config.json', '--workers', '1'],
  'run --check': ['run', 'pipeline.json', '--check'],
  run: ['run', 'pipeline.json'],
} as const

const REFUSED: readonly (readonly [string, object, Record<string, string>, RegExp])[] = [
  ['a weak key', { cryptoHashKey: '123', dateShiftKey: SHIFT }, {}, /128 bits/],
  ['one key twice', { cryptoHashKey: HASH, dateShiftKey: HASH }, {}, /the same key as/],
  [
    'one key twice, from a file and the environment',
    { cryptoHashKey: { file: 'hash.key' }, dateShiftKey: { env: 'SAME' } },
    { SAME: HASH },
    /the same key as/,
  ],
  [
    'a random key in a task of an array',
    { cryptoHashKey: { random: true }, dateShiftKey: SHIFT },
    { SLURM_ARRAY_TASK_ID: '2' },
    /SLURM_ARRAY_TASK_ID.*--allow-random-keys/s,
  ],
]

interface Surroundings {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** In this process, which costs a tenth of another one. */
async function runIn(words: readonly string[], { cwd, env = {} }: Surroundings): Promise<Finished> {
  const before = process.cwd()
  process.chdir(cwd)
  Object.assign(process.env, env)
  try {
    return await verbRun(words)
  } finally {
    process.chdir(before)
    for (const name of Object.keys(env)) delete process.env[name]
  }
}

for (const [name, parameters, env, expected] of REFUSED)
  t.test(`${name} is refused by every verb`, async (t) => {
    const cwd = folderOf(t, parameters)
    for (const [verb, words] of Object.entries(VERBS)) {
      if (name === 'a weak key' && verb === 'anonymize') continue
      const { exitCode, stdout, stderr } = await runIn([...words], { cwd, env })
      t.equal(exitCode, 2, verb)
      t.match(stdout + stderr, expected, verb)
      t.notMatch(stdout + stderr, 'CANARY', `${verb} quotes no key`)
    }
    if (Object.keys(env).length > 0) return
    const configs = folderConfigs(cwd, { fhirVersion: 'R4' })
    await t.rejects(configs.load({ config: 'config.json', container: 'c' }), expected)
    const lenient = folderConfigs(cwd, { fhirVersion: 'R4', allowWeakKeys: true, allowRandomKeys: true })
    await t.resolves(lenient.load({ config: 'config.json', container: 'c' }))
  })

t.test('anonymize takes the weak keys of an existing configuration, and warns of each', async (t) => {
  const keys = { cryptoHashKey: 'short key', dateShiftKey: 'golden-shift' }
  const cwd = folderOf(t, keys)
  const { exitCode, stderr } = await runIn([...VERBS.anonymize], { cwd })
  t.equal(exitCode, 0)
  for (const name of Object.keys(keys))
    t.match(stderr, `"parameters.${name}","message":"is shorter than 16 bytes`)
  const silent = await runIn([...VERBS.anonymize, '--allow-weak-keys'], { cwd })
  t.equal(silent.exitCode, 0)
  t.notMatch(silent.stderr, /128 bits/)
})

t.test('the options allow weak, equal and random keys', async (t) => {
  const both = ['--allow-weak-keys', '--allow-random-keys']
  for (const [name, parameters, env] of REFUSED) {
    const cwd = folderOf(t, parameters, { anonymizer: { allowWeakKeys: true, allowRandomKeys: true } })
    for (const [verb, words] of Object.entries(VERBS)) {
      const options = verb.startsWith('run') ? [] : both
      const { exitCode, stderr } = await runIn([...words, ...options], { cwd, env })
      t.equal(exitCode, 0, `${name}: ${verb}: ${stderr}`)
    }
  }
})

const RANDOM = { cryptoHashKey: { random: true }, dateShiftKey: { random: true } }
const SERIES: readonly (readonly [string, object])[] = [
  ['onlyNew', { onlyNew: true }],
  ['onlyNew and separate runs', { onlyNew: true, anonymizer: { separateRuns: true } }],
  ['a schedule', { schedule: { cron: '0 2 * * *' } }],
  ['a schedule of defaults', { schedule: {} }],
  ['several outputs that stay', { retention: { keepLast: 2 } }],
  ['outputs of some days', { retention: { olderThanDays: 30 } }],
  ['outputs of some days and the last ones', { retention: { olderThanDays: 30, keepLast: 5 } }],
  ['a schedule and random keys allowed', { schedule: {}, anonymizer: { allowRandomKeys: true } }],
  ['a shift key in separate runs', { schedule: {}, anonymizer: { separateRuns: true } }],
]

t.test('random keys are refused wherever several runs belong together', async (t) => {
  for (const [name, pipeline] of SERIES)
    for (const parameters of name.includes('allowed') ? [RANDOM, {}] : [RANDOM]) {
      const cwd = folderOf(t, parameters, pipeline)
      for (const verb of ['lint of the pipeline', 'run --check', 'run'] as const) {
        const { exitCode, stdout, stderr } = await runIn([...VERBS[verb]], { cwd })
        t.equal(exitCode, 2, `${name}: ${verb}`)
        t.match(
          stdout + stderr,
          /parameters\.dateShiftKey is made at random for each run/,
          `${name}: ${verb}`,
        )
      }
    }
})

t.test(
  'an export of what changed since the last one refuses random keys, before it asks the server',
  async (t) => {
    for (const since of [
      ['--since', '2026-11-01T00:00:00Z'],
      ['--param', '_since=2026-11-01T00:00:00Z'],
    ]) {
      const cwd = folderOf(t, { cryptoHashKey: { random: true }, dateShiftKey: SHIFT })
      const words = [
        'export',
        '--from',
        'http://127.0.0.1:1/fhir',
        '--to',
        'out',
        '-c',
        'config.json',
        ...since,
      ]
      const { exitCode, stderr } = await runIn(words, { cwd })
      t.equal(exitCode, 2)
      t.match(stderr, /parameters\.cryptoHashKey is made at random for each run, but --since adds/)
    }
  },
)

t.test('--daemon refuses random keys at once', async (t) => {
  const { exitCode, stderr } = await sluice(['run', 'pipeline.json', '--daemon'], {
    cwd: folderOf(t, RANDOM),
  })
  t.equal(exitCode, 2)
  t.match(stderr, 'is made at random for each run, but a schedule repeats it')
})

t.test(
  'random keys stay possible where each run replaces the last, and hashes where runs are separate',
  async (t) => {
    const hashes = RULES.slice(0, 1)
    const accepted: readonly (readonly [string, object, object, (readonly object[])?])[] = [
      ['one run', RANDOM, {}],
      ['one output that stays', RANDOM, { retention: { keepLast: 1 } }],
      ['separate runs', RANDOM, { schedule: {}, anonymizer: { separateRuns: true } }, hashes],
      ['a named key', { cryptoHashKey: HASH, dateShiftKey: SHIFT }, { onlyNew: true, schedule: {} }],
      [
        'keys of the pipeline',
        RANDOM,
        { onlyNew: true, anonymizer: { keys: { cryptoHashKey: { file: 'hash.key' } } } },
        hashes,
      ],
    ]
    for (const [name, parameters, pipeline, rules] of accepted) {
      const cwd = folderOf(t, parameters, pipeline, rules)
      for (const verb of ['lint of the pipeline', 'run --check', 'run'] as const) {
        const { exitCode, stdout, stderr } = await runIn([...VERBS[verb]], { cwd })
        t.equal(exitCode, 0, `${name}: ${verb}: ${stdout}${stderr}`)
      }
    }
  },
)

t.test('lint of a pipeline says what is wrong with the pipeline itself', async (t) => {
  const cwd = folderOf(t, RANDOM, { retentoin: {}, limits: { workers: 0 } })
  const { exitCode, stdout } = await sluice(['lint', '-c', 'pipeline.json', '--json'], { cwd })
  t.equal(exitCode, 2)
  t.match(JSON.parse(stdout), {
    problemCount: 2,
    remarks: [{ path: 'limits.workers' }, { severity: 'problem' }],
  })
})

t.test('every pipeline that is shipped passes lint', async (t) => {
  const keys = { SLUICE_HASH_KEY: HASH }
  for (const name of ['azure', 'fhir-to-folder'])
    t.match(
      await sluice(['lint', '-c', `configs/pipelines/${name}.json`], { env: keys }),
      { exitCode: 0 },
      name,
    )
})
