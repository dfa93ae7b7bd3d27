import { isVerhoeff } from './check-digits.js'
import { singleSet } from './code-system.js'

/**
 * Concepts and descriptions of the core: SNOMED International has issued up to nine digits, ten that begin with 1, and
 * 18 for its own metadata.
 */
const CORE = /^(?:[1-9]\d{2,5}|1\d{6}|900000000000\d{3})0[01]\d$/
/** Concepts and descriptions of an extension: item, namespace (all assigned ones begin with 1000), partition, check digit. */
const EXTENSION = /^[1-9]\d{0,7}1000\d{3}1[01]\d$/

/** Whether digits are the id of a concept or a description. */
export const isSnomedId = (id: string): boolean => (CORE.test(id) || EXTENSION.test(id)) && isVerhoeff(id)

/** A post-coordinated expression: ids and the signs of the compositional grammar. Terms (`|…|`) are free text. */
function isExpression(code: string): boolean {
  if (!/^[\d\s+:,={}()]{6,1000}$/.test(code)) return false
  const ids = code.match(/\d+/g) ?? []
  return ids.length > 1 && ids.every(isSnomedId)
}

export const SNOMED_CT = singleSet('snomed-ct', 'All editions: national extensions are part of it.', {
  title: 'SNOMED CT',
  urls: ['http://snomed.info/sct', 'urn:oid:2.16.840.1.113883.6.96'],
  edition: 'release file specification 2024',
  form: '6 to 18 digits with partition, namespace and check digit (Verhoeff), or an expression of such ids without terms',
  accepts: (code) => isSnomedId(code) || isExpression(code),
})
