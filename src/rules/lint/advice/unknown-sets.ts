import { SET_NAMES } from '../../../fhir/codes/set-names.js'
import { nearestName } from './nearest-name.js'

/** An entry of `codeSystems.allow` that is neither the name of a set nor a url. */
export interface UnknownSet {
  readonly name: string
  readonly nearest?: string
}

/** Returns the entries of `codeSystems.allow` that name nothing, each with the set that was perhaps meant. */
export function unknownSets(allow: readonly string[]): readonly UnknownSet[] {
  return allow
    .filter((entry) => !entry.includes(':') && !SET_NAMES.includes(entry))
    .map((name) => {
      const nearest = nearestName(name, SET_NAMES)
      return nearest === undefined ? { name } : { name, nearest }
    })
}
