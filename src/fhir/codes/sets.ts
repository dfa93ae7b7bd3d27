import type { CodeSet, CodeSystem } from './code-system.js'
import { HL7 } from './hl7.js'
import { ICD, ICD_9_CM, ICD_10_CM, ICD_10_PCS } from './icd.js'
import { DICOM } from './imaging.js'
import { ISO_3166, ISO_4217, LANGUAGE_TAGS, MIME_TYPES } from './international.js'
import { LOINC } from './loinc.js'
import { CVX, MEDICINES, MVX, NDC, RXNORM } from './medicines.js'
import { AUSTRALIA } from './national/australia.js'
import { CANADA } from './national/canada.js'
import { GERMANY } from './national/germany.js'
import { UNITED_KINGDOM } from './national/united-kingdom.js'
import { BLUE_BUTTON, CPT, HCPCS, NUCC, US_BILLING } from './national/us-billing.js'
import { CDC_RACE, OMB, US_CORE } from './national/us-people.js'
import { RESEARCH } from './research.js'
import { SNOMED_CT } from './snomed-ct.js'
import { UCUM } from './ucum.js'

/** A set that holds others. */
interface Group extends CodeSet {
  readonly members: readonly CodeSet[]
}

const group = (name: string, title: string, members: readonly CodeSet[]): Group => ({
  name,
  title,
  note: `Holds ${members.map((member) => `\`${member.name}\``).join(', ')}.`,
  systems: () => members.flatMap((member) => member.systems()),
  members,
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

const GROUPS: readonly Group[] = [
  group('international', 'What every country uses', INTERNATIONAL),
  group('us', 'What the United States use beside the international sets', UNITED_STATES),
]

/** The sets that a configuration can list by name. */
export const CODE_SETS: readonly CodeSet[] = [...GROUPS, ...SINGLE_SETS]

/** Systems that an entry of `allow` lets through. */
export interface AllowedSystems {
  /** The entry of the configuration. */
  readonly entry: string
  /** The set that has them; absent for a url that no set has. */
  readonly set?: string
  readonly title: string
  /** One, but for the systems of HL7, which are told together and without urls. */
  readonly systemCount: number
  readonly urls: readonly string[]
  readonly edition?: string
  /** What the grammar checks, in words. */
  readonly form: string
}

const ANY_FORM = 'the form of a code: one word, an id of SNOMED CT or a unit of UCUM'

/** Whether an entry of `allow` is a url rather than the name of a set. */
export const isUrl = (entry: string): boolean => entry.includes(':')

/** Returns the systems of a set, or those of any set that have a url (with no url but this). */
export function systemsNamed(entry: string): readonly CodeSystem[] {
  if (!isUrl(entry)) return CODE_SETS.find(({ name }) => name === entry)?.systems() ?? []
  return SINGLE_SETS.flatMap(({ systems }) => systems())
    .filter(({ urls }) => urls.includes(entry))
    .map((system) => ({ ...system, urls: [entry] }))
}

/** Returns what each entry lets through, in the order of the configuration. */
export function allowedSystems(allow: readonly string[]): readonly AllowedSystems[] {
  return allow.flatMap((entry): readonly AllowedSystems[] => {
    if (!isUrl(entry)) return setsNamed(entry).flatMap((set) => systemsOf(set, entry))
    const found = SINGLE_SETS.flatMap((set) => systemsAt(entry, set))
    return found.length > 0 ? found : [{ entry, title: entry, systemCount: 1, urls: [entry], form: ANY_FORM }]
  })
}

const setsNamed = (entry: string): readonly CodeSet[] =>
  GROUPS.find(({ name }) => name === entry)?.members ?? SINGLE_SETS.filter(({ name }) => name === entry)

function systemsOf(set: CodeSet, entry: string): readonly AllowedSystems[] {
  const [first, ...others] = set.systems()
  if (first !== undefined && set === HL7)
    return [{ ...rowOf(first, set, entry), title: set.title, systemCount: others.length + 1, urls: [] }]
  return set.systems().map((system) => rowOf(system, set, entry))
}

const systemsAt = (url: string, set: CodeSet): readonly AllowedSystems[] =>
  set
    .systems()
    .filter(({ urls }) => urls.includes(url))
    .map((system) => ({ ...rowOf(system, set, url), urls: [url] }))

const rowOf = (
  { title, urls, edition, form }: CodeSystem,
  { name }: CodeSet,
  entry: string,
): AllowedSystems => ({ entry, set: name, title, systemCount: 1, urls, edition, form })
