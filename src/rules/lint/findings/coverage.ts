import type { ElementTree, ElementType, Member } from '../../../fhir/elements.js'
import { parseRulePath } from '../../path/rule-path.js'
import type { Place } from '../elements/place.js'
import { judgePath } from '../judge/verdict.js'
import type { FindingCode } from './codes.js'

/** Data that stays unchanged because no rule of the configuration decides it. */
export interface Uncovered {
  readonly code: FindingCode
  readonly message: string
}

const DATES = new Set(['date', 'dateTime', 'instant'])
const TEXTS = new Set(
  'comment comments conclusion description details instruction note patientInstruction summary text title value'.split(
    ' ',
  ),
)

/** Kinds of data that can identify a person, in reporting order. */
const KINDS: readonly (readonly [
  code: FindingCode,
  plural: string,
  holds: (member: Member, owner: ElementType) => boolean,
])[] = [
  ['unreached-names', 'names', ({ type }) => type.name === 'HumanName'],
  ['unreached-identifiers', 'identifiers', ({ type }) => type.name === 'Identifier'],
  ['unreached-telecoms', 'phone numbers and e-mail addresses', ({ type }) => type.name === 'ContactPoint'],
  ['unreached-addresses', 'addresses', ({ type }) => type.name === 'Address'],
  ['unreached-narratives', 'narratives', ({ type }) => type.name === 'Narrative'],
  ['unreached-attachments', 'attachments', ({ type }) => type.name === 'Attachment'],
  ['unreached-dates', 'dates', ({ type }) => DATES.has(type.name)],
  [
    'unreached-texts',
    'free texts',
    ({ name, type }, owner) =>
      type.name === 'markdown' ||
      (type.name === 'string' && (TEXTS.has(name) || (name === 'display' && owner.name === 'Reference'))),
  ],
]

const MAX_EXAMPLES = 3
/** Elements further down belong to types that are examined on their own. */
const MAX_LEVELS = 5

/** Finds data that no rule reaches, one finding per kind. `keep` counts as reached, because the author decided. */
export function uncovered(paths: readonly string[], tree: ElementTree): readonly Uncovered[] {
  const reach = new Reach(paths, tree)
  const found = new Map<FindingCode, string[]>()
  const untouched: string[] = []
  for (const resource of inOrder(tree)) {
    if (!reach.touches(resource)) untouched.push(resource.name)
    else if (!reach.reachesAll(resource))
      for (const [code, path] of unreachedBelow(resource, reach))
        found.set(code, [...(found.get(code) ?? []), path])
  }
  const all = KINDS.flatMap(([code, plural]) => {
    const places = found.get(code) ?? []
    return places.length === 0 ? [] : [{ code, message: unreachedText(plural, places) }]
  })
  return untouched.length === 0 ? all : [...all, { code: 'unreached-types', message: typesText(untouched) }]
}

/** Puts first the types in which readers expect examples. */
const inOrder = ({ resources }: ElementTree): readonly ElementType[] => {
  const people = ['Patient', 'RelatedPerson', 'Practitioner', 'Observation', 'Encounter'].flatMap((name) => {
    const type = resources.get(name)
    return type === undefined ? [] : [type]
  })
  return [...people, ...[...resources.values()].filter((type) => !people.includes(type))]
}

const REMEDY =
  'end the rules with {"path": "Resource", "method": "redact"}, or add rules with "keep" for what may stay'

const unreachedText = (plural: string, places: readonly string[]): string =>
  `leave the ${plural} in ${examples(places)} as they are, because no rule reaches them; ${REMEDY}`

const typesText = (types: readonly string[]): string =>
  `leave all resources of ${examples(types)} as they are, because no rule reaches anything in them; ${REMEDY}`

function examples(all: readonly string[]): string {
  const shown = all.slice(0, MAX_EXAMPLES).join(', ')
  return all.length <= MAX_EXAMPLES ? shown : `${shown} and ${all.length - MAX_EXAMPLES} more`
}

function unreachedBelow(resource: ElementType, reach: Reach): [FindingCode, string][] {
  const found: [FindingCode, string][] = []
  const seen = new Set<string>()
  const visit = (owner: ElementType, path: string, above: readonly ElementType[]): void => {
    for (const member of owner.members.values()) {
      const { name, type } = member
      if (/^(?:extension|modifierExtension|contained)$/.test(name) || type.isResource) continue
      const own = `${path}.${name}`
      if (reach.reaches(resource, own, type, owner)) continue
      const kind = KINDS.find(([, , holds]) => holds(member, owner))
      if (kind !== undefined && !seen.has(`${own} ${kind[0]}`)) {
        seen.add(`${own} ${kind[0]}`)
        found.push([kind[0], own])
      }
      if (
        kind === undefined &&
        type.jsonKind === 'object' &&
        above.length < MAX_LEVELS &&
        !above.includes(type)
      )
        visit(type, own, [...above, type])
    }
  }
  visit(resource, resource.name, [resource])
  return found.sort(([, a], [, b]) => levelsOf(a) - levelsOf(b))
}

const levelsOf = (path: string): number => path.split('.').length

/** Places that the rules reach, kept only as far as needed to find those they do not reach. */
class Reach {
  /** Resource type → path and type of each element. */
  readonly #exact = new Map<string, Set<string>>()
  readonly #types = new Set<string>()
  /** Type and name of the owner. */
  readonly #members = new Set<string>()
  readonly #whole = new Set<string>()

  constructor(paths: readonly string[], tree: ElementTree) {
    for (const path of paths)
      for (const { resource, places } of judgePath(parseRulePath(path), tree).found)
        if (places === undefined) this.#whole.add(resource.name)
        else for (const place of places) this.#add(resource.name, place)
  }

  #add(resource: string, place: Place): void {
    const own = this.#exact.get(resource) ?? new Set<string>()
    this.#exact.set(resource, own)
    if (place.floating) {
      if (place.parent === undefined || place.parent.type.isResource) this.#types.add(place.type.id)
      if (place.parent !== undefined) this.#members.add(`${place.parent.type.id} ${place.name}`)
    } else if (place.parent === undefined) this.#whole.add(resource)
    else own.add(`${pathOf(place, resource)} ${place.type.id}`)
  }

  /** Whether any rule reaches anything in resources of the type. */
  touches({ name }: ElementType): boolean {
    return this.#whole.has(name) || this.#exact.has(name)
  }

  reachesAll({ name }: ElementType): boolean {
    return this.#whole.has(name)
  }

  reaches(resource: ElementType, path: string, type: ElementType, owner: ElementType): boolean {
    return (
      this.#types.has(type.id) ||
      this.#members.has(`${owner.id} ${path.slice(path.lastIndexOf('.') + 1)}`) ||
      this.#exact.get(resource.name)?.has(`${path} ${type.id}`) === true
    )
  }
}

const pathOf = ({ parent, name }: Place, resource: string): string =>
  parent === undefined ? resource : `${pathOf(parent, resource)}.${name}`
