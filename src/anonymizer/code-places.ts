import { type ElementType, isQuantity } from '../fhir/elements.js'

/** Whether an object's `system` and `code` are judged together: Coding, and quantities that have both. */
export const isPair = (type: ElementType): boolean =>
  (type.name === 'Coding' || isQuantity(type)) && type.members.has('system') && type.members.has('code')

/**
 * Whether a child of an element is a code that is judged by its own element (law 18.3): also the comparator of a
 * quantity, beside the pair.
 */
export const isSoleCode = (
  parent: ElementType,
  { name, type }: { readonly name: string; readonly type: ElementType },
): boolean => type.name === 'code' && !(name === 'code' && isPair(parent))

/** Returns the path of an element's definition, such as `Patient.contact.gender`; a choice has no suffix. */
export const definitionPath = (parent: ElementType, name: string): string => `${parent.id}.${name}`
