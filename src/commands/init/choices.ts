import type { FhirVersion } from '../../fhir/version.js'

export const PURPOSES = ['safe-harbor', 'research', 'limited-data-set', 'own'] as const
export type Purpose = (typeof PURPOSES)[number]

export const DATES = ['year', 'shift', 'keep', 'remove'] as const
export type Dates = (typeof DATES)[number]

export const KEYS = ['file', 'env', 'random'] as const
export type Keys = (typeof KEYS)[number]

interface PurposeFacts {
  readonly says: string
  /** What becomes of dates; several where the user chooses. */
  readonly dates: readonly Dates[]
  /** Whether only listed code systems may stay. */
  readonly needsListedCodes?: true
}

export const PURPOSE_FACTS: Readonly<Record<Purpose, PurposeFacts>> = {
  'safe-harbor': {
    says: "HIPAA's 18 identifiers go; years and listed codes stay",
    dates: ['year'],
    needsListedCodes: true,
  },
  research: {
    says: 'shifted dates, all values; needs an expert or agreement',
    dates: ['shift'],
  },
  'limited-data-set': {
    says: 'dates, city and ZIP stay; needs a data use agreement',
    dates: ['keep'],
  },
  own: { says: 'a short configuration that keeps little, to be extended', dates: DATES },
}

export const DATES_SAY: Readonly<Record<Dates, string>> = {
  year: 'only the year stays',
  shift: 'all dates of a patient move by the same number of days',
  keep: 'dates stay as they are',
  remove: 'dates are removed',
}

export const KEYS_SAY: Readonly<Record<Keys, string>> = {
  file: 'made now, in files beside the configuration; runs join',
  env: 'from environment variables that you set; runs join',
  random: 'made for each run, then destroyed; runs do not join',
}

/** Everything that is written follows from these. */
export interface Choices {
  readonly fhirVersion: FhirVersion
  readonly purpose: Purpose
  readonly dates: Dates
  /** Names of sets; empty for any code; undefined as in the preset. */
  readonly codes: readonly string[] | undefined
  readonly keys: Keys
}
