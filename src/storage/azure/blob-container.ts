/** The blobs of one container, as stores need them. ETags are without quotes, names without the container. */
export interface BlobContainer {
  /** Address of the container for messages, without credentials. */
  readonly place: string
  exists(): Promise<boolean>
  createIfMissing(): Promise<void>
  /**
   * Lists blobs in the service's order (names by bytes). `withUncommitted` includes blobs that have only staged
   * blocks.
   */
  list(prefix: string, options?: { readonly withUncommitted?: boolean }): AsyncIterable<BlobEntry>
  /** Returns a blob's properties; undefined if it does not exist. */
  head(name: string): Promise<BlobHead | undefined>
  /** Reads exactly this version. Throws SOURCE_CHANGED if it no longer exists. */
  read(name: string, range: BlobRange): BlobRead
  /** Reads a small blob as a whole, with its ETag; undefined if it does not exist. */
  readText(name: string): Promise<{ readonly text: string; readonly etag: string } | undefined>
  /** Writes a blob as a whole, replacing an existing one if the conditions allow. */
  put(name: string, bytes: BlobBytes, options?: BlobWrite): Promise<Written>
  /** Stages a block under an id chosen by the caller. All ids of a blob must have the same length, at most 64 bytes. */
  stageBlock(name: string, id: string, bytes: BlobBytes, known?: { readonly md5: Uint8Array }): Promise<void>
  /** Lists the blocks of a blob; none if it does not exist. */
  blocks(name: string): Promise<BlockList>
  /** Commits staged and committed blocks as the blob. */
  commit(name: string, ids: readonly string[], options?: BlobWrite): Promise<Written>
  /** Has the service copy a version of a blob here, from a container of the same account, where nothing has the name. */
  copy(name: string, from: CopySource, metadata: Readonly<Record<string, string>>): Promise<Written>
  createAppendBlob(name: string, options?: BlobWrite): Promise<Written>
  /** Appends at this position. Refused, with the blob's length, if the blob ends elsewhere. For a single writer. */
  appendBlock(name: string, bytes: BlobBytes, options: AppendAt): Promise<Appended>
  /** Deletes a blob; returns false if the condition does not hold. */
  delete(name: string, options?: { readonly ifMatch?: string | undefined }): Promise<boolean>
  /**
   * Takes the lease and returns the ETag of the blob; undefined if someone else holds it. `leaseId` is the caller's
   * UUID, so repeating the call is harmless.
   */
  acquireLease(name: string, leaseId: string, seconds: number): Promise<string | undefined>
  /** Renews the lease; returns false if it is lost. */
  renewLease(name: string, leaseId: string, signal?: AbortSignal): Promise<boolean>
  /** Releases the lease; returns false if someone else holds it, or no one does. */
  releaseLease(name: string, leaseId: string): Promise<boolean>
}

export interface BlobEntry {
  readonly name: string
  readonly bytes: number
  readonly etag: string
  /** Time of the last change by the service's clock, in milliseconds since 1970. */
  readonly modifiedMs: number
  readonly contentEncoding?: string
  readonly metadata: Readonly<Record<string, string>>
  /** Whether it is the marker of a directory in a hierarchical account. */
  readonly isFolder: boolean
  /** Whether it is in the archive tier and cannot be read yet. */
  readonly isArchived: boolean
}

export interface BlobHead {
  readonly bytes: number
  readonly etag: string
  readonly metadata: Readonly<Record<string, string>>
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  readonly isLeased: boolean
  /** Number of appends; append blobs only. */
  readonly committedBlockCount?: number | undefined
  readonly isFolder: boolean
  readonly isArchived: boolean
}

export interface CopySource {
  readonly container: BlobContainer
  readonly name: string
  readonly etag: string
}

export interface BlobRange {
  readonly etag: string
  readonly fromByte: number
  /** Offset after the last byte. */
  readonly toByte: number
  readonly signal?: AbortSignal | undefined
}

/** Reads the bytes of a range in order, resuming at the byte where a connection broke. */
export interface BlobRead {
  /** Fills `target`. Returns fewer bytes only at the end of the range, and 0 after it. */
  read(target: Uint8Array): Promise<number>
  close(): void
}

/** Not copied, so they must not change until the call returns. */
export type BlobBytes = Uint8Array | readonly Uint8Array[]

export interface BlobWrite {
  readonly metadata?: Readonly<Record<string, string>>
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  /** Write only over this version. */
  readonly ifMatch?: string | undefined
  /** Write only if nothing exists. */
  readonly ifNoneMatch?: '*'
  readonly leaseId?: string
}

export interface AppendAt {
  readonly position: number
  readonly leaseId?: string
}

/**
 * `refused`: a condition does not hold, or a block is not there. It is ambiguous where an earlier attempt got no
 * answer: that one may have been carried out, and only reading back tells.
 */
export type Written =
  | { readonly kind: 'done'; readonly etag: string }
  | { readonly kind: 'refused'; readonly code: string; readonly isAmbiguous: boolean }

export type Appended =
  | { readonly kind: 'done'; readonly etag: string }
  | { readonly kind: 'refused'; readonly bytes: number }

export interface BlockList {
  /** Undefined if nothing is committed. */
  readonly etag?: string | undefined
  readonly committed: readonly Block[]
  readonly uncommitted: readonly Block[]
}

export interface Block {
  readonly id: string
  readonly bytes: number
}
