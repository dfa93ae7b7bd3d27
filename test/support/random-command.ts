import { resolve } from 'node:path'
import { longFlag, type Option } from '../../src/commands/shared-options.js'
import type { Verb } from '../../src/commands/verb.js'
import { VERBS } from '../../src/commands/verbs.js'
import type { Random } from './random.js'

/** A line as a person or a script may type it, and what it may write to. */
export interface RandomCommand {
  readonly words: readonly string[]
  readonly verb: string
  /** Absolute paths of files and folders. */
  readonly mayWrite: readonly string[]
}

export interface CommandPlaces {
  /** Relative paths in these start there. */
  readonly cwd: string
  /** Paths that lie outside of `cwd` are given here as well as those in it. */
  readonly paths: readonly string[]
  readonly addresses: readonly string[]
}

/** Lines that work or nearly do: random options alone would seldom come past the first check. */
const STARTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  anonymize: [
    ['-i', 'in', '-o', 'out', '-c', 'config.json', '--workers', '1'],
    ['--inputFolder', 'in', '--outputFolder', 'out', '--configFile', 'config.json', '-b', '-r'],
    ['-i', 'in/Patient.ndjson', '-o', '-', '-c', 'config.json', '--workers=1'],
    ['-i', '-', '-o', '-', '-c', 'config.json', '--workers=1'],
  ],
  export: [['--from', 'http://127.0.0.1:1/fhir', '--to', 'exported', '-c', 'config.json']],
  run: [['pipeline.json'], ['pipeline.json', '--check'], ['pipeline.json', '--status']],
  lint: [
    ['-c', 'config.json'],
    ['-c', 'pipeline.json'],
  ],
  preview: [
    ['-i', 'in', '-c', 'config.json'],
    ['-i', 'in/one.json', '-c', 'config.json', '--sample', '1'],
  ],
  test: [
    ['-c', 'config.json'],
    ['-c', 'config.json', 'tests/id.json', '--update'],
    ['-c', 'config.json', '--junit', 'page.html'],
    ['-c', 'config.json', '--against', 'wrong.json'],
  ],
  init: [
    [
      'study',
      '--fhir-version',
      'R4',
      '--purpose',
      'own',
      '--dates',
      'year',
      '--codes',
      'any',
      '--keys',
      'file',
    ],
    ['--fhir-version', 'STU3', '--purpose', 'safe-harbor', '--keys', 'env'],
  ],
  decrypt: [
    ['-c', 'config.json', 'AAAA'],
    ['--key-file', 'secret.key'],
    ['--key-env', 'PLANTED_KEY', 'bWFkZSB1cA=='],
  ],
  serve: [
    ['--data', 'in', '--port', '0'],
    ['--data', 'in', '--port', '0', '--state', 'served', '--outputs', 'lake'],
  ],
  diff: [
    ['in', 'made'],
    ['in', 'made', '--html', 'page.html'],
  ],
  check: [['made'], ['made', '--sizes-only']],
  share: [['azurite://lake/run', '--for', 'study-7'], ['made']],
  demo: [['-o', 'demo']],
}

const QUICK = VERBS.filter(({ name }) => name !== 'demo')
const NUMBERS = [
  '0',
  '-1',
  '1',
  '2',
  '1e99',
  'NaN',
  'Infinity',
  '-0',
  '0x10',
  '1.5',
  '٣',
  '9'.repeat(40),
  '999999TiB',
]
const TEXTS = [
  '',
  ' ',
  '-',
  '--',
  '-x',
  '*',
  'true',
  'R5',
  'warn',
  'none',
  'patient',
  'a=b',
  'Patient,Group',
  '2026-02-30',
  '2026-11-21',
  '2026-11-01T00:00:00Z',
  '512MiB',
  '0.5%',
  '1.2.3.4-1.2.3.3',
  'x'.repeat(300),
  'y/'.repeat(1500),
  '\u001b[31mred\u001b[0m',
  'two\nlines\r',
  '\u202egpj.exe',
  '東京 😀',
  '%00%ff',
  '__proto__',
  'constructor',
  '$HOME',
  '{}',
]
/** Options whose values are written to. */
const WRITES = /^--(output|outputFolder|outputs|to|state|html|junit|metrics-file)$/
/** What takes a value that would start thousands of threads, stay or listen to others. */
const NEVER = /^--(daemon|now|host)$/

const spellingsOf = ({ flags, aliases }: Option<unknown>): string[] =>
  [flags, ...(aliases ?? [])].flatMap((text) => text.replace(/ [<[].*/, '').split(', '))

function valueFor(random: Random, name: string, places: CommandPlaces): string {
  if (name === '--workers') return random.pick(['1', '2', '0', '-1', 'NaN', '1025', ''])
  if (/port$/.test(name)) return random.pick(['0', '-1', '65536', '1e3', ''])
  const kind = random.next()
  if (kind < 0.4) return random.pick(places.paths)
  if (kind < 0.5) return random.pick(places.addresses)
  if (kind < 0.7) return random.pick(NUMBERS)
  if (kind < 0.9) return random.pick(TEXTS)
  // No process can be given a NUL or half a character.
  return Buffer.from(random.text(20)).toString().replaceAll('\u0000', '')
}

function optionWords(random: Random, option: Option<unknown>, places: CommandPlaces): string[] {
  let name = random.pick(spellingsOf(option))
  if (random.chance(0.03)) name = name.slice(0, -1)
  if (random.chance(0.02)) name = name.toUpperCase()
  const takesValue = option.read !== undefined
  if (takesValue === random.chance(0.04)) return [name]
  const value = valueFor(random, longFlag(option), places)
  return random.chance(0.3) ? [`${name}=${value}`] : [name, value]
}

/** A random line of the verbs that neither stay nor need another machine. */
export function randomCommand(random: Random, places: CommandPlaces): RandomCommand {
  // The demo is a whole export: it takes seconds.
  const verb = random.pick(random.chance(0.1) ? VERBS : QUICK)
  let words = random.chance(0.75) ? [...random.pick(STARTS[verb.name] ?? [[]])] : []
  const options = Object.values(verb.options).filter((option) => !NEVER.test(longFlag(option)))
  for (let count = random.below(4); count > 0; count--) {
    const more = optionWords(random, random.pick(options), places)
    words = random.chance(0.3) ? [...more, ...words] : [...words, ...more]
  }
  if (random.chance(0.15)) words.splice(random.below(words.length + 1), 0, valueFor(random, '', places))
  if (random.chance(0.1) && words.length > 0) words.splice(random.below(words.length), 1)
  if (random.chance(0.1) && words.length > 0) {
    words[random.below(words.length)] = valueFor(random, '', places)
  }
  if (random.chance(0.03)) words.push('--help')
  if (random.chance(0.2)) words.push('--json')
  if (verb.name === 'demo') words.push('--bytes', '100kB')
  if (verb.name === 'serve') words.unshift('--port', '0')
  const name = random.chance(0.02) ? verb.name.slice(0, -1) : verb.name
  const line = random.chance(0.01) ? words : [name, ...words]
  return { words: line, verb: verb.name, mayWrite: writtenBy(verb, words, places.cwd) }
}

/** Everything that is named in the place of what is written, more rather than less. */
function writtenBy(verb: Verb, words: readonly string[], cwd: string): string[] {
  const named = Object.values(verb.options).flatMap((option) =>
    WRITES.test(longFlag(option)) ? spellingsOf(option) : [],
  )
  const values = words.flatMap((word, place) => {
    const name = named.find(
      (name) => word === name || word.startsWith(`${name}=`) || (/^-\w./.test(word) && word.startsWith(name)),
    )
    if (name === undefined) return []
    return word === name
      ? words.slice(place + 1, place + 2)
      : [word.slice(name.length), word.slice(name.length + 1)]
  })
  const served =
    verb.name === 'serve' ? dataOf(words).map((data) => `${data.replace(/\/+$/, '')}.sluice-serve`) : []
  const demo = verb.name === 'demo' ? ['sluice-demo'] : []
  // The pipelines of the test write there.
  const run = verb.name === 'run' ? ['pipeline-out'] : []
  const made = ['config.yaml', 'pipeline.yaml', 'tests', 'crypto-hash.key', 'date-shift.key']
  const init = verb.name === 'init' ? [...made, ...words] : []
  const golden = verb.name === 'test' ? [...words, '.'].flatMap(goldenAt) : []
  return [...values, ...served, ...demo, ...run, ...init, ...golden]
    .filter((value) => value !== '')
    .flatMap((value) => [resolve(cwd, value), `${resolve(cwd, value)}.sluice`])
}

/** Golden outputs beside the tests at a path, or below it. */
const goldenAt = (path: string): string[] => [
  path.replace(/\.(json|ya?ml)$/i, '.golden.json'),
  `${path}/tests`,
]

const dataOf = (words: readonly string[]): string[] =>
  words.flatMap((word, place) =>
    word === '--data' ? words.slice(place + 1, place + 2) : word.startsWith('--data=') ? [word.slice(7)] : [],
  )
