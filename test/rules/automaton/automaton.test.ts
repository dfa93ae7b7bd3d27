import t from 'tap'
import { type ElementType, elementTree } from '../../../src/fhir/elements.js'
import { Automaton, holdsResources, type Place } from '../../../src/rules/automaton/automaton.js'
import { compilePath, type StepPath } from '../../../src/rules/automaton/steps.js'
import { parseRulePath } from '../../../src/rules/path/rule-path.js'

const tree = elementTree('R4')

function typeNamed(name: string): ElementType {
  const type = tree.resources.get(name) ?? tree.dataTypes.get(name)
  if (type === undefined) throw new Error(`no type ${name}`)
  return type
}

/** The automaton of rules 1, 2 … */
const automatonOf = (...paths: readonly string[]): Automaton =>
  new Automaton(
    new Map(
      paths.map((path, k): [number, readonly StepPath[]] => [k + 1, compilePath(parseRulePath(path)) ?? []]),
    ),
  )

/** The place of an element, by the JSON names on the way to it. */
function placeOf(automaton: Automaton, resource: string, keys = ''): Place {
  let place = automaton.start(typeNamed(resource), '')
  for (const key of keys.split('.').filter((part) => part !== '')) {
    const member = place.type.members.get(key)
    if (member === undefined) throw new Error(`no ${key} in ${place.type.name}`)
    place = automaton.child(place, member)
  }
  return place
}

t.test('the claim at an element: which rule takes it', async (t) => {
  const rows: readonly (readonly [
    rules: readonly string[],
    resource: string,
    element: string,
    claim: number,
  ])[] = [
    [['Patient.name'], 'Patient', 'name', 1],
    [['Patient.name'], 'Patient', 'birthDate', 0],
    [['Patient.name'], 'Patient', 'name.given', 1],
    [['Patient'], 'Patient', '', 1],
    [['Patient'], 'Patient', 'contact.name', 1],
    [['Patient.name.given', 'Patient.name'], 'Patient', 'name', 2],
    [['Patient.name.given', 'Patient.name'], 'Patient', 'name.given', 1],
    [['Patient.name.given', 'Patient.name'], 'Patient', 'name.family', 2],
    [['Patient.name', 'Patient.name.given'], 'Patient', 'name.given', 1],
    [['Observation.value as Quantity'], 'Observation', 'valueQuantity', 1],
    [['Observation.value as Quantity'], 'Observation', 'valueString', 0],
    [["nodesByType('date')"], 'Patient', 'birthDate', 1],
    [["nodesByType('HumanName').given"], 'Patient', 'contact.name.given', 1],
    [["nodesByName('id')"], 'Patient', 'contact.id', 1],
    [['Patient.children()'], 'Patient', 'birthDate', 1],
    [['Patient.descendants().where($this is string)', 'Patient'], 'Patient', 'name.family', 1],
    [['Patient.descendants().where($this is string)', 'Patient'], 'Patient', 'birthDate', 2],
    [['Patient.name | Patient.telecom'], 'Patient', 'telecom.value', 1],
    [['Patient.birthDate', 'Resource'], 'Patient', 'birthDate.extension', 1],
  ]
  for (const [rules, resource, element, claim] of rows)
    t.equal(
      placeOf(automatonOf(...rules), resource, element).claim,
      claim,
      `${rules.join('; ')} on ${element}`,
    )
})

t.test('a claim begins where the rule matches, and is inherited below', async (t) => {
  const automaton = automatonOf('Patient.contact')
  t.equal(placeOf(automaton, 'Patient', 'contact').claimsHere, true)
  t.equal(placeOf(automaton, 'Patient', 'contact.name').claimsHere, false)
})

t.test(
  'the bare form of nodesByType leaves the resource out, the form in an expression counts it',
  async (t) => {
    t.equal(placeOf(automatonOf("nodesByType('Patient')"), 'Patient').claim, 0)
    t.equal(placeOf(automatonOf("Resource.nodesByType('Patient')"), 'Patient').claim, 1)
  },
)

t.test('rules that a claim has taken over no longer search below it', async (t) => {
  const automaton = automatonOf('Patient.contact', 'Patient.contact.name.family', "nodesByType('date')")
  t.strictSame(
    placeOf(automaton, 'Patient', 'contact').below.map(({ rule }) => rule),
    [],
    'nothing of a later rule is left',
  )
  t.strictSame(
    placeOf(automatonOf("nodesByType('date')", 'Patient.contact'), 'Patient', 'contact').below.map(
      ({ rule }) => rule,
    ),
    [1],
    'an earlier rule goes on',
  )
})

t.test('equal places are one object', async (t) => {
  const automaton = automatonOf("nodesByType('HumanName').family")
  const own = placeOf(automaton, 'Patient', 'name.family')
  t.equal(placeOf(automaton, 'Patient', 'contact.name.family'), own)
  t.not(placeOf(automaton, 'Patient', 'name.use'), own)
})

t.test('child resources: always reached, by type, or not at all', async (t) => {
  const rows: readonly (readonly [rule: string, always: boolean, types: readonly string[]])[] = [
    ['Patient.contained', true, []],
    ['Patient.name', false, []],
    ['Patient.descendants()', true, []],
    ["nodesByName('contained')", true, []],
    ["nodesByType('Observation')", false, ['Observation']],
    ["Patient.nodesByType('Observation')", false, []],
  ]
  for (const [rule, always, types] of rows) {
    const automaton = automatonOf(rule)
    const crossing = automaton.crossing(placeOf(automaton, 'Patient'), 'contained')
    t.strictSame({ ...crossing, types: [...crossing.types] }, { always, types }, rule)
  }
})

t.test('which elements can hold resources', async (t) => {
  for (const name of ['Patient', 'Bundle', 'Parameters']) t.equal(holdsResources(typeNamed(name)), true, name)
  for (const name of ['HumanName', 'Extension', 'Meta']) t.equal(holdsResources(typeNamed(name)), false, name)
})
