import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type ConfigOptions, judgeConfig } from '../../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../../src/config/anonymizer/configuration-file.js'

const judge = (config: unknown, options: ConfigOptions = {}) => judgeConfig(config, options)
const withRule = (rule: unknown, parameters: unknown = {}) => ({
  fhirVersion: 'R4',
  fhirPathRules: [rule],
  parameters,
})
const KEYS = {
  dateShiftKey: 'shift: pelican, ember, 4 rivers',
  cryptoHashKey: 'hash: walnut, tundra, 9 lamps',
  encryptKey: '3d5f60b18ce2a94777aa81e5c0d9b2f4',
}

const ACCEPTED: readonly (readonly [string, unknown])[] = [
  ['no rules at all', { fhirPathRules: [] }],
  [
    'keys of the top level in any case',
    { FHIRVERSION: 'r4', fhirpathrules: [], PARAMETERS: { DATESHIFTKEY: KEYS.dateShiftKey } },
  ],
  ['an empty version', { fhirVersion: '', fhirPathRules: [] }],
  ['a null version', { fhirVersion: null, fhirPathRules: [] }],
  ['processingErrors as a number', { fhirPathRules: [], processingErrors: 1 }],
  ['parameters of null', { fhirPathRules: [], parameters: null }],
  ['a method in any case', withRule({ path: 'Patient.name', method: 'REDACT' })],
  ['substitute by null', withRule({ path: 'Patient.name', method: 'substitute', replaceWith: null })],
  ['numbers as text', withRule({ path: 'a', method: 'perturb', span: '1.5', roundTo: '3' }, KEYS)],
  ['a span of null', withRule({ path: 'a', method: 'perturb', span: null, roundTo: null })],
  ['cases as text', withRule({ path: 'a', method: 'generalize', cases: `{"true": "'x'",}` })],
  ['cases of a boolean', withRule({ path: 'a', method: 'generalize', cases: { true: true } })],
  ['an empty offset', withRule({ path: 'a', method: 'keep' }, { dateShiftFixedOffsetInDays: '' })],
  ['a scope in any case', withRule({ path: 'a', method: 'keep' }, { dateShiftScope: 'Folder' })],
  [
    'a shift by a fixed offset without key',
    withRule({ path: 'a', method: 'dateShift' }, { dateShiftFixedOffsetInDays: 0 }),
  ],
]

for (const [name, config] of ACCEPTED)
  t.test(`accepted: ${name}`, async (t) => {
    t.same(judge(config).problems, [])
  })

const REFUSED: readonly (readonly [string, unknown, { rule?: number; path: string }])[] = [
  ['no object', [], { path: '(the whole file)' }],
  ['no rules', {}, { path: 'fhirPathRules' }],
  ['rules of null', { fhirPathRules: null }, { path: 'fhirPathRules' }],
  ['an unknown version', { fhirVersion: 'r3', fhirPathRules: [] }, { path: 'fhirVersion' }],
  ['unknown processingErrors', { fhirPathRules: [], processingErrors: 'keep' }, { path: 'processingErrors' }],
  ['processingErrors of null', { fhirPathRules: [], processingErrors: null }, { path: 'processingErrors' }],
  ['a rule that is no object', withRule('x'), { rule: 1, path: 'fhirPathRules[0]' }],
  ['a rule without path', withRule({ method: 'keep' }), { rule: 1, path: 'fhirPathRules[0].path' }],
  ['a rule without method', withRule({ path: 'a' }), { rule: 1, path: 'fhirPathRules[0].method' }],
  [
    'a rule key in another case',
    withRule({ Path: 'a', method: 'keep' }),
    { rule: 1, path: 'fhirPathRules[0].path' },
  ],
  [
    'a path with bad syntax',
    withRule({ path: 'a..b', method: 'keep' }),
    { rule: 1, path: 'fhirPathRules[0].path' },
  ],
  [
    'an unknown function',
    withRule({ path: 'a.resolve()', method: 'keep' }),
    { rule: 1, path: 'fhirPathRules[0].path' },
  ],
  [
    'an unknown method',
    withRule({ path: 'a', method: 'redcat' }),
    { rule: 1, path: 'fhirPathRules[0].method' },
  ],
  [
    'substitute by nothing',
    withRule({ path: 'a', method: 'substitute' }),
    { rule: 1, path: 'fhirPathRules[0].replaceWith' },
  ],
  ['no span', withRule({ path: 'a', method: 'perturb' }, KEYS), { rule: 1, path: 'fhirPathRules[0].span' }],
  [
    'a negative span',
    withRule({ path: 'a', method: 'perturb', span: -1 }, KEYS),
    { rule: 1, path: 'fhirPathRules[0].span' },
  ],
  [
    'a span of text',
    withRule({ path: 'a', method: 'perturb', span: 'x' }, KEYS),
    { rule: 1, path: 'fhirPathRules[0].span' },
  ],
  [
    'roundTo 29',
    withRule({ path: 'a', method: 'perturb', span: 1, roundTo: 29 }, KEYS),
    { rule: 1, path: 'fhirPathRules[0].roundTo' },
  ],
  [
    'roundTo 1.5',
    withRule({ path: 'a', method: 'perturb', span: 1, roundTo: 1.5 }, KEYS),
    { rule: 1, path: 'fhirPathRules[0].roundTo' },
  ],
  [
    'rangeType null',
    withRule({ path: 'a', method: 'perturb', span: 1, rangeType: null }, KEYS),
    { rule: 1, path: 'fhirPathRules[0].rangeType' },
  ],
  ['no cases', withRule({ path: 'a', method: 'generalize' }), { rule: 1, path: 'fhirPathRules[0].cases' }],
  [
    'cases of null',
    withRule({ path: 'a', method: 'generalize', cases: null }),
    { rule: 1, path: 'fhirPathRules[0].cases' },
  ],
  [
    'an empty condition',
    withRule({ path: 'a', method: 'generalize', cases: { '': "'x'" } }),
    { rule: 1, path: 'fhirPathRules[0].cases' },
  ],
  [
    'an empty value',
    withRule({ path: 'a', method: 'generalize', cases: { true: '' } }),
    { rule: 1, path: 'fhirPathRules[0].cases' },
  ],
  [
    'otherValues of null',
    withRule({ path: 'a', method: 'generalize', cases: {}, otherValues: null }),
    { rule: 1, path: 'fhirPathRules[0].otherValues' },
  ],
  [
    'a flag of null',
    withRule({ path: 'a', method: 'keep' }, { enablePartialAgesForRedact: null }),
    { path: 'parameters.enablePartialAgesForRedact' },
  ],
  [
    'a short encryptKey',
    withRule({ path: 'a', method: 'keep' }, { encryptKey: 'short' }),
    { path: 'parameters.encryptKey' },
  ],
  [
    'a key of bytes',
    withRule({ path: 'a', method: 'keep' }, { cryptoHashKey: [1] }),
    { path: 'parameters.cryptoHashKey' },
  ],
  ['one key in two cases', { FhirPathRules: [], FHIRPATHRULES: [] }, { path: 'FHIRPATHRULES' }],
  [
    'a custom method without file',
    { fhirPathRules: [], customMethods: { mine: './absent.js' } },
    { path: 'customMethods.mine' },
  ],
  [
    'a custom method of a built-in name',
    { fhirPathRules: [], customMethods: { Keep: './x.js' } },
    { path: 'customMethods.Keep' },
  ],
]

for (const [name, config, problem] of REFUSED)
  t.test(`refused, with its place: ${name}`, async (t) => {
    const { problems, checked } = judge(config)
    t.equal(problems.length, 1, JSON.stringify(problems))
    t.match(problems[0], problem)
    t.equal(checked, undefined)
  })

t.test('all problems of a configuration are reported at once', async (t) => {
  const { problems } = judge({
    fhirVersion: 'R7',
    processingErrors: 'never',
    fhirPathRules: [
      { path: 'Patient.name', method: 'keep' },
      { path: 'a..b', method: 'perturb', span: -1 },
      { path: 'Patient.id', method: 'cryptoHash' },
    ],
    parameters: { dateShiftScope: 'planet', encryptKey: 'short' },
  })
  t.same(problems.map((problem) => problem.path).sort(), [
    'fhirPathRules[1].path',
    'fhirPathRules[1].span',
    'fhirVersion',
    'parameters.cryptoHashKey',
    'parameters.dateShiftScope',
    'parameters.encryptKey',
    'processingErrors',
  ])
})

t.test('the cases of generalize keep the order of the file, also for integer-like conditions', async (t) => {
  const raw = parseConfigText(
    `{"fhirPathRules":[{"path":"a","method":"generalize","cases":{"2":"'b'","1":"'a'"}}]}`,
    'test.json',
  )
  t.match(judge(raw).checked?.spec.rules[0], {
    cases: [
      ['2', "'b'"],
      ['1', "'a'"],
    ],
  })
})

t.test('settings get their defaults', async (t) => {
  const { checked } = judge(withRule({ path: 'a', method: 'perturb', span: 0 }))
  t.match(checked?.spec, {
    processingErrors: 'raise',
    unknownElements: 'quarantine',
    mandatoryElements: 'remove',
    parameters: { dateShiftScope: 'resource', restrictedZipCodeTabulationAreas: [] },
    rules: [{ number: 1, rangeType: 'fixed', roundTo: 2 }],
  })
})

t.test('a missing key that a rule needs is an error that says how to give one', async (t) => {
  for (const [rule, key] of [
    [{ path: 'a', method: 'dateShift' }, 'dateShiftKey'],
    [{ path: 'a', method: 'cryptoHash' }, 'cryptoHashKey'],
    [{ path: 'a', method: 'encrypt' }, 'encryptKey'],
    [{ path: 'a', method: 'perturb', span: 1 }, 'perturbKey'],
  ] as const) {
    const { missingKeys } = judge(withRule(rule))
    t.match(missingKeys, [{ path: `parameters.${key}`, message: '--allow-random-keys' }])
    t.same(judge(withRule(rule), { allowRandomKeys: true }).checked?.randomKeys, [key])
    t.same(judge(withRule(rule, { [key]: { random: true } })).checked?.randomKeys, [key])
  }
})

t.test('a key can stand in the environment or in a file beside the configuration', async (t) => {
  const folder = t.testdir({ 'hash.key': 'walnut, tundra, from the file\n', 'empty.key': '\n' })
  process.env.SLUICE_TEST_KEY = 'from the environment'
  process.env.SLUICE_TEST_EMPTY = ''
  const parametersOf = (parameters: object) =>
    judge(withRule({ path: 'a', method: 'keep' }, parameters), { baseFolder: folder })
  t.match(
    parametersOf({ dateShiftKey: { env: 'SLUICE_TEST_KEY' }, cryptoHashKey: { file: 'hash.key' } }).checked
      ?.spec.parameters,
    { dateShiftKey: 'from the environment', cryptoHashKey: 'walnut, tundra, from the file' },
  )
  for (const source of [
    { env: 'SLUICE_TEST_EMPTY' },
    { env: 'SLUICE_TEST_ABSENT' },
    { file: 'empty.key' },
    { file: 'absent.key' },
  ])
    t.match(parametersOf({ cryptoHashKey: source }).problems, [{ path: 'parameters.cryptoHashKey' }])
})

t.test('no problem and no notice quotes a key', async (t) => {
  const secret = 'CANARY-SECRET'
  const verdict = judge({
    fhirPathRules: [{ path: 'a', method: 'cryptoHash', cryptoHashKey: secret }],
    parameters: {
      encryptKey: secret,
      cryptoHashKey: [secret],
      dateShiftKey: { env: 1, secret },
      perturbKey: secret,
    },
  })
  t.ok(verdict.problems.length > 2)
  t.notMatch(JSON.stringify(verdict), secret)
})

t.test('a key inside a rule that has no effect is a notice with the nearest name', async (t) => {
  const { notices } = judge(
    withRule({ path: 'a', method: 'perturb', span: 0, roundto: 1, dateShiftScope: 'file' }),
  )
  t.match(notices, [
    { rule: 1, message: 'did you mean "roundTo"' },
    { rule: 1, message: 'belongs into "parameters"' },
  ])
})

t.test('an unknown key of the configuration is a notice with the nearest name', async (t) => {
  const { notices } = judge({ fhirVersion: 'R4', fhirPathRules: [], processingError: 'skip' })
  t.match(notices, [{ path: 'processingError', message: 'did you mean "processingErrors"' }])
})

t.test('the version asked for counts where the configuration names none, and must not differ', async (t) => {
  t.equal(judge({ fhirPathRules: [] }, { fhirVersion: 'STU3' }).checked?.spec.fhirVersion, 'STU3')
  t.equal(judge({ fhirPathRules: [] }).checked?.spec.fhirVersion, 'R4')
  t.match(judge({ fhirPathRules: [] }).notices, [{ path: 'fhirVersion' }])
  t.match(judge({ fhirVersion: 'R4', fhirPathRules: [] }, { fhirVersion: 'R5' }).problems, [
    { path: 'fhirVersion' },
  ])
})

t.test('a custom method is found beside the configuration, under its name in lower case', async (t) => {
  const folder = t.testdir()
  mkdirSync(join(folder, 'methods'))
  writeFileSync(join(folder, 'methods', 'mask.js'), 'export default () => ({ json: null })')
  const config = {
    fhirVersion: 'R4',
    fhirPathRules: [{ path: 'a', method: 'MASK', letter: 'x' }],
    customMethods: { Mask: './methods/mask.js' },
  }
  const { checked, notices } = judge(config, { baseFolder: folder })
  t.match(checked?.spec.rules, [{ method: 'custom', name: 'mask', settings: { letter: 'x' } }])
  t.match(checked?.spec.customMethods, { mask: /^file:.*methods\/mask\.js$/ })
  t.same(notices, [])
})
