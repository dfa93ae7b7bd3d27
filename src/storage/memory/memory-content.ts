import { sluiceError } from '../../errors.js'

/** The object under a name; never altered, only replaced. */
export interface MemoryObject {
  readonly bytes: Buffer
  readonly version: string
  /** Fingerprint of the item that made it; none if another program did. */
  readonly fingerprint?: string
  /** Marks given to its commit. */
  readonly mark?: string | undefined
}

/** Growing bytes. */
export interface Growing {
  bytes: Buffer
  /** Number of bytes that survive the process. */
  keptBytes: number
  /** Number of bytes that survive a power failure. */
  flushedBytes: number
}

/** Bytes appended to an output that is not visible yet. */
export interface StagedOutput extends Growing {
  readonly fingerprint: string
  readonly version: string
}

/**
 * What `memorySource` and `memorySink` read and write. It keeps as little as the interface allows: of what is
 * appended the last piece comes to be kept with the next one or on demand, and a crash takes what was not.
 */
export class MemoryContent {
  readonly objects = new Map<string, MemoryObject>()
  readonly staged = new Map<string, StagedOutput>()
  /** Commits that a power failure would undo. */
  readonly unsettled = new Map<
    string,
    { readonly before: MemoryObject | undefined; readonly staged: StagedOutput }
  >()
  readonly texts = new Map<string, Growing>()
  /** Who holds the lock of each state, by its name; empty for that of all outputs. */
  readonly locks = new Map<string, object>()
  #versions = 0
  #crashes = 0
  #powerFailures = 0

  constructor(readonly place = 'memory') {}

  /** Writes an object as another program would: whole, with its own version. */
  write(name: string, content: string | Uint8Array): void {
    this.objects.set(name, { bytes: Buffer.from(content), version: this.nextVersion() })
  }

  nextVersion(): string {
    this.#versions += 1
    return `v${this.#versions}`
  }

  get bootId(): string {
    return `boot-${this.#powerFailures}`
  }

  /**
   * Ends whoever works with it: sinks made before, and handles they opened, throw SINK_UNWRITABLE from now on, the
   * lock holds nobody. A `power` failure also takes what was neither flushed nor settled.
   */
  crash(cause: 'process' | 'power'): void {
    this.#crashes += 1
    this.locks.clear()
    if (cause === 'power') {
      this.#powerFailures += 1
      this.#undoCommits()
    }
    const left = cause === 'power' ? 'flushedBytes' : 'keptBytes'
    for (const [name, staged] of this.staged)
      if (staged[left] < staged.bytes.length)
        this.staged.set(name, { ...shortened(staged, left), version: this.nextVersion() })
    for (const [name, text] of this.texts) this.texts.set(name, shortened(text, left))
  }

  #undoCommits(): void {
    for (const [name, { before, staged }] of this.unsettled) {
      if (before === undefined) this.objects.delete(name)
      else this.objects.set(name, before)
      this.staged.set(name, staged)
    }
    this.unsettled.clear()
  }

  /** Throws SINK_UNWRITABLE after a crash. */
  guard(): () => void {
    const crashes = this.#crashes
    return () => {
      if (this.#crashes !== crashes)
        throw sluiceError('SINK_UNWRITABLE', {
          at: this.place,
          message: 'the process that held it has crashed',
        })
    }
  }
}

/** Cuts growing bytes to the remaining length. */
export function shortened<T extends Growing>(grown: T, left: 'keptBytes' | 'flushedBytes'): T {
  const bytes = grown.bytes.subarray(0, grown[left])
  return { ...grown, bytes, keptBytes: bytes.length }
}
