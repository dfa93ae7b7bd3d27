import t from 'tap'
import { lintConfig } from '../../../../src/config/anonymizer/lint-config.js'

const syntaxOf = (path: string) =>
  lintConfig({ fhirVersion: 'R4', fhirPathRules: [{ path, method: 'redact' }] }).find(
    ({ code }) => code === 'path-syntax',
  )

const ROWS: readonly (readonly [path: string, suggestion: string, says: string])[] = [
  [`Patient.name.where(use == 'official')`, `Patient.name.where(use = 'official')`, 'equal is ='],
  [`Patient.name.where(use === 'official')`, `Patient.name.where(use = 'official')`, 'equal is ='],
  [`Patient.name.where(use <> 'official')`, `Patient.name.where(use != 'official')`, 'unequal is !='],
  [
    `Patient.name.where(use = 'official' && family = 'a && b')`,
    `Patient.name.where(use = 'official' and family = 'a && b')`,
    'joined by and',
  ],
  [
    `Patient.name.where(use=='official'||use=='usual')`,
    `Patient.name.where(use = 'official' or use = 'usual')`,
    'equal is =',
  ],
  ['Patient.name || Patient.telecom', 'Patient.name | Patient.telecom', 'lists by |'],
  [
    `Patient.name.where(use = 'official' OR use = 'usual')`,
    `Patient.name.where(use = 'official' or use = 'usual')`,
    'lower case',
  ],
  [
    `Patient.name.where(not(use = 'official'))`,
    `Patient.name.where((use = 'official').not())`,
    'after its condition',
  ],
  ['Patient.where(not(active)).name', 'Patient.where(active.not()).name', 'after its condition'],
  [`Patient.name.where(!use.exists())`, 'Patient.name.where(use.exists().not())', 'after its condition'],
  [
    `Patient.name.where(family in ('a', 'b, c'))`,
    `Patient.name.where(family in ('a' | 'b, c'))`,
    "('a' | 'b')",
  ],
  [
    `Patient.name.where(use in ('official', 'usual', 'old'))`,
    `Patient.name.where(use in ('official' | 'usual' | 'old'))`,
    "('a' | 'b')",
  ],
  ['Patient.name.', 'Patient.name', 'separator'],
  ['Patient..name', 'Patient.name', 'one dot'],
  ['.Patient.name', 'Patient.name', 'separator'],
  ['Patient.where(active.).name', 'Patient.where(active).name', 'missing after a dot'],
  ['Patient.name[*].family', 'Patient.name.family', '[*]'],
  ['Patient/name/family', 'Patient.name.family', 'dots'],
  ['Patient.(name | telecom)', 'Patient.name | Patient.telecom', 'as a whole'],
  [`Observation.value.ofType('string')`, 'Observation.value.ofType(string)', 'without quotes'],
  [`Patient.name.where(use = 'official'`, `Patient.name.where(use = 'official')`, 'not closed'],
  [`Patient.name.where(use = 'official'))`, `Patient.name.where(use = 'official')`, 'closed twice'],
  ['Patient.name.where(use = ‘official’)', `Patient.name.where(use = 'official')`, 'straight quotes'],
  [`Patient.nmae.where(use == 'official')`, `Patient.name.where(use = 'official')`, 'equal is ='],
]

for (const [path, suggestion, says] of ROWS)
  t.test(`${path} is explained, and the right form is given where it is known`, async (t) => {
    const found = syntaxOf(path)
    t.equal(found?.severity, 'problem')
    t.ok(found?.message.includes(says), found?.message ?? '')
    t.equal(found?.suggestion, suggestion)
    t.ok(found?.message.endsWith(`write \`${suggestion}\``), found?.message ?? '')
    t.equal(syntaxOf(suggestion), undefined)
  })

t.test('what is in quotes is no slip', async (t) => {
  for (const path of [`Patient.name.where(family = 'a == b.' +)`, `Patient.name.where(family = '||' *)`])
    t.notMatch(syntaxOf(path)?.message, /in FHIRPath/, path)
})

t.test('a huge path that does not parse is refused at once', async (t) => {
  const started = performance.now()
  for (const part of ['|', '.(', '! ', '(not(', '. '])
    t.ok(syntaxOf(`Patient.(${part.repeat(200_000 / part.length)}`), part)
  t.ok(performance.now() - started < 20_000)
})

const CASES: readonly (readonly [condition: string, suggestion: string])[] = [
  [`$this == 'male'`, `$this = 'male'`],
  [`$this = 'male' || $this = 'female'`, `$this = 'male' or $this = 'female'`],
  [`not($this = 'male')`, `($this = 'male').not()`],
  [`$this in ('male', 'female')`, `$this in ('male' | 'female')`],
  ['$this.', '$this'],
]

for (const [condition, suggestion] of CASES)
  t.test(`${condition} as a condition of generalize is explained`, async (t) => {
    const rule = { path: 'Patient.gender', method: 'generalize', cases: { [condition]: `'other'` } }
    const found = lintConfig({ fhirVersion: 'R4', fhirPathRules: [rule] }).find(
      ({ code }) => code === 'expression-syntax',
    )
    t.equal(found?.suggestion, suggestion)
    t.match(found?.message, /in FHIRPath /)
  })
