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

/**
 * `values`: a canary in every element. `siblings`: near the root only, but with the id and an extension of every
 * primitive. `dates`: an exact date in every date, dateTime and instant, nothing else. They are separate because the
 * walk leaves some siblings, and so the whole line, to the interpreter.
 */
export type Planting = 'values' | 'siblings' | 'dates'

export const EXACT_DATE = '1987-06-05'
const EXACT_INSTANT = `${EXACT_DATE}T07:08:09.123+02:00`
const EXACT: Readonly<Record<string, string>> = {
  date: EXACT_DATE,
  dateTime: EXACT_INSTANT,
  instant: EXACT_INSTANT,
}
const CANARY = /canary\d+x|70000\d{5}/g

export const canariesIn = (text: string): readonly string[] => text.match(CANARY) ?? []

/**
 * A resource of the type with every element that the version has, recursive ones once; each canary is another one.
 */
export function plantResource(type: ElementType, planting: Planting): Planted {
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
  const childPerson = () => {
    const at = (...steps: readonly Step[]): string => {
      const canary = `canary${places.size + 1}x`
      places.set(canary, { resource: 'RelatedPerson', steps })
      return canary
    }
    return {
      resourceType: 'RelatedPerson',
      id: at({ name: 'id', type: 'id' }),
      language: at({ name: 'language', type: 'code' }),
      name: [{ family: at({ name: 'name', type: 'HumanName' }, { name: 'family', type: 'string' }) }],
    }
  }
  const value = (member: Member, steps: readonly Step[], above: ReadonlySet<string>): unknown => {
    const { type: own } = member
    if (own.jsonKind === 'object' && !own.isResource)
      return planting === 'siblings' && steps.length > 2 ? undefined : object(own, steps, above)
    if (planting === 'dates') return EXACT[own.name]
    if (own.isResource) return childPerson()
    if (own.jsonKind === 'boolean') return true
    return own.jsonKind === 'number' ? plantNumber(steps) : plant(steps)
  }
  const object = (owner: ElementType, steps: readonly Step[], above: ReadonlySet<string>): object => {
    const filled: Record<string, unknown> = owner.isResource ? { resourceType: owner.name } : {}
    for (const member of owner.members.values()) {
      const own = [...steps, { name: member.name, type: member.type.name }]
      if (member.type.jsonKind === 'object' && above.has(member.type.id)) continue
      if (member.type.name === 'Extension' && steps.length > 0) {
        if (planting !== 'dates') filled[member.key] = small(own).extension
        continue
      }
      const item = value(member, own, new Set([...above, member.type.id]))
      if (item !== undefined && !isEmpty(item)) filled[member.key] = listed(member, item)
      if (planting !== 'siblings') continue
      if (member.type.jsonKind !== 'object' && steps.length < 2 && member.key !== 'id')
        filled[`_${member.key}`] = listed(member, small(own))
    }
    return filled
  }
  const line = JSON.stringify(object(type, [], new Set([type.id])))
  return { line, places }
}

export const resourceTypes = (tree: ElementTree): readonly ElementType[] => [...tree.resources.values()]

const isEmpty = (item: unknown): boolean =>
  typeof item === 'object' && Object.keys(item as object).length === 0

const listed = (member: Member, item: unknown): unknown => (member.cardinality === 'many' ? [item] : item)

/** `Patient.contact.name(HumanName).family(string)`, for messages. */
export const placeText = ({ resource, steps }: Place): string =>
  [resource, ...steps.map(({ name, type }) => `${name}(${type})`)].join('.')
