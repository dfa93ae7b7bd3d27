// Holds src/rules/automaton/automaton.ts, src/rules/automaton/cost.ts, src/rules/automaton/progress.ts, src/rules/automaton/stability.ts.
import t from 'tap'
import { type ElementType, elementTree } from '../../../src/fhir/elements.js'
import {
  type Arrival,
  Automaton,
  holdsResources,
  isChoice,
  type Place,
} from '../../../src/rules/automaton/automaton.js'
import { type Cost, CostSurvey } from '../../../src/rules/automaton/cost.js'
import type { Effect } from '../../../src/rules/automaton/progress.js'
import { compilePath } from '../../../src/rules/automaton/steps.js'
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
    paths.map((path, k) => ({
      number: k + 1,
      paths: compilePath(parseRulePath(path)) ?? [],
      effect: 'values',
    })),
  )

function sure(arrival: Arrival): Place {
  if (arrival === undefined || isChoice(arrival)) throw new Error('not decided by names and types')
  return arrival
}

/** The place of an element, by the JSON names on the way to it. */
function placeOf(automaton: Automaton, resource: string, keys = ''): Place {
  let place = sure(automaton.start(typeNamed(resource), ''))
  for (const key of keys.split('.').filter((part) => part !== '')) {
    const member = place.type.members.get(key)
    if (member === undefined) throw new Error(`no ${key} in ${place.type.name}`)
    place = sure(automaton.child(place, member))
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
    placeOf(automaton, 'Patient', 'contact').below.map(({ rule }) => rule.number),
    [],
    'nothing of a later rule is left',
  )
  t.strictSame(
    placeOf(automatonOf("nodesByType('date')", 'Patient.contact'), 'Patient', 'contact').below.map(
      ({ rule }) => rule.number,
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

/** The arrival at an element: the claims of its variants by mask, or that the interpreter is needed. */
function claimsAt(
  rules: readonly (readonly [path: string, effect: Effect])[],
  resource: string,
  key: string,
): readonly number[] | 'interpreter' {
  const automaton = new Automaton(
    rules.map(([path, effect], k) => ({
      number: k + 1,
      paths: compilePath(parseRulePath(path)) ?? [],
      effect,
    })),
  )
  const root = sure(automaton.start(typeNamed(resource), ''))
  const member = root.type.members.get(key)
  const arrival = member && automaton.child(root, member)
  if (arrival === undefined) return 'interpreter'
  if (!isChoice(arrival)) return [arrival.claim]
  return Array.from({ length: 2 ** arrival.predicates.length }, (_, mask) => arrival.resolve(mask).claim)
}

t.test('where leads to a choice, whose variants have their own claims', async (t) => {
  const OLD = "Patient.name.where(use = 'old')"
  const rows: readonly (readonly [
    readonly (readonly [string, Effect])[],
    readonly number[] | 'interpreter',
  ])[] = [
    [[[OLD, 'values']], [0, 1]],
    [
      [
        [OLD, 'values'],
        ['Patient.name', 'values'],
      ],
      [2, 1],
    ],
    [
      [
        ['Patient.name', 'values'],
        [OLD, 'values'],
      ],
      [1],
    ],
    [
      [
        [OLD, 'values'],
        [OLD, 'none'],
      ],
      [0, 1],
    ],
    [
      [
        [OLD, 'values'],
        ["Patient.name.where(use = 'usual')", 'none'],
      ],
      [0, 1, 2, 1],
    ],
    [[["Patient.name.where(usee = 'old')", 'values']], [0]],
    [[['Patient.name.where($this is HumanName and true)', 'values']], [1]],
    [[['Patient.name.where(use.lower() = family)', 'values']], [0, 1]],
    [[['Patient.name.where(%resource.active)', 'values']], 'interpreter'],
    [[['Patient.name[0]', 'values']], 'interpreter'],
    [
      [
        ['Patient.name', 'values'],
        ['Patient.name[0]', 'values'],
      ],
      'interpreter',
    ],
  ]
  for (const [rules, claims] of rows)
    t.strictSame(claimsAt(rules, 'Patient', 'name'), claims, rules.join('; '))
})

t.test('a criterion counts only if no earlier rule may change what it reads', async (t) => {
  const OLD = "Patient.name.where(use = 'old')"
  const rows: readonly (readonly [string, Effect, boolean])[] = [
    ['Patient.name.use', 'none', true],
    ['Patient.name.use', 'values', false],
    ["nodesByType('code')", 'values', false],
    ["Patient.name.where(family = 'x').use", 'values', false],
    ["Patient.name.where(family = 'x')", 'whole', true],
    ["Patient.name.where(family = 'x').use", 'whole', false],
    ["Patient.name.where(family = 'x')", 'none', true],
    ['Patient.name.family', 'values', true],
    ['Patient.name.use.extension', 'values', true],
    ['Patient.contact.name', 'values', true],
  ]
  for (const [earlier, effect, isDecided] of rows) {
    const rules = [
      [earlier, effect],
      [OLD, 'values'],
    ] as const
    t.equal(claimsAt(rules, 'Patient', 'name') !== 'interpreter', isDecided, `${earlier} ${effect}`)
  }
  const keepFirst = [
    ['Patient.name.use', 'none'],
    ["nodesByType('code')", 'values'],
    [OLD, 'values'],
  ] as const
  t.not(claimsAt(keepFirst, 'Patient', 'name'), 'interpreter', 'what an earlier rule keeps does not change')
  const keepSome = [["Patient.name.where(family = 'x').use", 'none'], ...keepFirst.slice(1)] as const
  t.equal(claimsAt(keepSome, 'Patient', 'name'), 'interpreter', 'unless it keeps only some')
  const later = [
    [OLD, 'values'],
    ['Patient.name.use', 'values'],
  ] as const
  t.not(claimsAt(later, 'Patient', 'name'), 'interpreter', 'later rules do not matter')
})

t.test('what a rule costs on a type: the dearest of its elements counts', async (t) => {
  const rows: readonly (readonly [path: string, resource: string, Cost])[] = [
    ['Patient.name', 'Patient', 'names'],
    ["Patient.name.where(use = 'old')", 'Patient', 'bytes'],
    ["nodesByType('Coding').where(system = 'x')", 'Patient', 'bytes'],
    ["Patient.nodesByType('Encounter').where(status = 'planned')", 'Patient', 'names'],
    ["nodesByType('HumanName').where(use = 'old')", 'Patient', 'bytes'],
    ["nodesByType('HumanName').where(family.lower() = 'a')", 'Patient', 'evaluator'],
    ["nodesByType('HumanName').where(%resource.active)", 'Patient', 'some lines'],
    ['Patient.name[0]', 'Patient', 'some lines'],
    ['Patient.noSuchElement[0]', 'Patient', 'names'],
    ['Patient.where(active)', 'Patient', 'bytes'],
    ['Patient.where(%context.active)', 'Patient', 'all lines'],
  ]
  for (const [path, resource, cost] of rows) {
    const paths = compilePath(parseRulePath(path)) ?? []
    const automaton = new Automaton([{ number: 1, paths, effect: 'values' }])
    t.equal(
      new CostSurvey(automaton, 1).on(typeNamed(resource), () => true),
      cost,
      path,
    )
  }
})
