// Holds src/config-tests/config-tests.ts, src/config-tests/expectations.ts, src/config-tests/never.ts,
// src/config-tests/golden.ts, src/config-tests/config-test.ts.
import t from 'tap'
import type { ConfigTest, Expectation } from '../../src/config-tests/config-test.js'
import { ConfigTestRunner, type TestResult, testProblems } from '../../src/config-tests/config-tests.js'
import { KEYS } from '../support/rules.js'
import { specOf } from '../support/spec-of.js'

const SPEC = specOf({
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Encounter.period', method: 'dateShift' },
    { path: 'Patient.deceased', method: 'redact' },
    { path: 'Patient.gender', method: 'keep' },
    { path: 'Patient.name.family', method: 'encrypt' },
    { path: 'Patient.name.text', method: 'substitute', replaceWith: 'somebody' },
    { path: 'Patient.maritalStatus', method: 'keep' },
    { path: 'Resource', method: 'redact' },
  ],
  parameters: { ...KEYS, dateShiftScope: 'patient', enablePartialDatesForRedact: true },
})

const PATIENT = {
  resourceType: 'Patient',
  id: 'maja',
  gender: 'female',
  birthDate: '1948-03-02',
  deceasedDateTime: '2020-05-01',
  name: [{ family: 'Lindqvist', text: 'Maja L.', given: ['Maja'] }],
}
const ENCOUNTER = {
  resourceType: 'Encounter',
  id: 'e',
  subject: { reference: 'Patient/maja' },
  period: { start: '2020-05-01', end: '2020-05-02' },
}

const word = (word: Extract<Expectation, { kind: 'word' }>['word']): Expectation => ({ kind: 'word', word })
const value = (value: string | number | boolean): Expectation => ({ kind: 'value', value })

const testOf = (
  expect: Readonly<Record<string, Expectation>>,
  more: Partial<ConfigTest> = {},
): ConfigTest => ({
  name: 'a test',
  given: [PATIENT, ENCOUNTER],
  expect: new Map(Object.entries(expect)),
  never: [],
  item: 'test.ndjson',
  ...more,
})

const run = async (test: ConfigTest, golden?: TestResult['golden']): Promise<TestResult> =>
  (await ConfigTestRunner.open(SPEC)).run(test, golden && { [test.name]: golden })

const failuresOf = async (...given: Parameters<typeof run>): Promise<readonly string[]> =>
  (await run(...given)).failures.map(({ at, message }) => `${at}: ${message}`)

const RIGHT: Readonly<Record<string, Expectation>> = {
  'Patient.id': word('hashed'),
  'Patient.gender': word('kept'),
  'Patient.birthDate': word('shifted'),
  'Patient.deceased': word('year'),
  'Patient.deceasedDateTime': value(2020),
  'Patient.name.family': word('encrypted'),
  'Patient.name.text': word('changed'),
  'Patient.name[0].text': value('somebody'),
  'Patient.name.given': word('absent'),
  'Patient[0].gender': value('female'),
  'Encounter.period': { kind: 'shiftedLike', path: 'Patient.birthDate' },
  'Encounter.subject.reference': { kind: 'hashedLike', path: 'Patient.id' },
  'Encounter.subject': word('present'),
  'Patient.meta.security.code': value('CRYTOHASH'),
  'Encounter.meta': word('present'),
}

t.test('expectations that hold pass', async (t) => {
  t.strictSame(await failuresOf(testOf(RIGHT, { never: ['Lindqvist', 'Maja', '1948-03'] })), [])
})

t.test('each expectation fails for each value that is not as it says', async (t) => {
  const fates = {
    kept: 'Patient.gender',
    hashed: 'Patient.id',
    shifted: 'Patient.birthDate',
    year: 'Patient.deceased',
    encrypted: 'Patient.name.family',
    absent: 'Patient.name.given',
  } as const
  for (const [expected] of Object.entries(fates))
    for (const [fate, path] of Object.entries(fates)) {
      const failures = await failuresOf(testOf({ [path]: word(expected as keyof typeof fates) }))
      t.equal(failures.length, expected === fate ? 0 : 1, `${path} is ${fate}, not ${expected}: ${failures}`)
    }
})

t.test('a failure names the value, what happened to it and the rule, and quotes nothing', async (t) => {
  const WRONG: readonly (readonly [path: string, expectation: Expectation, failure: RegExp])[] = [
    ['Patient.gender', word('absent'), /^Patient\.gender: expected absent, but gender was kept by rule 6$/],
    ['Patient.name.given', word('kept'), /expected kept, but name\[0\]\.given\[0\] was removed by rule 10$/],
    ['Patient.gender', value('male'), /^Patient\.gender: expected another value: gender was kept by rule 6$/],
    ['Patient.gender', value('hashd'), /did you mean the word "hashed"\?$/],
    ['Patient.active', word('absent'), /nothing is given at this path/],
    ['Patient[1].gender', word('kept'), /no resource of this type \(or number\) is given/],
    ['Patient.meta.security.code', value('MASKD'), /is in the output, but not as expected/],
    ['Encounter.period', { kind: 'shiftedLike', path: 'Patient.gender' }, /dates there are not shifted/],
    ['Patient.gender', { kind: 'shiftedLike', path: 'Patient.birthDate' }, /but gender was kept by rule 6$/],
    ['Encounter.id', { kind: 'hashedLike', path: 'Patient.id' }, /it has another hash$/],
    ['Encounter.id', { kind: 'hashedLike', path: 'Patient.gender' }, /there is not one hash there$/],
  ]
  for (const [path, expectation, failure] of WRONG) {
    const [found = '', ...more] = await failuresOf(testOf({ [path]: expectation }))
    t.match(found, failure, path)
    t.strictSame(more, [])
    t.notMatch(found, /female|Maja|Lindqvist|1948/)
  }
  const { failures } = await run(testOf({ 'Patient.gender': value('male') }))
  t.strictSame(failures[0]?.values, { before: 'female', after: 'female', expected: 'male' })
})

t.test('texts that must never occur are found wherever they are, and must be given', async (t) => {
  t.strictSame(await failuresOf(testOf({}, { never: ['fem', 'somebody', 'Encounter'] })), [
    'never[0]: is in the output: Patient.gender was kept by rule 6',
    'never[1]: is in no given resource, so its absence says nothing',
    'never[2]: is in the output',
  ])
  const quoted = { resourceType: 'Patient', maritalStatus: { text: 'the "old"\nlady' } }
  t.equal((await failuresOf(testOf({}, { given: [quoted], never: ['the "old"\nlady'] }))).length, 1)
})

t.test('a rejected resource fails a test, unless the test says so', async (t) => {
  const given = [{ resourceType: 'Patient', nickname: 'Maja' }]
  t.match(await failuresOf(testOf({}, { given })), [
    /^given\[0\]: is rejected with UNKNOWN_ELEMENT: Patient has/,
  ])
  t.strictSame(await failuresOf(testOf({}, { given, rejected: 'UNKNOWN_ELEMENT' })), [])
  t.equal((await failuresOf(testOf({}, { given, rejected: 'INVALID_JSON' }))).length, 1)
  t.match(await failuresOf(testOf({}, { rejected: 'UNKNOWN_ELEMENT' })), [
    /but is delivered$/,
    /but is delivered$/,
  ])
})

t.test('golden outputs are compared place by place', async (t) => {
  const test = testOf({})
  const { golden } = await run(test)
  t.strictSame(await failuresOf(test, golden), [])
  const other = JSON.parse(JSON.stringify(golden)) as { gender?: string; meta: { security: object[] } }[]
  if (other[0] !== undefined) other[0].gender = 'male'
  other[1]?.meta.security.pop()
  t.strictSame(await failuresOf(test, other), [
    'golden: the output is another than the golden one at [0].gender, [1].meta.security[1]',
  ])
  const runner = await ConfigTestRunner.open(SPEC)
  t.match(runner.run(test, {}).failures, [{ at: 'golden', message: /has no output of this test; --update/ }])
})

t.test('tests that could not fail or whose paths are wrong are problems of the file', async (t) => {
  const none = { hasGolden: false }
  t.match(testProblems(testOf({}), 'R4', none), [{ message: /^checks nothing/ }])
  t.strictSame(testProblems(testOf({}), 'R4', { hasGolden: true }), [])
  t.match(testProblems(testOf({ 'Patient.nmae': word('kept') }), 'R4', none), [
    { path: 'expect: Patient.nmae', message: /did you mean "name"/ },
  ])
  t.match(testProblems(testOf({ 'Claim.id': word('kept') }), 'R4', none), [
    { message: 'begins with a type that is not given; given are Patient, Encounter' },
  ])
  t.match(testProblems(testOf({ 'Patient.id': { kind: 'hashedLike', path: 'Encounter.idd' } }), 'R4', none), [
    { path: 'expect: Encounter.idd' },
  ])
  t.match(testProblems(testOf({ 'Patient.id': word('kept') }, { rejected: 'X' }), 'R4', none), [
    { path: 'expect' },
  ])
})
