// Holds src/commands/parser.ts, src/commands/shared-options.ts, src/commands/verb.ts, src/commands/verbs.ts,
// src/commands/exit-codes.ts, src/commands/failure.ts, src/commands/anonymize/options.ts,
// src/commands/serve/options.ts, src/commands/share/options.ts, src/commands/export/options.ts.

import { PassThrough } from 'node:stream'
import t from 'tap'
import { eventLog } from '../../src/commands/display/event-log.js'
import { EXIT_MEANINGS } from '../../src/commands/exit-codes.js'
import { describeFailure } from '../../src/commands/failure.js'
import { fallbackOf } from '../../src/commands/parser.js'
import { VERBS } from '../../src/commands/verbs.js'
import { sluiceError } from '../../src/errors.js'
import { sluice } from '../support/sluice.js'
import { verbRun } from '../support/verb-run.js'

t.test('every verb explains itself with its options, an example and the exit codes', async (t) => {
  for (const verb of VERBS) {
    const { exitCode, stdout, stderr } = await sluice([verb.name, '--help'])
    t.equal(exitCode, 0, verb.name)
    t.equal(stderr, '')
    for (const { flags } of Object.values(verb.options)) t.ok(stdout.includes(flags), `${verb.name} ${flags}`)
    t.match(stdout, 'Examples:')
    for (const [code, meaning] of EXIT_MEANINGS)
      t.ok(stdout.includes(`${String(code).padStart(2)}  ${meaning}`))
  }
})

t.test('no two options of a verb share a spelling', async (t) => {
  for (const verb of VERBS) {
    const spellings = Object.values(verb.options)
      .flatMap(({ flags, aliases = [] }) => [flags, ...aliases])
      .flatMap((flags) => flags.replace(/ <.*/, '').split(', '))
    t.equal(new Set(spellings).size, spellings.length, verb.name)
  }
})

t.test('defaults stand in the help', async (t) => {
  const anonymize = VERBS.find((verb) => verb.name === 'anonymize')
  const fallbacks = Object.values(anonymize?.options ?? {}).map(fallbackOf)
  t.ok(fallbacks.includes('quarantine') && fallbacks.includes('off'))
})

const USAGE: readonly (readonly [string, readonly string[]])[] = [
  ['no verb', []],
  ['an unknown verb', ['anonymise']],
  ['an unknown option', ['lint', '--colour']],
  ['a word too many', ['lint', '-c', 'x.json', 'y.json']],
  ['a missing value', ['lint', '-c']],
  ['an empty value', ['lint', '-c', '']],
  ['no configuration', ['lint']],
  ['an unknown version', ['lint', '-c', 'x.json', '--fhir-version', 'R6']],
  ['no input', ['anonymize', '-o', 'out', '-c', 'x.json']],
  ['stdin into a folder', ['anonymize', '-i', '-', '-o', 'out', '-c', 'x.json']],
  ['a billion workers', ['anonymize', '--workers', '1e9']],
  ['a negative count of workers', ['anonymize', '--workers=-1']],
  ['no number of workers', ['anonymize', '--workers', 'NaN']],
  ['a size with a slip in its unit', ['anonymize', '--memory-budget', '512MiBs']],
  ['a budget too small to work with', ['anonymize', '--memory-budget', '1KiB']],
  ['a day that does not exist', ['anonymize', '--as-of', '2026-02-30']],
  ['a share above all', ['anonymize', '--max-quarantined', '101%']],
  ['a port that does not exist', ['anonymize', '--metrics-port', '65536']],
  ['a configuration that does not exist', ['lint', '-c', '/does/not/exist.json']],
]

for (const [name, words] of USAGE)
  t.test(`exit code 2 and one clear line, nothing done: ${name}`, async (t) => {
    const { exitCode, stdout, stderr } = await sluice(words)
    t.equal(exitCode, 2)
    t.equal(stdout, '')
    t.notMatch(stderr, /\n\s+at /)
    if (words.length > 0) t.match(stderr, /^sluice: (USAGE|CONFIG_INVALID): /)
  })

const SAS = 'https://account.blob.core.windows.net/lake?sp=r&sig=CANARY%3D'
const MISPLACED: readonly (readonly [string, readonly string[], string])[] = [
  ['for an option of another kind', ['lint', '--fhir-version', SAS], '--fhir-version'],
  ['for a count', ['anonymize', `--workers=${SAS}`], '--workers'],
  ['for an option that is mistyped', ['anonymize', `--inptu=${SAS}`], '--inptu'],
  ['for an option that is nearly right', ['anonymize', `--inpu=${SAS}`], '--inpu'],
  ['for a short option that is none', ['check', `-x${SAS}`], '-x'],
  ['with a line break', ['anonymize', `--inptu=a\n${SAS}`], '--inptu'],
  ['in the place of the verb', [SAS], 'unknown command'],
  ['as the path of a key', ['decrypt', '--key-file', SAS, 'AAAA'], 'cannot be read'],
  ['as a password in an address', ['run', 'http://me:CANARY@127.0.0.1:1/fhir'], 'cannot be read'],
  ['as the name of a variable', ['decrypt', '--key-env', SAS, 'AAAA'], 'environment variable'],
  ['as a key in place of its name', ['decrypt', '--key-env', 'CANARYkey of 3 owls', 'AAAA'], 'not set'],
  ['as a word too many', ['lint', 'x.json', SAS], 'too many arguments'],
  ['as the configuration', ['lint', SAS], 'not a complete SAS'],
  ['as the address of a proxy', ['serve', '--trust-proxy', SAS], '--trust-proxy'],
]

for (const [name, words, expected] of MISPLACED)
  t.test(`a secret in the wrong place is not repeated: ${name}`, async (t) => {
    const { exitCode, stdout, stderr } = await verbRun([...words, '--json'])
    t.equal(exitCode, 2)
    t.notMatch(stdout + stderr, 'CANARY')
    t.ok(stderr.includes(expected), stderr)
  })

t.test('no option repeats a value that it does not take', async (t) => {
  for (const verb of VERBS)
    for (const { flags, read } of Object.values(verb.options))
      for (const value of [SAS, 'CANARY of 3 owls', ''])
        try {
          read?.(value)
        } catch (error) {
          t.notMatch(String(error), 'CANARY', `${verb.name} ${flags}`)
        }
})

const SECRETS: readonly string[] = [
  SAS,
  '?sv=2022-11-02&sig=CANARY',
  'sig=CANARY&sv=2022-11-02',
  'https://account.blob.core.windows.net/lake%3Fsp=r%26sig%3DCANARY',
  'http://me:CANARY@127.0.0.1:1/fhir',
  '/home/me/ftp:/me:CANARY@host/x',
  'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=CANARY/x+y==;EndpointSuffix=core.windows.net',
  'Endpoint=sb://a;SharedAccessKeyName=n;SharedAccessKey=CANARY=',
]

t.test('a failure and an event name a place without its credentials, in every field', async (t) => {
  for (const secret of SECRETS) {
    const problems = [{ rule: 1, path: secret, message: `does not know "${secret}"` }]
    const failure = describeFailure(
      sluiceError('CONFIG_INVALID', { at: secret, message: `cannot read '${secret}'`, problems }),
    )
    const stream = new PassThrough()
    const log = eventLog(stream, 'info')
    log.event('warn', 'pipeline.failed', {
      item: secret,
      ...failure.json,
      places: [secret],
      when: new Date(0),
    })
    const logged = String(stream.read())
    t.notMatch(failure.text + JSON.stringify(failure.json) + logged, 'CANARY', secret)
    t.match(failure.json, { error: { problems: [{ rule: 1, path: String, message: /^does not know/ }] } })
    t.match(JSON.parse(logged), { event: 'pipeline.failed', when: new Date(0).toISOString() })
  }
})

t.test('places without credentials are named as they are', async (t) => {
  for (const place of [
    'https://account.blob.core.windows.net/lake/run?x=design=1',
    'abfss://lake@account.dfs.core.windows.net/run',
    '/home/me@work/a:b/c',
    'http://127.0.0.1:8080/fhir',
    'C:/me@work/x',
  ]) {
    const { json } = describeFailure(sluiceError('SINK_FULL', { at: place, message: place }))
    t.match(json, { error: { at: place, message: place } })
  }
})

t.test('an error says where, once', async (t) => {
  const nowhere = await sluice([
    'anonymize',
    '-i',
    '/does/not/exist',
    '-o',
    'out',
    '-c',
    'configs/research-r4.json',
  ])
  t.match(
    nowhere.stderr,
    /sluice: SOURCE_NOT_FOUND: \/does\/not\/exist: there is no such file or folder; check the address\n$/,
  )
  const words = ['anonymize', '-i', 'file', '-o', 'out', '-c', 'configs/research-r4.json']
  t.match(
    (await sluice(words)).stderr,
    /SOURCE_NOT_FOUND: file: there is no such file or folder; check the address\n$/,
  )
  const noConfig = await sluice(['lint', '-c', '/does/not/exist.json'])
  t.match(
    noConfig.stderr,
    /^sluice: CONFIG_INVALID: \/does\/not\/exist\.json: the configuration cannot be read/,
  )
})

t.test('with --json an error is a document with its code, and the exit code stands in it', async (t) => {
  const { exitCode, stdout } = await sluice(['lint', '-c', '/does/not/exist.json', '--json'])
  t.equal(exitCode, 2)
  t.match(JSON.parse(stdout), {
    error: { code: 'CONFIG_INVALID', blame: 'config', retry: 'never' },
    exitCode: 2,
  })
})

t.test('the text of a foreign error is not shown: it may quote what it could not read', async (t) => {
  let caught: unknown
  try {
    JSON.parse('CANARY')
  } catch (error) {
    caught = error
  }
  t.match(String(caught), 'CANARY')
  const { text, json } = describeFailure(caught)
  t.notMatch(text + JSON.stringify(json), 'CANARY')
  t.match(text, 'SyntaxError')
  t.match(text, /at .*usage\.test/)
  const wrapped = sluiceError('SINK_FULL', { message: 'The disk is full.', cause: caught })
  t.notMatch(JSON.stringify(describeFailure(wrapped)), 'CANARY')
})
