import { readFileSync } from 'node:fs'
import type { FhirVersion } from '../version.js'

let lines: readonly string[] | undefined
const tables = new Map<FhirVersion, ReadonlyMap<string, readonly string[]>>()

/** Reads the table of `versions|elements|codes` on first use, once for each version. */
function tableOf(version: FhirVersion): ReadonlyMap<string, readonly string[]> {
  const known = tables.get(version)
  if (known !== undefined) return known
  const file = new URL('./required-codes.json', import.meta.url)
  lines ??= JSON.parse(readFileSync(file, 'utf8')) as readonly string[]
  const table = new Map<string, readonly string[]>()
  for (const line of lines) {
    const [versions = '', elements = '', codes = ''] = line.split('|')
    if (!versions.split(',').includes(version)) continue
    const list = codes.split(' ')
    for (const element of elements.split(' ')) table.set(element, list)
  }
  tables.set(version, table)
  return table
}

/**
 * Returns the codes of the required binding of an element (`HumanName.use`, `Patient.contact.gender`). A code that
 * begins with `@` names the form of a system without a list, as of languages and media types.
 */
export const requiredList = (element: string, version: FhirVersion): readonly string[] | undefined =>
  tableOf(version).get(element)

/** Whether an element is held to BCP 47 in every version, though only R5 requires it. */
export const isLanguageElement = (element: string): boolean => element.endsWith('.language')

/** Whether FHIR's definition of an element, rather than the form of a code, says which codes it may hold. */
export const isBound = (element: string, version: FhirVersion): boolean =>
  requiredList(element, version) !== undefined || isLanguageElement(element)

/** Whether a list names a form, so that it does not hold all codes. */
export const hasForm = (list: readonly string[]): boolean => list.some((code) => code.startsWith('@'))
