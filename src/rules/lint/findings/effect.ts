import { isDateType } from '../../../fhir/dates.js'
import { type ElementType, isPrimitive } from '../../../fhir/elements.js'
import { listed } from '../elements/name-list.js'
import { isRoot, type Place } from '../elements/place.js'
import type { MethodFacts } from '../method-facts.js'
import type { FindingCode } from './codes.js'
import { templateFault, textFault } from './template.js'

interface Odd {
  readonly code: FindingCode
  readonly message: string
}

/** Judges a method on what its rule reaches: whether it fails, writes nonsense, or changes nothing. */
export function oddEffect(
  method: MethodFacts,
  places: readonly Place[],
  replaceWith: unknown,
): Odd | undefined {
  if (places.length === 0) return undefined
  const { name, reach, changesOnly, writesText } = method
  if (reach === 'primitive')
    return failing(places, (type) => (isPrimitive(type) ? undefined : `${name} takes primitive values only`))
  if (reach === 'replacement')
    return (
      failing(places, (type) => (isPrimitive(type) ? undefined : templateFault(type, replaceWith))) ??
      writingInvalid(places, replaceWith)
    )
  if (reach === 'element' && places.some(isRoot))
    return { code: 'fails', message: `${name} takes parts of a resource, and this reaches a resource itself` }
  if (changesOnly !== undefined && !holds(places, changesOnly.types))
    return {
      code: 'no-effect',
      message: `it reaches no ${changesOnly.noun}; it only keeps later rules from what it reaches`,
    }
  return writesText === true ? writingText(name, places) : undefined
}

/** Reports a problem if the method fails on everything reached, a warning if it fails on some of it. */
function failing(
  places: readonly Place[],
  faultOf: (type: ElementType) => string | undefined,
): Odd | undefined {
  const types = [...new Set(places.map(({ type }) => type))]
  const faults = types.map((type) => ({ type, fault: faultOf(type) }))
  const bad = faults.filter(({ fault }) => fault !== undefined)
  if (bad.length === 0) return undefined
  const names = listed([...new Set(bad.map(({ type }) => type.name))])
  const message = `${bad[0]?.fault}, and this reaches ${names}`
  return { code: bad.length === types.length ? 'fails' : 'partly-fails', message }
}

function writingInvalid(places: readonly Place[], replaceWith: unknown): Odd | undefined {
  for (const { type } of places) {
    const message = isPrimitive(type) ? textFault(type, replaceWith) : undefined
    if (message !== undefined) return { code: 'writes-invalid', message }
  }
  return undefined
}

/** A hash or a cipher is a text, whatever the value was. */
function writingText(method: string, places: readonly Place[]): Odd | undefined {
  const odd = places.find(
    ({ type }) => isPrimitive(type) && (type.jsonKind !== 'string' || isDateType(type.name)),
  )
  if (odd === undefined) return undefined
  return {
    code: 'writes-invalid',
    message: `${method} writes a text, and this reaches values of the type ${odd.type.name}`,
  }
}

/** Whether one of these types occurs at or below a place, not counting extensions, which can hold anything. */
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
