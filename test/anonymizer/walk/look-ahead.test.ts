// Holds assembly/choices.ts, src/rules/automaton/stability.ts.
import t from 'tap'
import { elementAt } from '../../support/elements.js'
import { enginesFor, type Json } from '../../support/rules.js'

const OLD = "Patient.name.where(use = 'old')"
const PATIENT =
  '{"resourceType":"Patient","id":"p","active":true,"name":[{"use":"usual","family":"A"},{"use":"old","family":"B"}]}'
const redact = (path: string): Json => ({ path, method: 'redact' })

/** What the rules are, and whether the interpreter has to serve the patient. */
const cases: readonly (readonly [
  name: string,
  rules: readonly Json[],
  isInterpreted: boolean,
  line?: string,
])[] = [
  ['that compares with a literal', [redact(`${OLD}.family`)], false],
  ['on the resource itself', [redact('Patient.where(active).name.family')], false],
  [
    'that the evaluator decides',
    [redact('Patient.name.where(family.length() < 2 and use.lower() = use)')],
    false,
  ],
  ['with a comparison of dates', [redact('Patient.where(birthDate < @1930-01-01).name')], false],
  ['after a rule that changes what it looks at', [redact('Patient.name.use'), redact(`${OLD}.family`)], true],
  [
    'that holds only because of the rule before it',
    [redact('Patient.name.use'), redact('Patient.name.where(use.empty()).family')],
    true,
  ],
  [
    'after a rule that keeps what it looks at',
    [{ path: 'Patient.name.use', method: 'keep' }, redact(OLD)],
    false,
  ],
  ['after another of its kind', [redact(OLD), redact("Patient.name.where(use = 'usual').family")], false],
  ['after one that removes elements', [{ path: OLD, method: 'remove' }, redact(`${OLD}.family`)], false],
  ['that looks outside the element', [redact("Patient.name.where(%resource.id = 'p')")], true],
  ['with an index', [redact('Patient.name[1].family')], true],
  ['with an index on what the patient has not', [redact('Patient.contact[1]')], false],
  ['that fails', [redact("Patient.name.where(family + 1 = 'x')")], true],
  [
    'that fails after a rule that redacts it',
    [redact('Patient.name'), redact("Patient.name.where(family + 1 = 'x')")],
    true,
  ],
  [
    'in a contained patient',
    [redact(OLD)],
    false,
    '{"resourceType":"Basic","id":"b","contained":[{"resourceType":"Patient","name":[{"use":"old","family":"A"}]}]}',
  ],
  [
    'on a value',
    [redact("Patient.name.given.where($this = 'Anna')")],
    false,
    '{"resourceType":"Patient","name":[{"given":["Anna","Berta"]}]}',
  ],
  [
    'on a value with an extension',
    [redact("Patient.name.given.where($this = 'Anna')")],
    true,
    '{"resourceType":"Patient","name":[{"given":["Anna"],"_given":[{"id":"a"}]}]}',
  ],
]

for (const [name, rules, isInterpreted, line = PATIENT] of cases)
  t.test(`a rule with a criterion ${name}`, async (t) => {
    const [law, fast] = enginesFor([...rules, redact('Patient.name')])
    t.strictSame(fast.run(line), law.run(line))
    t.equal(fast.lines.counts.interpretedLines > 0, isInterpreted)
    t.strictSame(fast.lines.counts.elementsByRule, law.lines.counts.elementsByRule)
  })

t.test('an element in an element is looked at anew, and each variant has its own rules', async (t) => {
  const race = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race'
  const rules = [
    {
      path: `Patient.extension.where(url = '${race}').extension.where(url = 'ombCategory').value.code`,
      method: 'keep',
    },
    { path: "nodesByType('Extension')", method: 'redact' },
  ]
  const part = (url: string, code: string): Json => ({ url, valueCoding: { system: 's', code } })
  const extension = [
    { url: race, extension: [part('ombCategory', '1'), part('detailed', '2')] },
    { url: 'other', extension: [part('ombCategory', '3')] },
  ]
  const [law, fast] = enginesFor(rules)
  for (const more of [extension, extension.toReversed(), [...extension, ...extension]]) {
    const line = JSON.stringify({ resourceType: 'Patient', extension: more })
    t.strictSame(fast.run(line), law.run(line))
  }
  t.equal(fast.lines.counts.interpretedLines, 0)
  t.equal(elementAt([...fast.lines.counts.elementsByRule], 0), 4)
})

t.test(
  'a line with very deep elements is left to the interpreter, not looked at again and again',
  async (t) => {
    const rules = [redact("nodesByType('Extension').where(extension.extension.value.exists())")]
    let extension: Json = { url: 'x', valueString: 'y'.repeat(100_000) }
    for (let depth = 0; depth < 120; depth++) extension = { url: 'x', extension: [extension] }
    const line = JSON.stringify({ resourceType: 'Patient', extension: [extension] })
    const [law, fast] = enginesFor(rules)
    t.strictSame(fast.run(line), law.run(line))
    t.equal(fast.lines.counts.interpretedLines, 1)
  },
)
