/** One object of a source, pinned to the version that was listed. */
export interface SourceItem {
  /** Relative to the source, with `/`; the item's name in reports, quarantine and output. */
  readonly name: string
  /** As stored, compressed or not. */
  readonly bytes: number
  /** Changes whenever the content may have changed: an ETag; size, times and inode of a file. */
  readonly version: string
  readonly promised?: PromisedContent | undefined
  /** Why it can only fail, where its name alone says so; completes "the item …". */
  readonly unreadable?: string
}

/** What the source says of an item's content: held against it before the output is committed. */
export interface PromisedContent {
  /** Lines that are not blank. */
  readonly lineCount?: number | undefined
  /** The type of every resource in it. */
  readonly resourceType?: string | undefined
}

/** Where items come from. */
export interface Source {
  /** For messages: the path or address, without credentials. */
  readonly place: string
  /** Every request takes a round trip: more items are kept under way. */
  readonly isRemote?: true
  /** It lists a part of what is there: what it does not list may be there all the same. */
  readonly isPartial?: true
  /** Last segment of the place: the date-shift prefix of the scope `folder`. */
  readonly folderName: string
  /** Real paths that an output must not touch; empty where the source is not on this machine. */
  localPaths(): Promise<readonly string[]>
  /** Every item once, in the order of names. Throws SOURCE_NOT_FOUND, SOURCE_UNREADABLE, SOURCE_UNUSABLE. */
  list(report: (event: StoreEvent) => void): AsyncIterable<SourceItem>
  /** The item as it is now; undefined if there is none. */
  head(name: string): Promise<SourceItem | undefined>
  /** Reads exactly the version of `item`, from a byte on. Throws SOURCE_CHANGED, SOURCE_UNREADABLE. */
  open(item: SourceItem, fromByte: number): Promise<SourceReader>
}

export interface StoreEvent {
  readonly event: 'source.skipped' | 'source.mislabelled'
  readonly item: string
  readonly reason: string
  /** Of an item that is skipped. */
  readonly leftOut?: LeftOutReason
}

/** Why something in a source is not read. */
export type LeftOutReason =
  | 'unknown-ending'
  | 'hidden'
  | 'own-name'
  | 'link-to-folder'
  | 'not-a-file'
  | 'archived'

/** How each is reported. What nobody takes for data (`isUsual`) is no reason to warn. */
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

/** A pinned read. Every method throws SOURCE_CHANGED when the item is no longer the version that was opened. */
export interface SourceReader {
  /** Fills `target` from its start; fewer bytes than its length only at the end, 0 behind it. */
  read(target: Uint8Array): Promise<number>
  /** To be called at the end: whether what was read is still what is there. */
  verify(): Promise<void>
  close(): Promise<void>
}

/** What stands under a final name. */
export interface SinkHead {
  readonly bytes: number
  /** Changes whenever the content may have changed. */
  readonly version: string
  /** Of the item that made it, where the sink keeps it with the output. */
  readonly fingerprint?: string | undefined
  /** What its commit was given, where the sink keeps that with the output. */
  readonly mark?: string | undefined
  /** SHA-256 of its bytes, in hex, of an output that was just written as a whole. */
  readonly sha256?: string | undefined
  /** Where it is split. */
  readonly parts?: readonly SinkPart[] | undefined
}

/** One file of a split output. */
export interface SinkPart {
  readonly name: string
  readonly bytes: number
  readonly sha256?: string
}

/** What a sink may keep with an output. */
export interface CommitFacts {
  /** The source item's version. */
  readonly sourceVersion: string
  readonly lines: number
  readonly quarantined: number
  /** Whose output it is. */
  readonly mark?: string | undefined
}

/** Where outputs go: each appears whole under its name, or not at all. */
export interface Sink {
  readonly place: string
  /** Every request takes a round trip: more items are kept under way. */
  readonly isRemote?: true
  /** The largest output it can hold, where there is a limit. */
  readonly mostOutputBytes?: number | undefined
  /** Why it can hold no output of this name, as a sentence's end; undefined where it can. */
  readonly nameFault?: (name: string) => string | undefined
  /** Real paths this sink writes to; empty where it is not on this machine. */
  localPaths(): Promise<readonly string[]>
  /** Of a sink that splits outputs: the one that holds the parts. */
  readonly whole?: Sink
  /** Beside the outputs, never among them. */
  readonly state: State
  head(name: string): Promise<SinkHead | undefined>
  /** `fingerprint` stands for the bytes it is to hold. */
  item(name: string, fingerprint: string): SinkItem
  /** Writes a small file whole, replacing what is there. */
  put(name: string, text: string): Promise<void>
  get(name: string): Promise<string | undefined>
  /** Reads what stands under a name (of a split output: the name of a part) and returns its SHA-256 in hex. */
  digest(name: string): Promise<string | undefined>
  remove(name: string): Promise<void>
}

/** A place for the outputs of many runs, each in a folder of its own. */
export interface Lake {
  readonly place: string
  /** Every request takes a round trip. */
  readonly isRemote?: true
  /** Of all of them together, beside them. */
  readonly state: State
  /** The folder of one run; of an empty name: the place itself. */
  sink(folder: string): Sink
  /**
   * Removes the folder of one run: the output `first`, then the others, then its state. Nothing may be at work in it.
   * Throws SINK_UNWRITABLE.
   */
  remove(folder: string, first: string): Promise<void>
}

/** The end of an append. */
export interface OutputPlace {
  /** From the output's start. */
  readonly outputBytes: number
  /** What `digest` was there. */
  readonly sha256?: string | undefined
}

/** An output being written. Throws SINK_FULL, SINK_UNWRITABLE. */
export interface SinkItem {
  /** Keeps the first `bytes` of what an earlier run left; false, and nothing kept, if that is less. */
  resume(bytes: number): Promise<boolean>
  /** How much an earlier run left at least. */
  leftBytes(): Promise<number>
  /** Reads what an earlier run left: the end of the last of these places up to which it is what it was; 0 for none. */
  proven(places: readonly OutputPlace[]): Promise<number>
  /** Of all bytes so far, where split of those of the last part; undefined where it is not known. */
  digest(): string | undefined
  /** Takes the bytes, which may be kept only later; throws what has become of earlier ones. */
  append(bytes: readonly Uint8Array[]): Promise<void>
  /** From the start, how many bytes a later run can resume at: always the end of an `append`. */
  readonly keptBytes: number
  /** All that was appended is kept once this returns. */
  complete(): Promise<void>
  /** What is kept survives a power failure once this returns. */
  flush(): Promise<void>
  /** Where the bytes that an earlier run sealed are now: under their name, ready for `commit`, or nowhere. */
  find(sealed: SinkHead): Promise<'committed' | 'ready' | 'lost'>
  /**
   * The version that `commit` gives the output, known before it is done; with its SHA-256, unless what an earlier run
   * left cannot be read back before the commit.
   */
  sealed(): Promise<SinkHead>
  /** Makes the output appear under its name, replacing what was there when it was looked at. Throws SINK_CONFLICT. */
  commit(facts: CommitFacts): Promise<void>
  /** Makes the commit itself durable. */
  settle(): Promise<void>
  /** Forgets what was appended. */
  abort(): Promise<void>
  /** Lets go of it without a decision: a later run resumes it. */
  close(): Promise<void>
}

/**
 * What half-written files are named by. Runs that continue each other share an epoch. Whoever takes over from a
 * process that may still be alive begins another one: then no file that either of them writes has a name of the other.
 */
export interface Epoch {
  /** Empty without the lock, and where the store keeps writers apart by itself. */
  readonly id: string
  /** Newest first. */
  readonly earlier: readonly string[]
  readonly isNew: boolean
}

export const NO_EPOCH: Epoch = { id: '', earlier: [], isNew: false }

export interface LockWait {
  /** Ends the wait with INTERRUPTED. */
  readonly signal?: AbortSignal | undefined
  /** Default true; false: SINK_LOCKED instead of waiting. */
  readonly isPatient?: boolean
  /** Called once if it waits, for at most so long. */
  readonly onWait?: (wait: { readonly place: string; readonly mostSeconds: number }) => void
}

/** Small named texts beside the outputs: journals, done records, quarantine, secrets. Names use `/`. */
export interface State {
  readonly place: string
  /**
   * Takes the lock of the output; waits where its holder may be gone but cannot be asked. From then on, whatever
   * writes throws SINK_LOCKED once the lock is lost. Throws SINK_LOCKED, SINK_UNWRITABLE, INTERRUPTED.
   */
  lock(waiting?: LockWait): Promise<() => Promise<void>>
  /** Throws SINK_LOCKED where the lock that was taken is lost. */
  confirm(): Promise<void>
  /** Of the lock that is held. */
  epoch(): Epoch
  read(name: string): Promise<string | undefined>
  /** Whole or not at all, durable when it returns; readable by the owner only. */
  write(name: string, text: string): Promise<void>
  /** An append-only text; keeps its first `keepBytes` and drops the rest. */
  appender(name: string, keepBytes: number): Promise<Appender>
  bytesOf(name: string): Promise<number | undefined>
  remove(name: string): Promise<void>
  /** Overwrites, then removes. */
  destroy(name: string): Promise<void>
  /** Removes all texts. */
  clear(): Promise<void>
  /** Changes with every boot: bytes written since then need no flush to be trusted. Undefined if unknown. */
  bootId(): Promise<string | undefined>
}

export interface Appender {
  /** May be held back until `keep`. */
  append(text: string): Promise<void>
  /** What was appended survives the end of this process once this returns. */
  keep(): Promise<void>
  /** What was appended survives a power failure once this returns. */
  flush(): Promise<void>
  close(): Promise<void>
}
