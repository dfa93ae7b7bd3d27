import t from 'tap'
import { complexTemplate, TemplateError } from '../../../src/anonymizer/interpreter/template-merge.js'
import { enginesFor, type Json, outputOf } from '../../support/rules.js'

const PATIENT = {
  resourceType: 'Patient',
  name: [{ use: 'official', family: 'a', given: ['b', 'c'], period: { start: '2001', end: '2002' } }],
}
const substitute = (path: string, replaceWith: unknown): Json => ({ path, method: 'substitute', replaceWith })

// The rules, and what becomes of the name.
const ROWS: readonly (readonly [string, readonly Json[], unknown])[] = [
  [
    'the template takes the place of the element',
    [substitute('Patient.name', { text: 'x' })],
    [{ text: 'x' }],
  ],
  [
    'items are taken over one by one, those left over go',
    [substitute('Patient.name', { given: ['x'] })],
    [{ given: ['x'] }],
  ],
  [
    'items that the element lacks are added',
    [substitute('Patient.name', { given: ['x', 'y', 'z'] })],
    [{ given: ['x', 'y', 'z'] }],
  ],
  [
    'what an earlier rule has stays as that rule left it',
    [{ path: 'Patient.name.family', method: 'keep' }, substitute('Patient.name', { family: 'x', text: 'y' })],
    [{ family: 'a', text: 'y' }],
  ],
  [
    'a template may be the text of a JSON object',
    [substitute('Patient.name', '{"family":"x"}')],
    [{ family: 'x' }],
  ],
  [
    'what holds something that an earlier rule has stays as its shell',
    [{ path: 'Patient.name.period.start', method: 'keep' }, substitute('Patient.name', { text: 'x' })],
    [{ period: { start: '2001' }, text: 'x' }],
  ],
  ['an empty template takes the element away', [substitute('Patient.name', {})], undefined],
  [
    'no later rule changes what was substituted',
    [substitute('Patient.name', { family: 'x' }), { path: 'Patient.name.family', method: 'redact' }],
    [{ family: 'x' }],
  ],
]

t.test('a template is merged into an element', async (t) => {
  for (const [title, rules, expected] of ROWS)
    for (const engine of enginesFor(rules))
      t.same(outputOf(engine.run(JSON.stringify(PATIENT))).name, expected, title)
})

t.test('a template that does not fit the element fails the rule, and quotes nothing', async (t) => {
  for (const [replaceWith, message] of [
    [{ nick: 'secret' }, /the member nick, which HumanName lacks/],
    [{ family: ['secret'] }, /an array for family, which does not repeat/],
    [{ family: 7 }, /no string for family/],
    [{ period: 'secret' }, /no object for period/],
    ['secret', /not a JSON object/],
    [['secret'], /not an object/],
  ] as const)
    for (const engine of enginesFor([substitute('Patient.name', replaceWith)])) {
      const outcome = engine.run(JSON.stringify(PATIENT))
      t.match(outcome, { ok: false, rejection: { code: 'RULE_FAILED', message } })
      t.notMatch(JSON.stringify(outcome), /secret/)
    }
  t.throws(() => complexTemplate(7), TemplateError)
  t.ok(new TemplateError('x') instanceof Error)
})
