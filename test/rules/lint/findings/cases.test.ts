// Holds src/rules/lint/findings/cases.ts, src/rules/lint/advice/case-repair.ts.
import t from 'tap'
import { lintConfig } from '../../../../src/config/anonymizer/lint-config.js'
import type { LintRemark } from '../../../../src/config/anonymizer/lint-report.js'

const PLACE = 'fhirPathRules[0].cases'
const linted = (path: string, cases: Readonly<Record<string, string>>): LintRemark[] =>
  lintConfig({ fhirVersion: 'R4', fhirPathRules: [{ path, method: 'generalize', cases }] }).filter(
    (remark) => remark.path === PLACE,
  )

type Row = readonly [path: string, written: string, code: string, suggestion: string | undefined]

const CONDITIONS: readonly Row[] = [
  ['Patient.gender', `gender = 'male'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `gendr = 'male'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `Patient.gender = 'male'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `$this.value = 'male'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `this = 'male'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', '$this = male', 'dead-condition', `$this = 'male'`],
  ['Patient.gender', '$this = "male"', 'dead-condition', `$this = 'male'`],
  ['Patient.gender', 'male', 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `'male'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `$this = 'mal'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `$this = 'Male'`, 'dead-condition', `$this = 'male'`],
  ['Patient.gender', `$this = 'male' or 'female'`, 'dead-condition', `$this = 'male' or $this = 'female'`],
  ['Patient.gender', `$this = ('male' | 'female')`, 'dead-condition', `$this in ('male' | 'female')`],
  ['Patient.gender', 'false', 'dead-condition', undefined],
  ['Patient.gender', '{}', 'dead-condition', undefined],
  ['Patient.gender', '%resource.active', 'fails', undefined],
  ['Patient.gender', '$this > 5', 'fails', `$this > '5'`],
  ['Patient.address.postalCode', '$this = 12345', 'dead-condition', `$this = '12345'`],
  ['Patient.address.postalCode', `$this.matches('(1')`, 'fails', undefined],
  ['Patient.address.city.lower()', `$this = 'x'`, '', undefined],
  ['Patient.multipleBirth.ofType(integer)', `$this > '2'`, 'fails', '$this > 2'],
  ['Patient.multipleBirth.ofType(integer)', `$this = '2'`, 'dead-condition', '$this = 2'],
  ['Patient.active', `$this = 'true'`, 'dead-condition', '$this = true'],
  ['Patient.birthDate', `$this.startsWith('19')`, 'fails', `$this.toString().startsWith('19')`],
  ['Patient.birthDate', '$this < 1950', 'fails', '$this < @1950'],
  [`nodesByType('Address').state`, `state.startsWith('A')`, 'dead-condition', `$this.startsWith('A')`],
]

const VALUES: readonly Row[] = [
  ['Patient.gender', 'other', 'dead-condition', `'other'`],
  ['Patient.gender', '"other"', 'dead-condition', `'other'`],
  ['Patient.gender', 'gender', 'dead-condition', '$this'],
  ['Patient.gender', `'male' | 'female'`, 'partly-fails', undefined],
  ['Patient.gender', '5', 'writes-invalid', undefined],
  ['Patient.active', 'True', 'dead-condition', 'true'],
  ['Patient.active', `'true'`, 'writes-invalid', undefined],
  ['Patient.birthDate', `'unknown'`, 'writes-invalid', undefined],
  ['Patient.birthDate', '$this.substring(0, 4)', 'partly-fails', '$this.toString().substring(0, 4)'],
  ['Patient.multipleBirth.ofType(integer)', `'many'`, 'writes-invalid', undefined],
  ['Patient.address.postalCode', 'postalCode.substring(0, 3)', 'dead-condition', '$this.substring(0, 3)'],
]

const tests = [
  ...CONDITIONS.map((row) => ({ part: 'condition', row, cases: (text: string) => ({ [text]: '{}' }) })),
  ...VALUES.map((row) => ({ part: 'value', row, cases: (text: string) => ({ true: text }) })),
]

for (const { part, row, cases } of tests) {
  const [path, written, code, suggestion] = row
  t.test(`the ${part} ${written} for ${path} ${code === '' ? 'is not judged' : 'is found'}`, async (t) => {
    const found = linted(path, cases(written))
    t.same(
      found.map((remark) => [remark.code, remark.suggestion]),
      code === '' ? [] : [[code, suggestion]],
      JSON.stringify(found),
    )
    if (suggestion !== undefined) t.same(linted(path, cases(suggestion)), [])
  })
}

const FINE: readonly (readonly [path: string, condition: string, value: string])[] = [
  ['Patient.gender', `$this = 'male'`, `'other'`],
  ['Patient.gender', 'true', '{}'],
  ['Patient.gender', `%context = 'male'`, '$this'],
  ['Patient.gender', `$this in ('male' | 'female')`, `iif($this = 'male', 'other', 'unknown')`],
  ['Patient.birthDate', '$this < @1950-01-01', '@1950'],
  ['Patient.birthDate', '$this >= today() - 90 years', `'1900-01-01'`],
  ['Patient.birthDate', `$this.toString().matches('^19')`, '$this.toString().substring(0, 4)'],
  ['Patient.multipleBirth.ofType(integer)', '$this > 2 and $this < 10', '($this div 2) * 2'],
  ['Patient.multipleBirth.ofType(integer)', '$this.exists().not()', '$this + 1'],
  ['Observation.value.ofType(Quantity).value', '$this > 1.5', '$this.round(0)'],
  [`nodesByType('date') | nodesByType('code')`, `$this = 'male'`, `'other'`],
  ['Patient.active', '$this', 'false'],
  ['Patient.active', '$this.not()', '$this'],
  ['Patient.address.postalCode', `$this.substring(0, 3) in ('036' | '059')`, `'000'`],
  ['Patient.address.city', '$this.length() > 3', `$this.substring(0, 1) & '…'`],
  [`nodesByName('city')`, `$this.lower() = 'bonn'`, '$this.upper()'],
]

for (const [path, condition, value] of FINE)
  t.test(`${condition}: ${value} for ${path} has no finding`, async (t) => {
    t.same(linted(path, { [condition]: value }), [])
  })

t.test('only the case that is at fault is named, and what follows a case that always applies', async (t) => {
  const found = linted('Patient.gender', { "$this = 'male'": "'other'", true: '{}', "$this = 'other'": '{}' })
  t.match(found, [{ code: 'dead-condition', message: /condition 3: case 2 before it always applies/ }])
  t.equal(found.length, 1)
})
