import t from 'tap'
import { compilePath, isPlain, type Step } from '../../../src/rules/automaton/steps.js'
import { print } from '../../../src/rules/expression/print.js'
import { parseRulePath } from '../../../src/rules/path/rule-path.js'

const shown = (step: Step): string => {
  switch (step.kind) {
    case 'child':
      return `.${step.name}`
    case 'type':
      return `:${step.name}`
    case 'where':
      return `where ${print(step.criterion)}`
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

t.test(
  'a path that looks at values is not plain: a criterion is a step, an index needs the interpreter',
  async (t) => {
    for (const [path, paths] of [
      ["Patient.name.where(use = 'official').given", [".name where use = 'official' .given"]],
      ["nodesByType('Coding').where(system = 'x')", ["//type Coding where system = 'x'"]],
      ["Patient.extension('x').value", [".extension where url = 'x' .value"]],
      ['Patient.name.where($this is HumanName and true)', ['.name where $this is HumanName and true']],
      ['Patient.name[0].family', ['.name opaque .family']],
      ['Patient.name.first()', ['.name opaque']],
      ['Patient.name.skip(1)', ['.name opaque']],
      ['Patient.name.select(given)', ['.name opaque']],
      ['Patient.name | Patient.name.first()', ['.name', ':Patient .name opaque']],
    ] as const) {
      t.strictSame(compiled(path), paths, path)
      t.equal(isPlain(compilePath(parseRulePath(path)) ?? []), false, path)
    }
  },
)

t.test('a path that steps do not describe needs the interpreter where what it examines occurs', async (t) => {
  for (const [path, paths] of [
    ['Patient.name is HumanName', ['.name opaque']],
    ['Observation.value.ofType(System.Quantity)', ['.value opaque']],
    ['Patient.name.given.union(contact.name.given)', ['.name opaque', '.contact opaque']],
    ['Patient.name.tail().repeat(given)', ['.name opaque']],
    ['Patient.name.where(false).repeat(given)', ['.name opaque']],
  ] as const)
    t.strictSame(compiled(path), paths, path)
})

t.test('a path that may select or fail in any resource needs the interpreter for all', async (t) => {
  for (const path of [
    'Patient.`giv*`',
    'Patient.nodesByType(HumanName)',
    'Patient.name[x]',
    'Patient.name.count()',
    'Patient.name.skip(count())',
    'Patient.name.combine(Patient.contact)',
    'Patient.extension(%resource.id)',
    'Patient.repeat(contact)',
  ])
    t.equal(compiled(path), undefined, path)
})
