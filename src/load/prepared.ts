import type { LoadEntry, RejectedEntry } from './unit.js'

/** The methods of entries that a load sends. */
export type EntryMethod = 'PUT' | 'POST' | 'DELETE' | 'PATCH'

/** One entry as it goes into the Bundle that is sent. */
export interface Prepared {
  /** Where it comes from. Type and id are those of the request: anonymized ones, with a configuration. */
  readonly entry: Pick<LoadEntry, 'ordinal' | 'offset' | 'type' | 'id'>
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

/**
 * An entry that refers to a resource that the server does not have yet, but that the same input may bring. It is
 * prepared again in a later round. Once a round loads nothing more, it is rejected with this code and message.
 */
export interface DeferredEntry extends Omit<RejectedEntry, 'kind'> {
  readonly kind: 'deferred'
}
