import type { LoadEntry } from './unit.js'

/** The methods of entries that a load sends. */
export type EntryMethod = 'PUT' | 'POST' | 'DELETE' | 'PATCH'

/** One entry as it goes into the Bundle that is sent. */
export interface Prepared {
  /** Where it comes from. */
  readonly entry: LoadEntry
  readonly method: EntryMethod
  /** Relative to the base: `Patient/1`, `Patient`, `Patient?identifier=…`. */
  readonly url: string
  readonly ifNoneExist?: string | undefined
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
  readonly fullUrl?: string | undefined
  /** JSON of the resource; empty for a request without one. */
  readonly body: Buffer
  /** Whether it may be sent again where the server may have acted on it already. */
  readonly isRepeatable: boolean
}

/** What may share a bundle with others, or must be sent as a whole. */
export type PreparedUnit =
  | { readonly kind: 'entry'; readonly prepared: Prepared }
  | { readonly kind: 'transaction'; readonly prepared: readonly Prepared[] }
