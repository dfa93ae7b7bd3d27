import { readFileSync } from 'node:fs'
import type { FhirVersion } from '../version.js'
import { isCurrency, isLanguage, isMimeType } from './international.js'
import { isUcum } from './ucum.js'

/** The codes that an element may hold by FHIR's own definition. */
export interface RequiredCodes {
  /** All of them; undefined where the system has no list, as with languages and media types. */
  readonly list: readonly string[] | undefined
  readonly accepts: (code: string) => boolean
}

/** The forms that `scripts/required-codes.ts` names. */
const FORMS: Readonly<Record<string, (code: string) => boolean>> = {
  '@color': (code) => /^#[0-9a-f]{6}$/i.test(code),
  '@currency': isCurrency,
  '@language': isLanguage,
  '@mime-type': isMimeType,
  '@unit': isUcum,
}

const LANGUAGE: RequiredCodes = { list: undefined, accepts: isLanguage }

let lines: readonly string[] | undefined
const tables = new Map<FhirVersion, ReadonlyMap<string, RequiredCodes>>()

/** Reads the table of `versions|elements|codes` on first use, once for each version. */
function tableOf(version: FhirVersion): ReadonlyMap<string, RequiredCodes> {
  const known = tables.get(version)
  if (known !== undefined) return known
  const file = new URL('./required-codes.json', import.meta.url)
  lines ??= JSON.parse(readFileSync(file, 'utf8')) as readonly string[]
  const table = new Map<string, RequiredCodes>()
  for (const line of lines) {
    const [versions = '', elements = '', codes = ''] = line.split('|')
    if (!versions.split(',').includes(version)) continue
    const required = requiredOf(codes.split(' '))
    for (const element of elements.split(' ')) table.set(element, required)
  }
  tables.set(version, table)
  return table
}

function requiredOf(codes: readonly string[]): RequiredCodes {
  const forms = codes.flatMap((code) => FORMS[code] ?? [])
  const listed = new Set(codes)
  return {
    list: forms.length === 0 ? codes : undefined,
    accepts: (code) => (listed.has(code) && !(code in FORMS)) || forms.some((accepts) => accepts(code)),
  }
}

/**
 * Returns the codes of the required binding of an element (`HumanName.use`, `Patient.contact.gender`). An element
 * `language` is held to BCP 47 in every version, though only R5 requires it.
 */
export function requiredCodes(element: string, version: FhirVersion): RequiredCodes | undefined {
  return tableOf(version).get(element) ?? (element.endsWith('.language') ? LANGUAGE : undefined)
}
