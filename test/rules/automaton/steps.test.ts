import t from 'tap'
import { compilePath, type Step } from '../../../src/rules/automaton/steps.js'
import { parseRulePath } from '../../../src/rules/path/rule-path.js'

const shown = (step: Step): string => {
  switch (step.kind) {
    case 'child':
      return `.${step.name}`
    case 'type':
      return `:${step.name}`
    case 'search':
      return `${step.nested ? '//' : '/'}${step.by} ${step.name}`
    default:
      return step.kind
  }
}

/** The paths of a rule, a text each; undefined where the interpreter has to serve it. */
const compiled = (path: string): readonly string[] | undefined =>
  compilePath(parseRulePath(path))?.map((steps) => steps.map(shown).join(' '))

t.test('a plain path compiles into steps that names and types decide', async (t) => {
  for (const [path, paths] of [
    ['Patient', ['']],
    ['Patient.name.given', ['.name .given']],
    ['Patient.name | Patient.contact.name', ['.name', ':Patient .contact .name']],
    ['Patient.contained.Observation.value', ['.contained :Observation .value']],
    ['Bundle.entry.Resource.id', ['.entry .id']],
    ['Observation.value as Quantity', ['.value :Quantity']],
    ['Observation.value.ofType(Quantity).unit', ['.value :Quantity .unit']],
    ['Observation.value.as(FHIR.Quantity)', ['.value :Quantity']],
    ['Observation.value.where($this is Quantity)', ['.value :Quantity']],
    ['Patient.children().given', ['children .given']],
    ['Patient.descendants().where($this is string)', ['descendants :string']],
    ["nodesByType('date')", ['/type date']],
    ["nodesByName('id').value", ['/name id .value']],
    ["Patient.nodesByType('date')", ['//type date']],
    ["Patient.contact.nodesByName('id')", ['.contact //name id']],
    ['Patient.text.`div`', ['.text .div']],
  ] as const)
    t.strictSame(compiled(path), paths, path)
})

t.test('a path that looks at values needs the interpreter', async (t) => {
  for (const path of [
    "Patient.name.where(use = 'official')",
    'Patient.name[0]',
    'Patient.name.first()',
    'Patient.name.where($this is HumanName and true)',
    'Patient.`giv*`',
    'Patient.name is HumanName',
    'Patient.nodesByType(HumanName)',
    'Observation.value.ofType(System.Quantity)',
    "Patient.extension('x')",
    'Patient.name.select(given)',
    'Patient.name | Patient.name.first()',
  ])
    t.equal(compiled(path), undefined, path)
})
