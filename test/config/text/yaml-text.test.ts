import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkConfig } from '../../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../../src/config/anonymizer/configuration-file.js'
import { checkPipelineConfig } from '../../../src/config/pipeline/configuration.js'
import { isTextFault, isYamlName, readConfigText } from '../../../src/config/text/config-text.js'
import { TolerantJsonError } from '../../../src/config/text/tolerant-json.js'
import { readYaml } from '../../../src/config/text/yaml-text.js'
import { createAnonymizer, isSluiceError } from '../../../src/index.js'
import { projectRoot } from '../../support/shared.js'

const READABLE: readonly (readonly [string, string, unknown])[] = [
  ['nothing', '', null],
  ['a byte order mark', '\uFEFFa: 1', { a: 1 }],
  ['JSON', '{"a":[1,-2.5,1e2,true,false,null,"x"]}', { a: [1, -2.5, 100, true, false, null, 'x'] }],
  ['words that YAML 1.1 took for booleans', 'a: yes\nb: off\nc: n', { a: 'yes', b: 'off', c: 'n' }],
  ['a date, which stays a text', 'a: 2026-11-30', { a: '2026-11-30' }],
  ['comments', '# first\na: 1 # second', { a: 1 }],
  ['names that look like numbers', '1: a\n2020: b\ntrue: c', { 1: 'a', 2020: 'b', true: 'c' }],
  ['block texts', 'a: |\n  b\n  c\n', { a: 'b\nc\n' }],
  ['Windows line endings', 'a: 1\r\nb:\r\n  - c\r\n', { a: 1, b: ['c'] }],
  ['an anchor and its alias', 'a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
  [
    'a merge key',
    'a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x\n  e: 4',
    { a: { b: 1, c: 2 }, d: { c: 3, b: 1, e: 4 } },
  ],
  [
    'a merge key for two',
    'a: [&x {b: 1}, &y {b: 2, c: 3}]\nd: {<<: [*x, *y]}',
    { a: [{ b: 1 }, { b: 2, c: 3 }], d: { b: 1, c: 3 } },
  ],
  ['a merge key in quotes, which is a name', '"<<": {a: 1}', { '<<': { a: 1 } }],
  ['a name that JavaScript treats specially', '{"__proto__": {"a": 1}}', JSON.parse('{"__proto__":{"a":1}}')],
]

const REFUSED: readonly (readonly [string, string, string, number, number])[] = [
  ['a name given twice', 'a: 1\na: 2', 'a name that this object already has', 2, 1],
  ['a tab as indentation', 'a:\n\tb: 1', 'a tab in the indentation; use spaces', 2, 1],
  ['a second document', 'a: 1\n---\nb: 2', 'a second document; one is allowed', 2, 1],
  ['an unfinished text', 'a: "b', 'a character such as a quote, ":", "," or a bracket is missing', 1, 6],
  ['an alias without its anchor', 'a: *x', 'an alias without its anchor', 1, 4],
  ['an alias inside of what it names', 'a: &x\n  b: *x', 'an alias inside of what it names', 2, 6],
  ['a merge key with a text', 'a: &x y\n<<: *x', '"<<" takes an object, or a list of them', 2, 5],
  ['a merge key of what holds it', 'a: &x\n  <<: *x', 'an alias inside of what it names', 2, 7],
  ['an unknown tag', 'a: !js/function "x"', 'an unknown tag, or a value that does not fit it', 1, 4],
  ['a name that is no text', '? [a]\n: 1', 'a name must be a text', 1, 3],
  ['a number that is not finite', 'a: .inf', 'a number must be finite', 1, 4],
  ['nesting without end', '['.repeat(100) + ']'.repeat(100), 'nested more than 64 deep', 1, 66],
]

for (const [name, text, value] of READABLE)
  t.test(`a YAML configuration with ${name} is read`, async (t) => {
    t.strictSame(readYaml(text).value, value)
  })

for (const [name, text, message, line, column] of REFUSED)
  t.test(`a YAML configuration with ${name} is refused with its place`, async (t) => {
    t.strictSame(refusal(text), { message, line, column })
  })

t.test('a YAML configuration that is hostile ends soon, with an error', async (t) => {
  const bomb = Array.from({ length: 12 }, (_, n) =>
    n === 0 ? 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]' : `a${n}: &a${n} [${`*a${n - 1}, `.repeat(10)}]`,
  ).join('\n')
  t.equal(refusal(bomb)?.message, 'aliases make it too large')
  t.equal(refusal('['.repeat(200_000))?.message, 'nested more than 64 deep')
  t.ok(refusal(`a: ${'{b: '.repeat(50_000)}`))
})

function refusal(text: string) {
  try {
    readYaml(text)
    return undefined
  } catch (error) {
    if (!(error instanceof TolerantJsonError)) throw error
    const { message, line, column } = error
    return { message, line, column }
  }
}

t.test('every configuration and pipeline of the project means the same written as YAML', async (t) => {
  const folders = ['configs', 'configs/pipelines', '../shared/golden']
  const files = folders.flatMap((folder) => {
    const at = join(projectRoot, folder)
    const names = (() => {
      try {
        return readdirSync(at)
      } catch {
        console.log(`# yaml: ${folder} is absent`)
        return []
      }
    })()
    return names.filter((name) => /\.json$/.test(name) && !/schema/.test(name)).map((name) => join(at, name))
  })
  t.ok(files.length >= 6, 'files are found')
  for (const file of files) {
    const json = parseConfigText(readFileSync(file, 'utf8'), 'x.json')
    const yaml = parseConfigText(asYaml(parsedOf(file)), 'x.yaml')
    t.strictSame(JSON.stringify(yaml), JSON.stringify(json), file)
  }
})

const parsedOf = (file: string): unknown => {
  const read = readConfigText(readFileSync(file, 'utf8'), file)
  if (isTextFault(read)) throw new Error(read.message)
  return read.value
}

/** Block style, every text in single quotes: written without the library that reads it. */
function asYaml(value: unknown, indent = ''): string {
  if (Array.isArray(value) && value.length > 0)
    return value.map((item) => `\n${indent}- ${asYaml(item, `${indent}  `)}`).join('')
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    return Object.entries(value)
      .map(([key, of]) => `\n${indent}${quoted(key)}: ${asYaml(of, `${indent}  `)}`)
      .join('')
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value)
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

t.test('the cases of generalize keep the order of a YAML file', async (t) => {
  const config = [
    'fhirVersion: R4',
    'fhirPathRules:',
    '  - path: Patient.multipleBirth as integer',
    '    method: generalize',
    '    cases:',
    "      $this >= 2: '10'",
    "      $this >= 1: '20'",
    '    otherValues: keep',
  ].join('\n')
  const result = createAnonymizer(parseConfigText(config, 'c.yml') as object).anonymize(
    '{"resourceType":"Patient","multipleBirthInteger":3}',
  )
  t.match(result.ok && Buffer.from(result.bytes).toString(), /"multipleBirthInteger":10/)
})

t.test('a YAML configuration is checked as a JSON one: all problems at once', async (t) => {
  const config =
    'fhirPathRules:\n  - path: Patient.id\n    method: cryptoHash\n  - path: ""\n    method: redact\nparameters:\n  dateShiftScope: elsewhere\n'
  const raw = parseConfigText(config, 'c.yaml')
  const failure = (() => {
    try {
      return checkConfig(raw)
    } catch (error) {
      return error
    }
  })()
  t.ok(isSluiceError(failure) && failure.code === 'CONFIG_INVALID')
  t.strictSame(isSluiceError(failure) && failure.problems?.map(({ path }) => path).sort(), [
    'fhirPathRules[1].path',
    'parameters.cryptoHashKey',
    'parameters.dateShiftScope',
  ])
})

t.test(
  'the name decides: .yaml and .yml in any case, in addresses too; a YAML text under another name is said',
  async (t) => {
    for (const name of ['a.yaml', 'a.YML', 'https://x.blob.core.windows.net/c/a.yaml?sv=1'])
      t.ok(isYamlName(name), name)
    for (const name of ['a.json', 'yaml', 'a.yaml.json', 'a.yml/b']) t.notOk(isYamlName(name), name)
    t.throws(() => parseConfigText('fhirVersion: R4\n', 'c.json'), { message: /ends in \.yaml or \.yml/ })
    t.throws(() => parseConfigText('a: "SECRET', 'c.yaml'), {
      message: /^(?!.*SECRET).*is not valid YAML.*line 1, column/s,
    })
    t.throws(() => checkPipelineConfig(parseConfigText('source: 1', 'p.yaml'), 'p.yaml', () => []))
  },
)
