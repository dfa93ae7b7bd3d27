import { isPrimitive, type Member } from '../fhir/elements.js'
import type { MandatoryMembers } from '../fhir/mandatory.js'

const EXTENSION =
  '"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]'

/** Mandatory elements are nested at most so deep. */
const MAX_DEPTH = 8

/**
 * Returns the JSON member that stands in for a mandatory element of which nothing is left: key and value, without a
 * comma (law 15.4). A complex element gets its own mandatory elements, masked as well; of a choice, the first type.
 */
export function maskedMember(member: Member, mandatory: MandatoryMembers): string {
  return masked(member, mandatory, 0)
}

function masked({ key, type, cardinality }: Member, mandatory: MandatoryMembers, depth: number): string {
  const isLeaf = isPrimitive(type) || depth === MAX_DEPTH
  const inner = isLeaf
    ? []
    : firstOfChoices(mandatory(type)).map((each) => masked(each, mandatory, depth + 1))
  const value = `{${[EXTENSION, ...inner].join(',')}}`
  return `"${isPrimitive(type) ? '_' : ''}${key}":${cardinality === 'many' ? `[${value}]` : value}`
}

const firstOfChoices = (members: readonly Member[]): readonly Member[] =>
  members.filter(({ name }, at) => members.findIndex((other) => other.name === name) === at)
