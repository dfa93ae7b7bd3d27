import { targetOf } from '../../fhir/patient-mentions.js'
import { type Criteria, isBesideOthers } from './criteria.js'
import { filterTest } from './search.js'

/** Makes the test of a line's content; undefined if the index alone decides. */
export function contentTest(criteria: Criteria, type: string): ((line: Buffer) => boolean) | undefined {
  const filters = criteria.filters.filter((filter) => filter.type === type)
  const { types = [] } = criteria
  const isBeside = isBesideOthers(criteria, type)
  if (filters.length === 0 && !isBeside) return undefined
  const matches = filterTest(filters)
  const concerned = new Set(types)
  return (line) => {
    const resource = JSON.parse(line.toString('utf8')) as { target?: readonly { reference?: unknown }[] }
    return (filters.length === 0 || matches(resource)) && (!isBeside || concerns(resource, concerned))
  }
}

/** Whether a Provenance is about a resource of these types; a URN does not reveal the type. */
function concerns(
  { target }: { readonly target?: readonly ({ readonly reference?: unknown } | null)[] },
  types: ReadonlySet<string>,
): boolean {
  return (Array.isArray(target) ? target : []).some((each) => {
    const reference = each?.reference
    if (typeof reference !== 'string') return false
    const target = targetOf(reference)
    return target?.kind === 'urn' || (target?.kind === 'resource' && types.has(target.type))
  })
}
