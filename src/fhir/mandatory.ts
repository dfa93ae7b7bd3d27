import type { ElementType, Member } from './elements.js'
import { MANDATORY_ELEMENTS } from './mandatory-elements.js'
import type { FhirVersion } from './version.js'

/** Returns the members that an object of a type must have, in the type's order: all keys of a mandatory choice. */
export type MandatoryMembers = (type: ElementType) => readonly Member[]

/**
 * Compiles a version's mandatory members (source: HL7's StructureDefinitions). Left out are those that no extension can
 * stand in for: the url of an extension, narratives, resources.
 */
export function mandatoryMembers(version: FhirVersion): MandatoryMembers {
  const names = namesByType(version)
  const known = new Map<string, readonly Member[]>()
  return (type) => {
    const found = known.get(type.id)
    if (found !== undefined) return found
    const ofType = names.get(type.id) ?? []
    const members = [...type.members.values()].filter(
      (member) => ofType.includes(member.name) && !member.type.isResource,
    )
    known.set(type.id, members)
    return members
  }
}

const NOT_MASKED = new Set(['Extension', 'Narrative'])

function namesByType(version: FhirVersion): ReadonlyMap<string, readonly string[]> {
  const byType = new Map<string, readonly string[]>()
  for (const line of MANDATORY_ELEMENTS.split('\n')) {
    const [versions = '', type = '', names = ''] = line.split(': ')
    if (NOT_MASKED.has(type) || !versions.split(' ').includes(version)) continue
    byType.set(type, [...(byType.get(type) ?? []), ...names.split(' ')])
  }
  return byType
}
