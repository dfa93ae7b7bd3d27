import { parseMoment } from '../../../fhir/dates.js'
import type { ElementType, Member } from '../../../fhir/elements.js'
import { nearestName } from '../advice/nearest-name.js'

/**
 * Says why `replaceWith` of substitute fails on every element of a complex type; undefined if it fits. The engine makes
 * the same check (`anonymizer/interpreter/template-merge.ts`); a test over all types compares the two.
 */
export function templateFault(type: ElementType, replaceWith: unknown): string | undefined {
  if (type.name === 'BackboneElement' || type.name === 'Element')
    return `substitute cannot replace elements of type ${type.name}: substitute what is in them`
  let template = replaceWith ?? {}
  if (typeof template === 'string')
    try {
      template = JSON.parse(template)
    } catch {
      return 'replaceWith is a text, which replaces primitive values only'
    }
  if (typeof template !== 'object' || template === null || Array.isArray(template))
    return 'replaceWith is not an object'
  return memberFault(type, template as Readonly<Record<string, unknown>>, 'replaceWith')
}

function memberFault(
  type: ElementType,
  template: Readonly<Record<string, unknown>>,
  at: string,
): string | undefined {
  for (const [key, value] of Object.entries(template)) {
    if ((key === 'resourceType' && type.isResource) || key.startsWith('_')) continue
    const member = type.members.get(key)
    if (member === undefined) return unknownMember(type, key, at)
    if (Array.isArray(value) && member.cardinality === 'one')
      return `${at}.${key} is an array, but the element does not repeat`
    for (const item of Array.isArray(value) ? value : [value]) {
      const fault = isEmpty(item) ? undefined : valueFault(member, item, `${at}.${key}`)
      if (fault !== undefined) return fault
    }
  }
  return undefined
}

function unknownMember(type: ElementType, key: string, at: string): string {
  const nearest = nearestName(key, type.members.keys())
  const advice = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`
  return `${at} has the member "${key}", which ${type.name} does not have${advice}`
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)

function valueFault({ type }: Member, value: unknown, at: string): string | undefined {
  if (type.jsonKind !== 'object')
    return typeof value === type.jsonKind ? undefined : `${at} must be a ${type.jsonKind}`
  if (typeof value !== 'object' || Array.isArray(value)) return `${at} must be an object`
  return memberFault(type, value as Readonly<Record<string, unknown>>, at)
}

/** Says why the text that substitute writes is invalid for a primitive; undefined if it may be valid. */
export function textFault({ name, jsonKind }: ElementType, replaceWith: unknown): string | undefined {
  if (replaceWith === null || replaceWith === undefined) return undefined
  if (jsonKind !== 'string') return `substitute writes a text, and ${name} is a ${jsonKind}`
  if (typeof replaceWith === 'object')
    return `replaceWith is an object, and on the primitive ${name} its JSON is written as a text`
  if (!/^(?:date|dateTime|instant)$/.test(name)) return undefined
  const kind = name === 'date' ? 'date' : 'dateTime'
  return parseMoment(String(replaceWith), kind) === undefined
    ? `replaceWith is not a valid ${name}`
    : undefined
}
