/** The blobs of one container, as stores need them. ETags are without quotes, names without the container. */
export interface BlobContainer {
  /** For messages: the container's address, without credentials. */
  readonly place: string
  exists(): Promise<boolean>
  createIfMissing(): Promise<void>
  /** In the order of the service: names by their bytes. `withUncommitted` lists blobs that have only staged blocks too. */
  list(prefix: string, options?: { readonly withUncommitted?: boolean }): AsyncIterable<BlobEntry>
  /** Undefined if there is no such blob. */
  head(name: string): Promise<BlobHead | undefined>
  /** Reads exactly this version. Throws SOURCE_CHANGED where it is no longer there. */
  read(name: string, range: BlobRange): BlobRead
  /** A small blob whole, with its ETag; undefined if there is none. */
  readText(name: string): Promise<{ readonly text: string; readonly etag: string } | undefined>
  /** Writes a blob whole, replacing what is there as far as the conditions allow. */
  put(name: string, bytes: BlobBytes, options?: BlobWrite): Promise<Written>
  /** Stages a block under a name that the caller chooses; all ids of a blob must be of one length, 64 bytes at most. */
  stageBlock(name: string, id: string, bytes: BlobBytes, known?: { readonly md5: Uint8Array }): Promise<void>
  /** Blocks of a blob; none of one that is not there. */
  blocks(name: string): Promise<BlockList>
  /** Makes the blob of staged and committed blocks. */
  commit(name: string, ids: readonly string[], options?: BlobWrite): Promise<Written>
  createAppendBlob(name: string, options?: BlobWrite): Promise<Written>
  /** Appends at this position; refused, with the blob's length, where the blob ends elsewhere. One writer only. */
  appendBlock(name: string, bytes: BlobBytes, options: AppendAt): Promise<Appended>
  /** Whether it is gone now; false where the condition does not hold. */
  delete(name: string, options?: { readonly ifMatch?: string | undefined }): Promise<boolean>
  /** Undefined where somebody else has it. `leaseId` is a UUID of the caller's: asking again with it is harmless. */
  acquireLease(name: string, leaseId: string, seconds: number): Promise<boolean>
  /** False where it is lost. */
  renewLease(name: string, leaseId: string, signal?: AbortSignal): Promise<boolean>
  /** False where the lease is another's, or there is none. */
  releaseLease(name: string, leaseId: string): Promise<boolean>
}

export interface BlobEntry {
  readonly name: string
  readonly bytes: number
  readonly etag: string
  readonly contentEncoding?: string
  readonly metadata: Readonly<Record<string, string>>
  /** A marker that stands for a directory of a hierarchical account. */
  readonly isFolder: boolean
  /** Not readable before it is brought back from the archive tier. */
  readonly isArchived: boolean
}

export interface BlobHead {
  readonly bytes: number
  readonly etag: string
  readonly metadata: Readonly<Record<string, string>>
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  /** Of append blobs only. */
  readonly committedBlockCount?: number | undefined
  readonly isFolder: boolean
  readonly isArchived: boolean
}

export interface BlobRange {
  readonly etag: string
  readonly fromByte: number
  /** The byte behind the last one. */
  readonly toByte: number
  readonly signal?: AbortSignal | undefined
}

/** Bytes of a range, in order; goes on at the byte where a connection broke. */
export interface BlobRead {
  /** Fills `target`; fewer bytes only at the range's end, 0 behind it. */
  read(target: Uint8Array): Promise<number>
  close(): void
}

/** Not copied: they must stay as they are until the call returns. */
export type BlobBytes = Uint8Array | readonly Uint8Array[]

export interface BlobWrite {
  readonly metadata?: Readonly<Record<string, string>>
  readonly contentType?: string | undefined
  readonly contentEncoding?: string | undefined
  /** Only over this version. */
  readonly ifMatch?: string | undefined
  /** Only where there is nothing. */
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
  /** Undefined where nothing is committed. */
  readonly etag?: string | undefined
  readonly committed: readonly Block[]
  readonly uncommitted: readonly Block[]
}

export interface Block {
  readonly id: string
  readonly bytes: number
}
