import type { ElementTree, ElementType, Member } from '../../src/fhir/elements.js'

/** One element of a path: its name without choice suffix, and its type. */
export interface Step {
  readonly name: string
  readonly type: string
}

/** Where a canary was planted, from the resource down. */
export interface Place {
  readonly resource: string
  readonly steps: readonly Step[]
}

export interface Planted {
  readonly line: string
  /** Canary → its place. Texts look like `canary17x`, numbers like 7000000017. */
  readonly places: ReadonlyMap<string, Place>
}

/** What stands in the elements of type date, dateTime and instant. */
export type DateKind = 'text' | 'date'

export const EXACT_DATE = '1987-06-05'
const EXACT_TIME = 'T07:08:09.123+02:00'
const CANARY = /canary\d+x|70000\d{5}/g

export const canariesIn = (text: string): readonly string[] => text.match(CANARY) ?? []

/**
 * A resource of the type with every element that the version has, each value another canary; recursive elements
 * once. Primitives near the root have an id and an extension, which hold canaries as well.
 */
export function plantResource(type: ElementType, dates: DateKind): Planted {
  const places = new Map<string, Place>()
  const plant = (steps: readonly Step[]): string => {
    const canary = `canary${places.size + 1}x`
    places.set(canary, { resource: type.name, steps })
    return canary
  }
  const plantNumber = (steps: readonly Step[]): number => {
    const canary = 7_000_000_000 + places.size + 1
    places.set(String(canary), { resource: type.name, steps })
    return canary
  }
  const small = (steps: readonly Step[]) => ({
    id: plant([...steps, { name: 'id', type: 'string' }]),
    extension: [
      {
        url: plant([...steps, { name: 'extension', type: 'Extension' }, { name: 'url', type: 'uri' }]),
        valueString: plant([
          ...steps,
          { name: 'extension', type: 'Extension' },
          { name: 'value', type: 'string' },
        ]),
      },
    ],
  })
  // A child resource takes its own turn: its places start at itself.
  const childPatient = () => {
    const at = (...steps: readonly Step[]): string => {
      const canary = `canary${places.size + 1}x`
      places.set(canary, { resource: 'Patient', steps })
      return canary
    }
    return {
      resourceType: 'Patient',
      id: at({ name: 'id', type: 'id' }),
      language: at({ name: 'language', type: 'code' }),
      name: [{ family: at({ name: 'name', type: 'HumanName' }, { name: 'family', type: 'string' }) }],
    }
  }
  const value = (member: Member, steps: readonly Step[], above: ReadonlySet<string>): unknown => {
    const { type: own } = member
    if (own.isResource) return childPatient()
    if (own.jsonKind === 'boolean') return true
    if (own.jsonKind === 'number') return plantNumber(steps)
    if (own.jsonKind === 'object') return object(own, steps, above)
    const isDate = own.name === 'date' || own.name === 'dateTime' || own.name === 'instant'
    if (isDate && dates === 'date') return own.name === 'date' ? EXACT_DATE : EXACT_DATE + EXACT_TIME
    return plant(steps)
  }
  const object = (owner: ElementType, steps: readonly Step[], above: ReadonlySet<string>): object => {
    const filled: Record<string, unknown> = owner.isResource ? { resourceType: owner.name } : {}
    for (const member of owner.members.values()) {
      const own = [...steps, { name: member.name, type: member.type.name }]
      if (member.type.jsonKind === 'object' && above.has(member.type.id)) continue
      if (member.type.name === 'Extension' && steps.length > 0) filled[member.key] = small(own).extension
      else filled[member.key] = listed(member, value(member, own, new Set([...above, member.type.id])))
      if (member.type.jsonKind !== 'object' && steps.length < 2 && member.key !== 'id')
        filled[`_${member.key}`] = listed(member, small(own))
    }
    return filled
  }
  const line = JSON.stringify(object(type, [], new Set([type.id])))
  return { line, places }
}

export const resourceTypes = (tree: ElementTree): readonly ElementType[] => [...tree.resources.values()]

const listed = (member: Member, item: unknown): unknown => (member.cardinality === 'many' ? [item] : item)

/** `Patient.contact.name(HumanName).family(string)`, for messages. */
export const placeText = ({ resource, steps }: Place): string =>
  [resource, ...steps.map(({ name, type }) => `${name}(${type})`)].join('.')
