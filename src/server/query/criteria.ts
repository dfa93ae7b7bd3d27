import type { SearchFilter } from './search.js'

export type Level =
  | { readonly kind: 'system' }
  | { readonly kind: 'patient' }
  | { readonly kind: 'group'; readonly id: string }

/** Criteria of an export, stored as JSON in the job's record. */
export interface Criteria {
  readonly level: Level
  /** Absent for all types. */
  readonly types?: readonly string[]
  readonly sinceMs?: number
  readonly untilMs?: number
  /** Search filters; a resource of a filter's type must pass one of them. */
  readonly filters: readonly SearchFilter[]
  /** Requested root elements by type; `*` for every type. Absent for all elements. */
  readonly elements?: Readonly<Record<string, readonly string[]>>
  /** Ids of the requested patients; absent for all patients of the level. */
  readonly patients?: readonly string[]
  /** Include the Provenance of exported resources even if `types` does not name it. */
  readonly withProvenance: boolean
}

/** Whether the criteria allow serving an item unchanged. */
export const takesEverything = ({ level, sinceMs, untilMs, elements, patients }: Criteria): boolean =>
  level.kind === 'system' &&
  sinceMs === undefined &&
  untilMs === undefined &&
  elements === undefined &&
  patients === undefined

export const wantsType = ({ types, withProvenance }: Criteria, type: string): boolean =>
  types === undefined || types.includes(type) || (withProvenance && type === 'Provenance')

/** Whether Provenance was requested only for the other resources. */
export const isBesideOthers = ({ types, withProvenance }: Criteria, type: string): boolean =>
  type === 'Provenance' && withProvenance && types !== undefined && !types.includes('Provenance')
