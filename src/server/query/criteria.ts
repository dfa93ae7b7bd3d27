import type { SearchFilter } from './search.js'

export type Level =
  | { readonly kind: 'system' }
  | { readonly kind: 'patient' }
  | { readonly kind: 'group'; readonly id: string }

/** What an export is to hold; as JSON in the job's record. */
export interface Criteria {
  readonly level: Level
  /** Absent for all types. */
  readonly types?: readonly string[]
  readonly sinceMs?: number
  readonly untilMs?: number
  /** A resource of the filter's type has to pass one of them. */
  readonly filters: readonly SearchFilter[]
  /** Root elements by type; `*` for every type. Absent for all elements. */
  readonly elements?: Readonly<Record<string, readonly string[]>>
  /** Ids of the only patients; absent for all of the level. */
  readonly patients?: readonly string[]
  /** Provenance of what is exported, though `types` does not name it. */
  readonly withProvenance: boolean
}

/** Whether an item can be handed out as it is, as far as the criteria go. */
export const takesEverything = ({ level, sinceMs, untilMs, elements, patients }: Criteria): boolean =>
  level.kind === 'system' &&
  sinceMs === undefined &&
  untilMs === undefined &&
  elements === undefined &&
  patients === undefined

export const wantsType = ({ types, withProvenance }: Criteria, type: string): boolean =>
  types === undefined || types.includes(type) || (withProvenance && type === 'Provenance')

/** Provenance that was asked for only as that of the other resources. */
export const isBesideOthers = ({ types, withProvenance }: Criteria, type: string): boolean =>
  type === 'Provenance' && withProvenance && types !== undefined && !types.includes('Provenance')
