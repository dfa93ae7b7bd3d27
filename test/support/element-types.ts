import type { ElementTree, ElementType } from '../../src/fhir/elements.js'

/** All types of a version by id: resources, data types and backbone elements. */
export function typesOf({ resources, dataTypes }: ElementTree): ReadonlyMap<string, ElementType> {
  const found = new Map<string, ElementType>()
  const visit = (type: ElementType): void => {
    if (found.has(type.id)) return
    found.set(type.id, type)
    for (const member of type.members.values()) visit(member.type)
  }
  for (const type of [...resources.values(), ...dataTypes.values()]) visit(type)
  return found
}
