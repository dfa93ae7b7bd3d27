import { type ElementTree, type ElementType, isPrimitive, type Member } from '../../src/fhir/elements.js'
import type { Random } from './random.js'
import { randomCriterion } from './random-criterion.js'

/** A rule path with the type of the elements it reaches, where it is known. */
export interface RandomPath {
  readonly path: string
  readonly type: ElementType | undefined
}

/**
 * What kind of path: `plain` ones are decided by names and types, `criteria` are half of them with `where(…)`, `any` are
 * all.
 */
export type PathKind = 'plain' | 'criteria' | 'any'

/** A random rule path that reaches something in resources of the given type often enough to be worth a rule. */
export function randomPath(
  random: Random,
  tree: ElementTree,
  resourceType: string,
  kind: PathKind,
): RandomPath {
  const plain = random.pick(PLAIN)
  const others = kind === 'any' ? OTHER : [criterion]
  const maker = kind === 'plain' || random.chance(kind === 'any' ? 0.6 : 0.4) ? plain : random.pick(others)
  return maker({ random, tree, root: tree.resources.get(resourceType) as ElementType })
}

interface Place {
  readonly random: Random
  readonly tree: ElementTree
  readonly root: ElementType
}
type Maker = (place: Place) => RandomPath

/** Walks down from a type; the steps without the type itself. */
function walk(
  { random, tree }: Place,
  from: ElementType,
  most: number,
): { steps: string[]; type: ElementType } {
  const steps: string[] = []
  let type = from
  const count = random.between(1, most)
  while (steps.length < count) {
    const members = [...type.members.values()]
    if (members.length === 0) break
    const member = random.pick(members)
    // A step into a child resource, whose own type a rule then names or not.
    if (member.type === tree.anyResource && random.chance(0.7)) continue
    steps.push(stepName(member))
    type = member.type
  }
  return { steps, type }
}

// `div`, `contains` and others are operators as well; the original takes them quoted.
const OPERATORS = ['div', 'mod', 'and', 'or', 'xor', 'implies', 'is', 'as', 'in', 'contains']
const stepName = ({ name }: Member): string => (OPERATORS.includes(name) ? `\`${name}\`` : name)

const dotted: Maker = (place) => {
  const { steps, type } = walk(place, place.root, 4)
  return { path: [place.root.id, ...steps].join('.'), type }
}

const ofAnyResource: Maker = (place) => {
  const { steps, type } = walk(place, place.root, 2)
  return { path: [place.random.pick(['Resource', 'DomainResource']), ...steps].join('.'), type }
}

const whole: Maker = ({ random, root }) => ({
  path: random.pick([root.id, 'Resource', 'DomainResource', 'Bundle']),
  type: root,
})

const TYPES = [
  'Reference',
  'HumanName',
  'Identifier',
  'CodeableConcept',
  'Coding',
  'Quantity',
  'Extension',
  'date',
]
const MORE_TYPES = [
  'dateTime',
  'string',
  'code',
  'id',
  'decimal',
  'BackboneElement',
  'Period',
  'Meta',
  'Narrative',
]
const NAMES = [
  'id',
  'value',
  'code',
  'display',
  'extension',
  'contained',
  'meta',
  'text',
  'url',
  'period',
  'name',
]

const byType: Maker = (place) => {
  const { random, tree, root } = place
  const any = [...tree.dataTypes.keys(), root.id]
  const name = random.chance(0.8) ? random.pick([...TYPES, ...MORE_TYPES]) : random.pick(any)
  const type = tree.dataTypes.get(name)
  return withTail(place, `nodesByType('${name}')`, type)
}

const byName: Maker = (place) => {
  const { steps, type } = walk(place, place.root, 2)
  const own = steps.at(-1) ?? 'id'
  const name = place.random.chance(0.5) && !own.startsWith('`') ? own : place.random.pick(NAMES)
  return withTail(place, `nodesByName('${name}')`, name === own ? type : undefined)
}

function withTail(place: Place, head: string, type: ElementType | undefined): RandomPath {
  const scope = place.random.pick(['', '', '', '', `${place.root.id}.`, 'Resource.'])
  if (type === undefined || type.members.size === 0 || place.random.chance(0.5))
    return { path: scope + head, type }
  const tail = walk(place, type, 2)
  return { path: [scope + head, ...tail.steps].join('.'), type: tail.type }
}

/** A choice element of the root or below, narrowed to a type. */
const choice: Maker = (place) => {
  const { random, root } = place
  const choices = [...root.members.values()].filter(({ key, name }) => key !== name)
  if (choices.length === 0) return dotted(place)
  const { name, type } = random.pick(choices)
  const at = `${root.id}.${name}`
  const forms = [`${at} as ${type.name}`, `${at}.ofType(${type.name})`, `(${at} as ${type.name})`]
  const path = random.pick([...forms, `${at}.where($this is ${type.name})`, at])
  if (!isPrimitive(type) && random.chance(0.4) && !path.includes(' as '))
    return withTail({ ...place, root }, path, type)
  return { path, type }
}

const union: Maker = (place) => {
  const one = random2(place, [dotted, byType, byName])
  const other = random2(place, [dotted, byType, dotted])
  const path = `${one.path} | ${other.path}`
  return place.random.chance(0.3) ? { path: `(${path})`, type: undefined } : { path, type: undefined }
}

const random2 = (place: Place, makers: readonly Maker[]): RandomPath => place.random.pick(makers)(place)

const extension: Maker = (place) => {
  const url = place.random.pick(['http://test/ext', 'http://example.org/a'])
  const { path } = random2(place, [dotted, whole])
  const head = `${path}.extension('${url}')`
  return place.random.chance(0.5)
    ? { path: head, type: undefined }
    : { path: `${head}.value`, type: undefined }
}

const where: Maker = (place) => {
  const { random } = place
  const head = random2(place, [dotted, byType])
  const child = head.type === undefined ? 'id' : walk(place, head.type, 1).steps[0]
  if (child === undefined) return head
  const literal = random.pick(['Peter', 'home', 'a', 'REDACTED', 'http://test/ext'])
  const criterion = random.pick([
    `${child} = '${literal}'`,
    `${child}='${literal}'`,
    `${child} != '${literal}'`,
    `${child}.exists()`,
    `${child}.empty()`,
    `$this is ${head.type?.name ?? 'string'}`,
  ])
  const path = `${head.path}.where(${criterion})`
  return random.chance(0.4) ? { path: `${path}.${child}`, type: undefined } : { path, type: head.type }
}

/** A criterion of any kind on elements of a known type, and often a step from those that meet it. */
const criterion: Maker = (place) => {
  const { random } = place
  const head = random2(place, [dotted, dotted, byType, whole])
  if (head.type === undefined) return head
  const texts = ['Peter', 'home', 'a', 'http://test/ext', 'http://example.org/a', 'REDACTED']
  const path = `${head.path}.where(${randomCriterion(random, head.type, texts, 1)})`
  const { steps, type } = walk(place, head.type, 2)
  return random.chance(0.5) ? { path: [path, ...steps].join('.'), type } : { path, type: head.type }
}

const navigated: Maker = (place) => {
  const { random } = place
  const head = random2(place, [dotted, byType, byName])
  const tail = random.pick([
    '.first()',
    '.last()',
    '[0]',
    '[1]',
    '.skip(1)',
    '.take(1)',
    '.tail()',
    '.children()',
    '.descendants()',
    '.descendants().where($this is string)',
    '.children().where($this is code)',
    ".descendants().nodesByName('id')",
    ".nodesByType('string')",
    '.repeat(extension)',
  ])
  return {
    path: head.path + tail,
    type: tail.startsWith('.first') || tail.startsWith('[') ? head.type : undefined,
  }
}

const child: Maker = (place) => {
  const { random } = place
  const name = random.pick([
    'contained',
    'contained.id',
    'contained.meta',
    "contained.nodesByType('Reference')",
  ])
  const bundle = ['Bundle.entry', 'Bundle.entry.resource', 'Bundle.entry.resource.id', 'Bundle.entry.fullUrl']
  const path = place.root.id === 'Bundle' ? random.pick(bundle) : `${place.root.id}.${name}`
  return { path, type: undefined }
}

const nowhere: Maker = ({ random, root }) => ({
  path: random.pick([
    `${root.id}.noSuchElement`,
    'HumanName.family',
    `nodesByType('Nothing')`,
    `${root.id}.valueQuantity`,
  ]),
  type: undefined,
})

const PLAIN: readonly Maker[] = [dotted, dotted, dotted, byType, byType, byName, ofAnyResource, whole, choice]
const OTHER: readonly Maker[] = [union, extension, where, where, navigated, navigated, child, nowhere]
