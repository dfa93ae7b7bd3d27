import { keep, oneOf, type PresetRule, redact, remove } from './rule.js'

const BASE = 'http://hl7.org/fhir/us/core/StructureDefinition'
const GROUPS = `url in ${oneOf([`${BASE}/us-core-race`, `${BASE}/us-core-ethnicity`])}`
const CATEGORIES = ['1002-5', '2028-9', '2054-5', '2076-8', '2106-3', '2135-2', '2186-5']
// Equality never fails, unlike `in`: a criterion deeper in a path compiles only if it cannot fail.
const IS_CATEGORY = `url = 'ombCategory' and value.ofType(Coding).where(system = 'urn:oid:2.16.840.1.113883.6.238' and (${CATEGORIES.map((code) => `code = '${code}'`).join(' or ')})).exists()`
const SEX = `url = '${BASE}/us-core-birthsex'`
const SEXES = ['F', 'M', 'OTH', 'UNK', 'ASKU']

/**
 * Keeps US Core's race and ethnicity, as far as they are categories of the Office of Management and Budget, and birth
 * sex. None of them is one of the 18 identifiers. The rest of these extensions is redacted, which claims them, so that
 * the rule that removes all extensions leaves them.
 */
export function usCoreRules(): PresetRule[] {
  const group = `Patient.extension.where(${GROUPS})`
  const category = `${group}.extension`
  const sex = `Patient.extension.where(${SEX} and value.ofType(code) in ${oneOf(SEXES)})`
  const ofSex = [`${sex}.url`, `${sex}.value.ofType(code)`]
  const ofGroup = [
    `${group}.url`,
    `${category}.url`,
    `${category}.value.ofType(Coding).system`,
    `${category}.value.ofType(Coding).code`,
  ]
  return [
    ...remove(`Patient.extension.where(${GROUPS} and extension.where(${IS_CATEGORY}).exists().not())`),
    ...keptAlone(sex, ofSex),
    ...remove(`${category}.where((${IS_CATEGORY}).not())`, `${group}.value`),
    ...keptAlone(group, ofGroup),
  ]
}

/** Keeps some primitives of an extension without their ids and extensions, and removes what else is in it. */
const keptAlone = (extension: string, primitives: readonly string[]): PresetRule[] => [
  ...remove(...primitives.map((path) => `${path}.extension`)),
  ...redact(...primitives.map((path) => `${path}.id`)),
  ...keep(...primitives),
  ...redact(extension),
]
