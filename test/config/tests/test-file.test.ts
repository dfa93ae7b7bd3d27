import t from 'tap'
import { parseTestFile } from '../../../src/config/tests/test-file.js'
import { isSluiceError } from '../../../src/errors.js'

const GIVEN = { resourceType: 'Patient', id: 'p' }

t.test('one test or a list of tests, JSON or YAML, with comments beside them', async (t) => {
  const single = parseTestFile(
    'name: ids\ndescription: why\ngiven: { resourceType: Patient, id: p }\nexpect: { Patient.id: kept, Patient.active: true }',
    'a.yaml',
  )
  t.match(single, {
    asOf: undefined,
    tests: [{ name: 'ids', given: [GIVEN], never: [], item: 'test.ndjson' }],
  })
  t.strictSame(
    [...(single.tests[0]?.expect ?? [])],
    [
      ['Patient.id', { kind: 'word', word: 'kept' }],
      ['Patient.active', { kind: 'value', value: true }],
    ],
  )
  const list = parseTestFile(
    JSON.stringify({
      comment: 'two',
      asOf: '2026-02-01',
      tests: [
        { name: 'a', given: [GIVEN, GIVEN], never: ['p'] },
        { name: 'b', given: GIVEN, rejected: 'UNKNOWN_ELEMENT', item: 'x.ndjson' },
      ],
    }),
    'a.json',
  )
  t.match(list, {
    asOf: '2026-02-01',
    tests: [{ given: { length: 2 } }, { rejected: 'UNKNOWN_ELEMENT', item: 'x.ndjson' }],
  })
})

t.test('a literal value may look like a word, and a path may be named', async (t) => {
  const { tests } = parseTestFile(
    JSON.stringify({
      name: 'a',
      given: GIVEN,
      expect: { a: { value: 'kept' }, b: { shiftedLike: 'c' }, d: { hashedLike: 'e' }, f: 'female' },
    }),
    'a.json',
  )
  t.strictSame(
    [...(tests[0]?.expect.values() ?? [])],
    [
      { kind: 'value', value: 'kept' },
      { kind: 'shiftedLike', path: 'c' },
      { kind: 'hashedLike', path: 'e' },
      { kind: 'value', value: 'female' },
    ],
  )
})

const WRONG: readonly (readonly [what: string, file: unknown, problem: RegExp])[] = [
  [
    'an unknown key',
    { name: 'a', givn: GIVEN, given: GIVEN },
    /givn is an unknown key; did you mean "given"\?/,
  ],
  [
    'an unknown key of the file',
    { tests: [{ name: 'a', given: GIVEN }], asOff: 1 },
    /asOff is an unknown key; did you mean "asOf"/,
  ],
  ['no resource', { name: 'a', given: { id: 'p' } }, /given must be a resource/],
  [
    'an expectation of no form',
    { name: 'a', given: GIVEN, expect: { 'Patient.id': ['p'] } },
    /expect\.Patient\.id must be a value, one of the words kept,/,
  ],
  ['texts that are no list', { name: 'a', given: GIVEN, never: 'p' }, /never must be a list of texts/],
  [
    'a day that does not exist',
    { asOf: '2026-02-30', tests: [{ name: 'a', given: GIVEN }] },
    /asOf must be a valid date/,
  ],
  ['no test', { tests: [] }, /tests must hold a test/],
  [
    'a name twice',
    {
      tests: [
        { name: 'a', given: GIVEN },
        { name: 'a', given: GIVEN },
      ],
    },
    /tests\[1\]\.name is the name of a test above/,
  ],
]

t.test('a wrong file is refused with the place and what to write, and quotes no value', async (t) => {
  for (const [what, file, problem] of WRONG)
    t.throws(
      () => parseTestFile(JSON.stringify(file), 'a.json'),
      { code: 'CONFIG_INVALID', message: problem },
      what,
    )
  t.throws(() => parseTestFile('tests: [', 'a.yaml'), {
    code: 'CONFIG_INVALID',
    message: /line 1, column \d+ is not valid YAML/,
  })
  t.throws(() => parseTestFile('7', 'a.json'), { code: 'CONFIG_INVALID' })
  try {
    parseTestFile(JSON.stringify({ name: 'a', given: { name: 'CANARY' }, never: 'CANARY' }), 'a.json')
    t.fail('is refused')
  } catch (error) {
    t.ok(isSluiceError(error))
    t.notMatch(String((error as Error).message), 'CANARY')
  }
})
