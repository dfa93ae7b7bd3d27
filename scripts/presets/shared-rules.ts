import { hash, keep, oneOf, type PresetRule, redact, remove } from './rule.js'

/** Types whose values can hold any text. */
export const TEXT_TYPES = [
  'string',
  'markdown',
  'xhtml',
  'base64Binary',
  'id',
  'oid',
  'url',
  'canonical',
  'uuid',
  'integer64',
]

/**
 * Types of which nothing may stay, and which are of no use in part. It is one rule, as the walk skips a removed element
 * only if no earlier rule may have counted something in it.
 */
export const removedTypes = (more: readonly string[] = []): PresetRule[] => {
  const types = [
    'Extension',
    'Annotation',
    'Signature',
    'Narrative',

    'HumanName',
    'ContactPoint',
  ]
  return remove([...types.map((type) => `nodesByType('${type}')`), ...more].join(' | '))
}

/** Ids, and whatever names a resource by its id. */
export const hashedIds = (): PresetRule[] => [
  ...hash(
    'Resource.id',
    "nodesByType('Reference').reference",
    'Bundle.entry.fullUrl',
    'Bundle.entry.request.url',
    'Bundle.entry.response.location',
  ),
  ...redact("nodesByType('Reference')"),
]

/** Organized exports begin a block with a Parameters resource, which is recognized by this name. */
export const headerName = (): PresetRule[] => [
  ...redact('Parameters.parameter.name.id'),
  ...keep("Parameters.parameter.where(name = 'header').name"),
]

const SYSTEMS = 'http://terminology.hl7.org/CodeSystem'

/** Labels of confidentiality, and those that an earlier run of Sluice has written. */
export function securityLabels(): PresetRule[] {
  const confidentiality = `system in ${oneOf([`${SYSTEMS}/v3-Confidentiality`, 'http://hl7.org/fhir/v3/Confidentiality'])} and code in ${oneOf(['U', 'L', 'M', 'N', 'R', 'V'])}`
  const earlier = `system = '${SYSTEMS}/v3-ObservationValue' and code in ${oneOf(['REDACTED', 'ABSTRED', 'CRYTOHASH', 'MASKED'])}`
  const own = `system.empty() and code in ${oneOf(['PERTURBED', 'SUBSTITUTED', 'GENERALIZED'])}`
  return keep(`Resource.meta.security.where((${confidentiality}) or (${earlier}) or (${own}))`)
}

/** Largest number that is kept without a unit: one of seven digits can be a telephone or record number. */
const isLong = (path: string): string => `(${path} >= 1000000 or ${path} <= -1000000)`

export const longNumbers = (...types: readonly string[]): PresetRule[] =>
  redact(...types.map((type) => `nodesByType('${type}').where(${isLong('$this')})`))

/** Amounts that are kept without a look at their unit unless they are as long as a telephone number. */
export const longAmount = `code.empty() and ${isLong('value')}`

/** Upper limits of an age of 89 years, in the UCUM units of time. */
const OLDEST: Readonly<Record<string, number>> = {
  a: 89,
  mo: 1_068,
  wk: 4_643,
  d: 32_507,
  h: 780_168,
  min: 46_810_080,
}

/** Keeps ages up to 89 years whose unit tells so. */
export function ageRules(): PresetRule[] {
  const limits = Object.entries(OLDEST).map(([code, most]) => `(code = '${code}' and value <= ${most})`)
  return [
    ...keep(
      `nodesByType('Age').where(system = 'http://unitsofmeasure.org' and (comparator.empty() or comparator in ('<' | '<=')) and (${limits.join(' or ')}))`,
    ),
    ...redact("nodesByType('Age')"),
  ]
}
