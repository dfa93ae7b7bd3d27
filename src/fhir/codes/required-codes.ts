import type { FhirVersion } from '../version.js'
import { isCurrency, isLanguage, isMimeType } from './international.js'
import { isLanguageElement, requiredList } from './required-lists.js'
import { isUcum } from './ucum.js'

type Accepts = (code: string) => boolean

/** The forms that `scripts/required-codes.ts` names. */
const FORMS: Readonly<Record<string, Accepts>> = {
  '@color': (code) => /^#[0-9a-f]{6}$/i.test(code),
  '@currency': isCurrency,
  '@language': isLanguage,
  '@mime-type': isMimeType,
  '@unit': isUcum,
}

/** Elements share lists, so what accepts a list is made once. */
const made = new Map<readonly string[], Accepts>()

function acceptsOf(list: readonly string[]): Accepts {
  const known = made.get(list)
  if (known !== undefined) return known
  const forms = list.flatMap((code) => FORMS[code] ?? [])
  const listed = new Set(list.filter((code) => !(code in FORMS)))
  const accepts: Accepts = (code) => listed.has(code) || forms.some((form) => form(code))
  made.set(list, accepts)
  return accepts
}

/** Returns whether an element may hold a code by FHIR's own definition; undefined if `isBound` says no. */
export function acceptsRequired(element: string, version: FhirVersion): Accepts | undefined {
  const list = requiredList(element, version)
  if (list !== undefined) return acceptsOf(list)
  return isLanguageElement(element) ? isLanguage : undefined
}
