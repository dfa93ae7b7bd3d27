// Holds src/rules/explain/kept-codes.ts.
import t from 'tap'
import { judgeConfig } from '../../../src/config/anonymizer/configuration.js'
import { lintConfig } from '../../../src/config/anonymizer/lint-config.js'
import { planOf } from '../../../src/config/anonymizer/plan.js'

const judged = (codeSystems: unknown) => judgeConfig({ fhirVersion: 'R4', fhirPathRules: [], codeSystems })
const problemsOf = (codeSystems: unknown) =>
  judged(codeSystems).problems.map(({ path, message }) => `${path} ${message}`)

t.test('names of sets and urls are taken, and the grammar is on by default', async (t) => {
  const { checked } = judged({ Allow: ['loinc', 'http://example.org/a', 'urn:oid:1.2.3'] })
  t.same(checked?.spec.codeSystems, {
    allow: ['loinc', 'http://example.org/a', 'urn:oid:1.2.3'],
    grammar: true,
  })
})

const refused: readonly (readonly [setting: unknown, problem: RegExp])[] = [
  [{ allow: ['ucum', 'loincs'] }, /^codeSystems\.allow\[1\] "loincs" is neither .*did you mean "loinc"\?$/],
  [{ allow: ['something'] }, /^codeSystems\.allow\[0\] "something" is neither a url nor a set/],
  [{ allow: 'loinc' }, /^codeSystems\.allow must be a list of names and urls$/],
  [{ allow: [''] }, /^codeSystems\.allow\[0\] is empty$/],
  [{ grammar: true }, /^codeSystems\.allow must be a list/],
  [{ allow: [], grammar: 'maybe' }, /^codeSystems\.grammar must be true or false$/],
  [['loinc'], /^codeSystems must be an object such as/],
]

for (const [setting, problem] of refused)
  t.test(`${JSON.stringify(setting)} is refused`, async (t) => {
    const problems = problemsOf(setting)
    t.equal(problems.length, 1, problems.join('\n'))
    t.match(problems[0], problem)
  })

t.test('an unknown key is reported', async (t) =>
  t.match(judged({ allow: [], grammer: true }).notices, [
    { code: 'unknown-key', path: 'codeSystems.grammer', message: /did you mean "grammar"/ },
  ]),
)

t.test('the setting is part of the fingerprint, and its absence is not', async (t) => {
  const fingerprintOf = (config: object) => {
    const { checked } = judgeConfig({ fhirVersion: 'R4', fhirPathRules: [], ...config })
    return checked && planOf(checked, '2026-11-21').fingerprint
  }
  const without = fingerprintOf({})
  const some = fingerprintOf({ codeSystems: { allow: ['loinc'] } })
  t.not(some, without)
  t.not(fingerprintOf({ codeSystems: { allow: ['loinc'], grammar: false } }), some)
  t.equal(
    Object.hasOwn(judgeConfig({ fhirVersion: 'R4', fhirPathRules: [] }).checked?.spec ?? {}, 'codeSystems'),
    false,
  )
})

/** What lint notes about codes. */
const notesOf = (codeSystems: unknown, fhirPathRules: object[] = []): string[] =>
  lintConfig({ fhirVersion: 'R4', fhirPathRules, codeSystems })
    .filter(({ code }) => code.startsWith('codes-'))
    .map(({ message }) => message)

t.test('lint notes that codes stay unchecked only where some do', async (t) => {
  t.match(notesOf(undefined), [/^is not given, so Observation\..*\.code and other codes stay as they are/])
  const keep = { path: 'Condition.code', method: 'keep' }
  const redact = { path: 'Resource', method: 'redact' }
  t.match(notesOf(undefined, [keep, redact]), [/^is not given, so Condition\.code\.coding\.code and/])
  t.same(notesOf(undefined, [redact]), [])
  t.same(notesOf({ allow: [] }), [])
  t.same(notesOf({ allow: ['loincs'] }), [], 'there is a problem instead')
  t.same(notesOf(undefined, [{ path: "nodesByType('Coding').code", method: 'redact' }, keep]), [])
})
