/** One resource or request of the input, as it is spelled there. */
export interface LoadEntry {
  /** Its place in the item, from 0; everything counts, also what is rejected. */
  readonly ordinal: number
  /** Where the entry, or its line, begins in the unpacked item, in bytes. */
  readonly offset: number
  /** JSON of the resource, a copy of its own; empty for a request without a resource, such as DELETE. */
  readonly resource: Buffer
  readonly type: string
  readonly id: string | undefined
  readonly fullUrl: string | undefined
  /** The request of a Bundle's entry. */
  readonly request: EntryRequest | undefined
}

/** `Bundle.entry.request` of the input. */
export interface EntryRequest {
  readonly method: string
  readonly url: string
  readonly ifNoneExist?: string | undefined
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

/** Something that is never sent; the message holds nothing of its content. */
export interface RejectedEntry {
  readonly kind: 'rejected'
  readonly ordinal: number
  readonly offset: number
  readonly lengthBytes: number
  readonly code: string
  readonly message: string
}

/** What may be sent alone, or with others, or must be sent as a whole. */
export type LoadUnit =
  | { readonly kind: 'entry'; readonly entry: LoadEntry }
  /** All or nothing; the ordinals follow each other. */
  | { readonly kind: 'transaction'; readonly entries: readonly LoadEntry[] }
  | RejectedEntry

export interface UnitsOptions {
  /** Whether an entry is settled already, so that it need not be copied. */
  readonly skip: (ordinal: number) => boolean
  readonly signal?: AbortSignal | undefined
}

/** A file of the input, or a file in an archive of the input. */
export interface LoadItem {
  /** `a/b.ndjson`; in an archive `x.zip/folder/b.ndjson`. */
  readonly name: string
  /** Changes whenever the contents may have changed. */
  readonly version: string
  /** Size as stored. */
  readonly bytes: number
  /** Reads its units in order, with flat memory whatever its size. Throws SOURCE_*, INTERRUPTED. */
  units(options: UnitsOptions): AsyncIterable<LoadUnit>
}
