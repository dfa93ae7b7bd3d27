import type { CodeSet } from './code-system.js'
import { HL7 } from './hl7.js'
import { ISO_3166, ISO_4217, LANGUAGE_TAGS, MIME_TYPES } from './international.js'
import { LOINC } from './loinc.js'
import { SNOMED_CT } from './snomed-ct.js'
import { UCUM } from './ucum.js'

/** The sets that a configuration can list by name. */
export const CODE_SETS: readonly CodeSet[] = [
  LOINC,
  SNOMED_CT,
  UCUM,
  HL7,
  LANGUAGE_TAGS,
  MIME_TYPES,
  ISO_3166,
  ISO_4217,
]

/** What an entry of `allow` lets through. */
export interface AllowedSystem {
  /** The entry of the configuration. */
  readonly entry: string
  readonly title: string
  readonly urls: readonly string[]
  readonly edition?: string
  /** What the grammar checks, in words. */
  readonly form: string
}

const ANY_FORM = 'the form of a code: one word of letters, digits, hyphens and dots'

/** Returns what each entry lets through, in the order of the configuration; a set with many systems gives many rows. */
export function allowedSystems(allow: readonly string[]): readonly AllowedSystem[] {
  return allow.flatMap((entry): readonly AllowedSystem[] => {
    const set = CODE_SETS.find(({ name }) => name === entry)
    const systems =
      set?.systems() ?? CODE_SETS.flatMap((one) => one.systems()).filter(({ urls }) => urls.includes(entry))
    if (systems.length === 0) return [{ entry, title: entry, urls: [entry], form: ANY_FORM }]
    return systems.map(({ title, urls, edition, form }) => ({
      entry,
      title,
      urls: set === undefined ? [entry] : urls,
      edition,
      form,
    }))
  })
}
