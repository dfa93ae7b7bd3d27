/** What an export by queries fetches. */
export type AltExportDefinition = CohortDefinition | TypeDefinition

/** The data of the patients that a query finds (`$alt-export`). */
export interface CohortDefinition {
  readonly kind: 'cohort'
  /** A search or a read, relative to the base. If the answer is a Group, its members are the patients. */
  readonly query: string
  /** `id`, or the root element of the found resources that refers to the patient. */
  readonly patientReferenceField: string
  /** Searches, with `$IDS` where the ids go. One without it runs once. */
  readonly include: readonly string[]
}

/** All resources of a type (`$alt-export-all`), in slices of `_lastUpdated`. */
export interface TypeDefinition {
  readonly kind: 'type'
  readonly type: string
  /** Instants; default: everything up to the start of the run. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** How many slices, of about equal counts; more than one needs `since`. */
  readonly slices: number
  /** No slice is cut shorter than this. */
  readonly minSliceSeconds: number
  /** `_count`. */
  readonly pageCount: number
}

/** Where the ids go in a search. */
export const IDS = '$IDS'

/** What names the files of a search: its text before `?`, without ids and operations. */
export const typeOf = (search: string): string => /^\/?([A-Za-z]+)/.exec(search)?.[1] ?? 'Bundle'
