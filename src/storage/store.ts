/** An object of a source, pinned to the listed version. */
export interface SourceItem {
  /** Name relative to the source, with `/`; used in reports, quarantine and output. */
  readonly name: string
  /** Size as stored, compressed or not. */
  readonly bytes: number
  /** Changes whenever the contents may have changed: an ETag, or size, times and inode of a file. */
  readonly version: string
  readonly promised?: PromisedContent | undefined
  /** Whether an item without a line has no output; default: an empty one. */
  readonly isOmittedIfEmpty?: true
  /** Why it can only fail, if its name alone says so; completes "the item …". */
  readonly unreadable?: string
}

/** The source's promises about an item, compared with its contents before the output is committed. */
export interface PromisedContent {
  /** Number of non-blank lines. */
  readonly lineCount?: number | undefined
  /** Type of every resource in it. */
  readonly resourceType?: string | undefined
}

/** A place that items are read from. */
export interface Source {
  /** Path or address for messages, without credentials. */
  readonly place: string
  /** Whether every request takes a round trip, so that more items are processed at once. */
  readonly isRemote?: true
  /** Whether it lists only a part, so that an unlisted item may still exist. */
  readonly isPartial?: true
  /** Last segment of the place, the date-shift prefix of the scope `folder`. */
  readonly folderName: string
  /** Real paths that an output must not touch; empty for a remote source. */
  localPaths(): Promise<readonly string[]>
  /** Lists every item once, sorted by name. Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE, SOURCE_UNUSABLE. */
  list(report: (event: StoreEvent) => void, listing?: Listing): AsyncIterable<SourceItem>
  /** Returns the current item; undefined if there is none. */
  head(name: string): Promise<SourceItem | undefined>
  /**
   * Opens exactly the version of `item`, at a byte offset. All of it can be read, but nothing beyond `untilByte` is
   * fetched before it is asked for. Throws SOURCE_CHANGED, SOURCE_UNREADABLE.
   */
  open(item: SourceItem, fromByte: number, untilByte?: number): Promise<SourceReader>
  /**
   * Returns the same source with versions that are equal on every host that sees it, for tasks that open what another
   * one listed. Undefined where versions always are.
   */
  acrossHosts?(): Promise<Source>
}

/** What a listing is for. */
export interface Listing {
  /** Zip archives are items too. Only a load takes them apart. */
  readonly archives?: boolean
}

export interface StoreEvent {
  readonly event: 'source.skipped' | 'source.mislabelled'
  readonly item: string
  readonly reason: string
  /** Called for each file that is not an item. */
  readonly leftOut?: LeftOutReason
}

/** Reason why something in a source is not read. */
export type LeftOutReason =
  | 'unknown-ending'
  | 'hidden'
  | 'own-name'
  | 'link-to-folder'
  | 'not-a-file'
  | 'archived'

/** How each reason is reported. Files that no one takes for data (`isUsual`) cause no warning. */
export const LEFT_OUT: Readonly<Record<LeftOutReason, { readonly text: string; readonly isUsual: boolean }>> =
  {
    'unknown-ending': { text: 'has no NDJSON or JSON extension', isUsual: true },
    hidden: { text: 'is hidden: its name begins with a dot', isUsual: true },
    'own-name': { text: 'has the name of a report of Sluice', isUsual: false },
    'link-to-folder': { text: 'is a link to a folder', isUsual: false },
    'not-a-file': { text: 'is not a regular file', isUsual: false },
    archived: { text: 'is in the archive tier; bring it back (rehydrate it) first', isUsual: false },
  }

export const leftOutEvent = (item: string, leftOut: LeftOutReason): StoreEvent => ({
  event: 'source.skipped',
  item,
  reason: LEFT_OUT[leftOut].text,
  leftOut,
})

/** A pinned read. Every method throws SOURCE_CHANGED if the item is no longer the opened version. */
export interface SourceReader {
  /** Fills `target` from its start. Returns fewer bytes than its length only at the end, and 0 after it. */
  read(target: Uint8Array): Promise<number>
  /** Call at the end: checks that the bytes read are still those of the item. */
  verify(): Promise<void>
  close(): Promise<void>
}

/** The existing object under a final name. */
export interface SinkHead {
  readonly bytes: number
  /** Changes whenever the contents may have changed. */
  readonly version: string
  /** Fingerprint of the item that made it, if the sink keeps it with the output. */
  readonly fingerprint?: string | undefined
  /** Marks given to its commit, if the sink keeps them with the output. */
  readonly mark?: string | undefined
  /** SHA-256 of its bytes in hex, if it was just written as a whole. */
  readonly sha256?: string | undefined
  /** Its parts, if it is split. */
  readonly parts?: readonly SinkPart[] | undefined
}

/** A file of a split output. */
export interface SinkPart {
  readonly name: string
  readonly bytes: number
  readonly sha256?: string
}

/** Marks that a sink may keep with an output. */
export interface CommitFacts {
  /** Version of the source item. */
  readonly sourceVersion: string
  readonly lines: number
  readonly quarantined: number
  /** Mark of the owner. */
  readonly mark?: string | undefined
}

/** A place that outputs are written to. Each appears whole under its name, or not at all. */
export interface Sink {
  readonly place: string
  /** Whether every request takes a round trip, so that more items are processed at once. */
  readonly isRemote?: true
  /** Largest output it can hold, if there is a limit. */
  readonly maxOutputBytes?: number | undefined
  /** Says, as the end of a sentence, why it cannot hold an output of this name; undefined if it can. */
  readonly nameFault?: (name: string) => string | undefined
  /** Real paths that this sink writes to; empty for a remote sink. */
  localPaths(): Promise<readonly string[]>
  /** For a sink that splits outputs: the sink that holds the parts. */
  readonly whole?: Sink
  /** The state, kept beside the outputs, never among them. */
  readonly state: State
  head(name: string): Promise<SinkHead | undefined>
  /** Opens an output. `fingerprint` identifies the bytes that it will hold. */
  item(name: string, fingerprint: string): SinkItem
  /**
   * Returns the same place with a state of its own, `units/<id>` in this one's, whose lock is held by whoever makes these
   * outputs; several processes may work in units of a place at the same time. Nothing is listed there: each output is
   * asked for. `id` has 32 hex digits.
   */
  unit(id: string, outputs: readonly string[]): Sink
  /** Writes a small file as a whole, replacing an existing one. */
  put(name: string, text: string): Promise<void>
  get(name: string): Promise<string | undefined>
  /** Reads the object under a name (for a split output, that of a part) and returns its SHA-256 in hex. */
  digest(name: string): Promise<string | undefined>
  remove(name: string): Promise<void>
}

/** A place for the outputs of many runs, each in a folder of its own. */
export interface Lake {
  readonly place: string
  /** Whether every request takes a round trip. */
  readonly isRemote?: true
  /** The state of all runs together, beside them. */
  readonly state: State
  /** Opens the folder of one run; with an empty name, the place itself. */
  sink(folder: string): Sink
  /**
   * Removes the folder of one run: the output `first`, then the others, then its state. Nothing may be at work in it.
   * Throws SINK_UNWRITABLE.
   */
  remove(folder: string, first: string): Promise<void>
}

/** A position at the end of an append. */
export interface OutputPlace {
  /** Bytes from the start of the output. */
  readonly outputBytes: number
  /** Value of `digest` at that position. */
  readonly sha256?: string | undefined
}

/** An output being written. Throws SINK_FULL, SINK_UNWRITABLE. */
export interface SinkItem {
  /** Keeps the first `bytes` of an earlier run's output. Returns false, keeping nothing, if there are fewer. */
  resume(bytes: number): Promise<boolean>
  /** Minimum number of bytes that an earlier run left. */
  leftBytes(): Promise<number>
  /** Reads an earlier run's output and returns the last of these positions up to which it is intact; 0 if none. */
  proven(places: readonly OutputPlace[]): Promise<number>
  /** Digest of all bytes so far, or of the last part if split; undefined if unknown. */
  digest(): string | undefined
  /** Accepts bytes, which may be kept only later. Throws the failure of earlier ones. */
  append(bytes: readonly Uint8Array[]): Promise<void>
  /** Number of bytes after which a later run can resume; always the end of an `append`. */
  readonly keptBytes: number
  /** All appended bytes are kept once this returns. */
  complete(): Promise<void>
  /** All kept bytes survive a power failure once this returns. */
  flush(): Promise<void>
  /** Says where the bytes sealed by an earlier run are: under their name, ready for `commit`, or nowhere. */
  find(sealed: SinkHead): Promise<'committed' | 'ready' | 'lost'>
  /**
   * The version that `commit` gives the output, known before it is done; with its SHA-256, unless what an earlier run
   * left cannot be read back before the commit.
   */
  sealed(): Promise<SinkHead>
  /** Makes the output visible under its name, replacing the one that was last examined. Throws SINK_CONFLICT. */
  commit(facts: CommitFacts): Promise<void>
  /** Makes the commit itself durable. */
  settle(): Promise<void>
  /** Discards the appended bytes. */
  abort(): Promise<void>
  /** Closes it without a decision; a later run resumes it. */
  close(): Promise<void>
}

/**
 * What half-written files are named by. Runs that continue each other share an epoch. Whoever takes over from a
 * process that may still be alive begins another one: then no file that either of them writes has a name of the other.
 */
export interface Epoch {
  /** Empty without the lock, and if the store itself keeps writers apart. */
  readonly id: string
  /** Epochs, newest first. */
  readonly earlier: readonly string[]
  readonly isNew: boolean
}

/** Where the states of units lie in that of their outputs. */
export const UNITS = 'units'

export const NO_EPOCH: Epoch = { id: '', earlier: [], isNew: false }

export interface LockWait {
  /** Ends the wait with INTERRUPTED. */
  readonly signal?: AbortSignal | undefined
  /** Whether to wait for the lock; default true. If false, throws SINK_LOCKED instead. */
  readonly isPatient?: boolean
  /** Signature of a holder that the caller has watched for `lockLife.afterMs` and that did not change. */
  readonly stale?: string | undefined
  /** Called once if it has to wait, with the maximum wait. */
  readonly onWait?: (wait: { readonly place: string; readonly maxSeconds: number }) => void
}

export interface LockHolder {
  readonly host: string
  readonly pid?: number | undefined
  readonly signature: string
}

/** How one sees that the holder of a lock is gone. */
export interface LockLife {
  /** `watched`: its signature has not changed for so long. `expires`: nobody holds it any more after so long. */
  readonly kind: 'watched' | 'expires'
  readonly afterMs: number
}

/** Small named texts beside the outputs: journals, done records, quarantine, secrets. Names use `/`. */
export interface State {
  readonly place: string
  /**
   * Takes the lock of the output; waits where its holder may be gone but cannot be asked. From then on, whatever
   * writes throws SINK_LOCKED once the lock is lost. Throws SINK_LOCKED, SINK_UNWRITABLE, INTERRUPTED.
   */
  lock(waiting?: LockWait): Promise<() => Promise<void>>
  /** Who holds the lock, without taking it; undefined if nobody does. */
  holder(): Promise<LockHolder | undefined>
  readonly lockLife: LockLife
  /** Throws SINK_LOCKED if the lock was lost. */
  confirm(): Promise<void>
  /** Epoch of the held lock. */
  epoch(): Epoch
  read(name: string): Promise<string | undefined>
  /** Reads a text of any length in pieces; none if there is no such text. */
  pieces(name: string): AsyncIterable<Uint8Array>
  /** Writes a text, whole or not at all; durable when it returns, readable only by the owner. */
  write(name: string, text: string): Promise<void>
  /** Opens an append-only text; keeps its first `keepBytes` and drops the rest. */
  appender(name: string, keepBytes: number): Promise<Appender>
  bytesOf(name: string): Promise<number | undefined>
  remove(name: string): Promise<void>
  /** Overwrites a text, then removes it. */
  destroy(name: string): Promise<void>
  /** Removes all texts. */
  clear(): Promise<void>
  /** The state with this name below this one, with a lock of its own. */
  below(name: string): State
  /** Id of this boot: bytes written since then are trusted without a flush. Undefined if unknown. */
  bootId(): Promise<string | undefined>
}

export interface Appender {
  /** Appends bytes, which may be held back until `keep`. */
  append(text: string): Promise<void>
  /** Appended bytes survive the end of this process once this returns. */
  keep(): Promise<void>
  /** Appended bytes survive a power failure once this returns. */
  flush(): Promise<void>
  close(): Promise<void>
}
