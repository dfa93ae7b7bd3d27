import { type ElementType, isPrimitive } from '../../fhir/elements.js'
import { keyHash, withoutCollisions } from './perfect-hash.js'

export const RESOURCE_TYPE = 'resourceType'

/** The keys that an object of a type may have, each with a slot of its own by its hash. */
export interface ObjectKeys {
  readonly keys: readonly string[]
  /** Indexes of keys, by slot. */
  readonly slots: readonly (number | undefined)[]
  readonly factor: number
}

const known = new WeakMap<ElementType, ObjectKeys>()

/** Returns the keys of a type's objects: its members, their `_` objects, and what says that it is a resource. */
export function objectKeys(type: ElementType): ObjectKeys {
  let found = known.get(type)
  if (found === undefined) {
    found = keysOf(type)
    known.set(type, found)
  }
  return found
}

function keysOf({ members, isResource }: ElementType): ObjectKeys {
  const keys: string[] = []
  for (const { key, type } of members.values()) {
    keys.push(key)
    if (isPrimitive(type)) keys.push(`_${key}`)
  }
  if (isResource) keys.push(RESOURCE_TYPE)
  return { keys, ...withoutCollisions([...keys.keys()], keys.map(keyHash)) }
}
