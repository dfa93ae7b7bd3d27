import type { ElementType } from '../../fhir/elements.js'
import type { Place } from './reach.js'

const DATES = new Set(['date', 'dateTime', 'instant'])
const NUMBERS = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt'])

/** What is odd about a method on what its rule reaches: it fails on it, or changes nothing and only claims it. */
export function oddEffect(
  method: string,
  places: readonly Place[],
): { readonly code: 'fails' | 'no-effect'; readonly message: string } | undefined {
  if (method === 'generalize') {
    const complex = new Set(
      places.filter(({ type }) => type.jsonKind === 'object').map(({ type }) => type.name),
    )
    if (complex.size === 0) return undefined
    return {
      code: 'fails',
      message: `generalize takes primitive values only, and this reaches ${listed([...complex])}`,
    }
  }
  if (method === 'remove' && places.some(isRoot))
    return { code: 'fails', message: 'remove takes parts of a resource, and this reaches a resource itself' }
  if (method === 'dateShift' && !holds(places, DATES))
    return { code: 'no-effect', message: 'it reaches no date, and only keeps later rules away' }
  if (method === 'perturb' && !holds(places, NUMBERS))
    return { code: 'no-effect', message: 'it reaches no number, and only keeps later rules away' }
  return undefined
}

const isRoot = ({ type, parent, floating }: Place): boolean =>
  type.isResource && parent === undefined && !floating

/** Whether one of these types stands at or below a place; extensions, which hold anything, do not count. */
function holds(places: readonly Place[], names: ReadonlySet<string>): boolean {
  const seen = new Set<ElementType>()
  const visit = (type: ElementType): boolean => {
    if (names.has(type.name)) return true
    if (seen.has(type)) return false
    seen.add(type)
    return [...type.members.values()].some(
      (member) => !/^(?:extension|modifierExtension)$/.test(member.name) && visit(member.type),
    )
  }
  return places.some(({ type }) => visit(type))
}

/** The first few of many. */
export const listed = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
