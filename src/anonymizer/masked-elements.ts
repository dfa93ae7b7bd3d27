import { isPrimitive, type Member } from '../fhir/elements.js'

const MASKED =
  '{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}'

/**
 * Returns the JSON member that stands in for a mandatory element of which nothing is left: key and value, without a
 * comma (law 15.4).
 */
export function maskedMember({ key, type, cardinality }: Member): string {
  const value = cardinality === 'many' ? `[${MASKED}]` : MASKED
  return `"${isPrimitive(type) ? '_' : ''}${key}":${value}`
}
