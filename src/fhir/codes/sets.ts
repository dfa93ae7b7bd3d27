import { AUSTRALIA } from './australia.js'
import { CANADA } from './canada.js'
import type { CodeSet, CodeSystem } from './code-system.js'
import { GERMANY } from './germany.js'
import { HL7 } from './hl7.js'
import { ICD, ICD_9_CM, ICD_10_CM, ICD_10_PCS } from './icd.js'
import { DICOM } from './imaging.js'
import { ISO_3166, ISO_4217, LANGUAGE_TAGS, MIME_TYPES } from './international.js'
import { LOINC } from './loinc.js'
import { CVX, MEDICINES, MVX, NDC, RXNORM } from './medicines.js'
import { RESEARCH } from './research.js'
import { SNOMED_CT } from './snomed-ct.js'
import { UCUM } from './ucum.js'
import { UNITED_KINGDOM } from './united-kingdom.js'
import { BLUE_BUTTON, CPT, HCPCS, NUCC, US_BILLING } from './us-billing.js'
import { CDC_RACE, OMB, US_CORE } from './us-people.js'

/** A set that holds others. */
const group = (name: string, title: string, members: readonly CodeSet[]): CodeSet => ({
  name,
  title,
  note: `Holds ${members.map((member) => `\`${member.name}\``).join(', ')}.`,
  systems: () => members.flatMap((member) => member.systems()),
})

const INTERNATIONAL = [
  LOINC,
  SNOMED_CT,
  UCUM,
  HL7,
  DICOM,
  ICD,
  MEDICINES,
  RESEARCH,
  LANGUAGE_TAGS,
  MIME_TYPES,
  ISO_3166,
  ISO_4217,
]
const UNITED_STATES = [
  RXNORM,
  NDC,
  CVX,
  MVX,
  ICD_10_CM,
  ICD_10_PCS,
  ICD_9_CM,
  CPT,
  HCPCS,
  NUCC,
  OMB,
  US_CORE,
  US_BILLING,
]

/** The sets that a configuration can list by name, without those that hold others. */
export const SINGLE_SETS: readonly CodeSet[] = [
  ...INTERNATIONAL,
  ...UNITED_STATES,
  CDC_RACE,
  BLUE_BUTTON,
  GERMANY,
  UNITED_KINGDOM,
  AUSTRALIA,
  CANADA,
]

/** The sets that a configuration can list by name. */
export const CODE_SETS: readonly CodeSet[] = [
  group('international', 'What every country uses', INTERNATIONAL),
  group('us', 'What the United States use beside the international sets', UNITED_STATES),
  ...SINGLE_SETS,
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

/** Whether an entry of `allow` is a url rather than the name of a set. */
export const isUrl = (entry: string): boolean => entry.includes(':')

/** Returns the systems of a set, or those of any set that have a url (with no url but this). */
export function systemsNamed(entry: string): readonly CodeSystem[] {
  if (!isUrl(entry)) return CODE_SETS.find(({ name }) => name === entry)?.systems() ?? []
  return SINGLE_SETS.flatMap(({ systems }) => systems())
    .filter(({ urls }) => urls.includes(entry))
    .map((system) => ({ ...system, urls: [entry] }))
}

/** Returns what each entry lets through, in the order of the configuration; a set with many systems gives many rows. */
export function allowedSystems(allow: readonly string[]): readonly AllowedSystem[] {
  return allow.flatMap((entry): readonly AllowedSystem[] => {
    const systems = systemsNamed(entry)
    if (systems.length === 0 && isUrl(entry)) return [{ entry, title: entry, urls: [entry], form: ANY_FORM }]
    return systems.map(({ title, urls, edition, form }) => ({ entry, title, urls, edition, form }))
  })
}
