import t from 'tap'
import { print } from '../../../src/rules/expression/print.js'
import { appliesTo, checkRulePath, parseRulePath } from '../../../src/rules/path/rule-path.js'

t.test('a path is split into type and expression', async (t) => {
  for (const [text, type, expression] of [
    ['Patient.name.given', 'Patient', 'name.given'],
    ['Patient.name | Patient.contact.name', 'Patient', 'name | Patient.contact.name'],
    ['Resource.id', 'Resource', 'id'],
    ['name.given', '', 'name.given'],
    ["Patient.nodesByType('Address')", 'Patient', "nodesByType('Address')"],
    ["nodesByType('Address').a.b", '', "nodesByType('Address').a.b"],
    ['(Patient.name as HumanName).given', '', '(Patient.name as HumanName).given'],
  ] as const) {
    const { resourceType, form } = parseRulePath(text)
    t.equal(resourceType, type, text)
    t.equal(form.kind === 'expression' ? print(form.expression) : form.kind, expression, text)
  }
})

t.test('a type alone is the whole resource', async (t) => {
  t.strictSame(parseRulePath('Patient').form, { kind: 'resource' })
})

t.test('nodesByType and nodesByName with at most one step are looked up in the index', async (t) => {
  t.match(parseRulePath("nodesByType('HumanName')").form, {
    kind: 'byType',
    name: 'HumanName',
    step: undefined,
  })
  t.match(parseRulePath('nodesByName("id").value').form, { kind: 'byName', name: 'id', step: 'value' })
  t.match(parseRulePath("nodesByType('a b')").form, { kind: 'expression' })
})

t.test('the whole path must compile, and says what is wrong', async (t) => {
  t.equal(checkRulePath('Patient.name'), undefined)
  t.equal(checkRulePath('Patient.name.where('), 'it ends too early (at character 20)')
})

t.test('a rule applies to resources of its type; without one, or of any resource, to all', async (t) => {
  for (const [text, patient, observation] of [
    ['Patient.name', true, false],
    ["nodesByType('date')", true, true],
    ['Resource.id', true, true],
    ['DomainResource.text', true, true],
    ['HumanName.family', false, false],
  ] as const) {
    t.equal(appliesTo(parseRulePath(text), 'Patient'), patient, text)
    t.equal(appliesTo(parseRulePath(text), 'Observation'), observation, text)
  }
})
