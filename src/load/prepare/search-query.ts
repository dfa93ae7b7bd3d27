/** Parameters that choose resources of any type (FHIR R4, 3.1.1.4). Others that begin with _ shape the answer. */
const CHOOSING = new Set([
  '_content',
  '_filter',
  '_has',
  '_id',
  '_in',
  '_language',
  '_lastUpdated',
  '_list',
  '_profile',
  '_security',
  '_source',
  '_tag',
  '_text',
])

/** Servers refuse longer addresses. */
const MAX_LENGTH = 6000

/**
 * Whether a query stands for one resource. Servers ignore a parameter without a value, so it would match any resource,
 * and one that shapes the answer, such as `_format`, would make it unreadable.
 */
export const isCondition = (query: string): boolean =>
  query.length <= MAX_LENGTH && query.split('&').every(isCriterion)

function isCriterion(parameter: string): boolean {
  const at = parameter.indexOf('=')
  const [name = ''] = parameter.split(/[:.=]/, 1)
  // A letter of the name may be written as %5f.
  if (at < 1 || !/^[\w-]+$/.test(name)) return false
  return parameter.length > at + 1 && (!name.startsWith('_') || CHOOSING.has(name))
}
