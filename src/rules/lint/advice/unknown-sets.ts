import { CODE_SETS } from '../../../fhir/codes/sets.js'
import { nearestName } from './nearest-name.js'

/** An entry of `codeSystems.allow` that is neither the name of a set nor a url. */
export interface UnknownSet {
  readonly name: string
  readonly nearest?: string
}

/** Returns the entries of `codeSystems.allow` that name nothing, each with the set that was perhaps meant. */
export function unknownSets(allow: readonly string[]): readonly UnknownSet[] {
  const names = CODE_SETS.map(({ name }) => name)
  return allow
    .filter((entry) => !entry.includes(':') && !names.includes(entry))
    .map((name) => {
      const nearest = nearestName(name, names)
      return nearest === undefined ? { name } : { name, nearest }
    })
}
