import { createHash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import type { CommitFacts, OutputPlace, SinkHead, SinkItem } from '../store.js'
import { type MemoryContent, type StagedOutput, shortened } from './memory-content.js'

/** An output that grows beside the objects and becomes one of them. */
export class MemorySinkItem implements SinkItem {
  #isOpen = false
  /** The version that a commit may replace; null for none. */
  #replaces: string | null | undefined

  readonly #content: MemoryContent
  readonly #name: string
  readonly #fingerprint: string
  readonly #alive: () => void

  constructor(content: MemoryContent, name: string, fingerprint: string, alive: () => void) {
    this.#content = content
    this.#name = name
    this.#fingerprint = fingerprint
    this.#alive = alive
  }

  async resume(bytes: number): Promise<boolean> {
    this.#alive()
    this.#look()
    const there = this.#content.staged.get(this.#name)
    const isKept = there !== undefined && there.keptBytes >= bytes
    const { bytes: left, flushedBytes } = isKept ? there : NOTHING
    this.#isOpen = true
    this.#stage({
      bytes: left.subarray(0, bytes),
      keptBytes: isKept ? bytes : 0,
      flushedBytes: Math.min(flushedBytes, bytes),
    })
    return isKept || bytes === 0
  }

  async leftBytes(): Promise<number> {
    this.#alive()
    return this.#content.staged.get(this.#name)?.keptBytes ?? 0
  }

  /** Staged bytes cannot be damaged. */
  async proven(places: readonly OutputPlace[]): Promise<number> {
    const left = await this.leftBytes()
    return places.findLast(({ outputBytes }) => outputBytes <= left)?.outputBytes ?? 0
  }

  digest(): string {
    return createHash('sha256').update(this.#opened().bytes).digest('hex')
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const { bytes, flushedBytes } = this.#opened()
    this.#stage({ bytes: Buffer.concat([bytes, ...pieces]), keptBytes: bytes.length, flushedBytes })
  }

  get keptBytes(): number {
    return this.#opened().keptBytes
  }

  async complete(): Promise<void> {
    const staged = this.#opened()
    staged.keptBytes = staged.bytes.length
  }

  async flush(): Promise<void> {
    const staged = this.#opened()
    staged.flushedBytes = staged.keptBytes
  }

  async sealed(): Promise<SinkHead> {
    const { bytes, version, fingerprint } = this.#opened()
    return { bytes: bytes.length, version, fingerprint, sha256: this.digest() }
  }

  async find(sealed: SinkHead): Promise<'committed' | 'ready' | 'lost'> {
    this.#alive()
    this.#look()
    if (this.#content.objects.get(this.#name)?.version === sealed.version) return 'committed'
    return this.#content.staged.get(this.#name)?.version === sealed.version ? 'ready' : 'lost'
  }

  async commit({ mark }: CommitFacts): Promise<void> {
    this.#alive()
    const { objects, staged, unsettled } = this.#content
    const output = staged.get(this.#name)
    if (output === undefined) throw new Error('commit of nothing')
    const there = objects.get(this.#name)
    if ((there?.version ?? null) !== this.#replaces) throw conflict(this.#name)
    unsettled.set(this.#name, { before: unsettled.get(this.#name)?.before ?? there, staged: output })
    const { bytes, version, fingerprint } = output
    objects.set(this.#name, { bytes, version, fingerprint, mark })
    staged.delete(this.#name)
    this.#isOpen = false
  }

  async settle(): Promise<void> {
    this.#alive()
    this.#content.unsettled.delete(this.#name)
  }

  async abort(): Promise<void> {
    this.#alive()
    this.#isOpen = false
    this.#content.staged.delete(this.#name)
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    const staged = this.#opened()
    if (staged.keptBytes < staged.bytes.length) this.#stage(shortened(staged, 'keptBytes'))
    this.#isOpen = false
  }

  /** A commit replaces the object found at the first look. */
  #look(): void {
    if (this.#replaces === undefined) this.#replaces = this.#content.objects.get(this.#name)?.version ?? null
  }

  #stage({ bytes, keptBytes, flushedBytes }: Omit<StagedOutput, 'fingerprint' | 'version'>): void {
    const fingerprint = this.#fingerprint
    const version = this.#content.nextVersion()
    this.#content.staged.set(this.#name, { bytes, keptBytes, flushedBytes, fingerprint, version })
  }

  #opened(): StagedOutput {
    this.#alive()
    const staged = this.#content.staged.get(this.#name)
    if (!this.#isOpen || staged === undefined) throw new Error('append before resume')
    return staged
  }
}

const NOTHING = { bytes: Buffer.alloc(0), flushedBytes: 0 }

const conflict = (name: string) =>
  sluiceError('SINK_CONFLICT', {
    at: name,
    message: 'was written by another program meanwhile',
    help: 'move it away',
  })
