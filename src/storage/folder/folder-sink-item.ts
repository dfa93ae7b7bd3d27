import { type FileHandle, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sluiceError } from '../../errors.js'
import { digestOfFile, OutputDigest } from '../output-digest.js'
import type { OutputPlace, SinkHead, SinkItem } from '../store.js'
import { isMissing, writing } from './file-errors.js'
import { headOf, versionOf } from './file-version.js'
import { flushFolder, temporaryName, type Writer } from './folder-files.js'
import { createOwn, reopenOwn } from './own-file.js'

// Bytes of one system call. On ext4, one of 4 MiB takes twice the processor time of four of 1 MiB, a tenth of that of a
// whole run (bench/end-to-end.ts).
const WRITE_BYTES = 2 ** 20

// A file is made at once after the lock was looked at, unless the process is stopped in between.
const RECENT_MS = 250

export interface FileOwner {
  /** Makes a folder for outputs. Throws SINK_UNUSABLE if it is outside the folder of all outputs. */
  prepare(folder: string): Promise<void>
  readonly writer: Writer
}

/** An output that grows in a temporary file beside it and appears by rename. */
export class FileSinkItem implements SinkItem {
  readonly #part: string
  #file: FileHandle | undefined
  #bytes = 0
  #digest = new OutputDigest()
  /** Version whose bytes are known to be the sealed ones. */
  #trusted: string | undefined
  #proven: { readonly bytes: number; readonly digest: OutputDigest } | undefined

  readonly #path: string
  readonly #name: string
  readonly #owner: FileOwner

  constructor(path: string, name: string, owner: FileOwner) {
    this.#path = path
    this.#name = name
    this.#owner = owner
    this.#part = temporaryName(path, owner.writer.epoch)
  }

  resume(bytes: number): Promise<boolean> {
    return writing(this.#name, async () => {
      await this.close()
      const confirmedAtMs = performance.now()
      await this.#owner.writer.confirm()
      await this.#owner.prepare(dirname(this.#path))
      const digest = bytes > 0 ? await this.#digestOf(bytes) : undefined
      const there = digest === undefined ? undefined : await reopenOwn(this.#part)
      this.#file = there
      await there?.truncate(bytes)
      this.#file ??= await createOwn(this.#part)
      if (performance.now() - confirmedAtMs > RECENT_MS) await this.#confirmCreated()
      this.#bytes = there === undefined ? 0 : bytes
      this.#digest = (there && digest) ?? new OutputDigest()
      return bytes === this.#bytes
    })
  }

  /**
   * Takes the file away again if this process was stopped before it made it, and another one has taken over meanwhile and
   * removed what was there.
   */
  async #confirmCreated(): Promise<void> {
    try {
      await this.#owner.writer.confirm()
    } catch (error) {
      await this.close()
      await rm(this.#part, { force: true })
      throw error
    }
  }

  async leftBytes(): Promise<number> {
    return (await headOf(this.#part))?.bytes ?? 0
  }

  proven(places: readonly OutputPlace[]): Promise<number> {
    return writing(this.#name, async () => {
      this.#proven = undefined
      const file = await reopenOwn(this.#part)
      if (file === undefined) return 0
      try {
        const digest = new OutputDigest()
        let at = 0
        for (const { outputBytes, sha256 } of places) {
          at = await digest.addFrom(file, at, outputBytes)
          if (at < outputBytes) break
          if (sha256 === digest.value) this.#proven = { bytes: at, digest: digest.copy() }
        }
      } finally {
        await file.close()
      }
      return (this.#proven as { readonly bytes: number } | undefined)?.bytes ?? 0
    })
  }

  digest(): string {
    return this.#digest.value
  }

  append(pieces: readonly Uint8Array[]): Promise<void> {
    return writing(this.#name, async () => {
      for (const piece of pieces)
        for (let at = 0; at < piece.length; at += WRITE_BYTES)
          await this.#write(piece.subarray(at, at + WRITE_BYTES))
    })
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const file = this.#opened()
    let result = file.write(bytes, 0, bytes.length, this.#bytes)
    // While the system writes on another thread, and not for long: workers wait for answers meanwhile. After a failed
    // write, the item ends, and its digest with it.
    this.#digest.add([bytes])
    for (let written = 0; ; ) {
      written += (await result).bytesWritten
      if (written === bytes.length) break
      result = file.write(bytes, written, bytes.length - written, this.#bytes + written)
    }
    this.#bytes += bytes.length
  }

  get keptBytes(): number {
    return this.#bytes
  }

  async complete(): Promise<void> {}

  flush(): Promise<void> {
    return writing(this.#name, () => this.#opened().datasync())
  }

  async find(sealed: SinkHead): Promise<'committed' | 'ready' | 'lost'> {
    if (await this.#holds(this.#path, sealed)) return 'committed'
    return (await this.#holds(this.#part, sealed)) ? 'ready' : 'lost'
  }

  /** Reads an output sealed by an earlier run before trusting it: a version does not reveal a damaged disk. */
  async #holds(path: string, { version, sha256 }: SinkHead): Promise<boolean> {
    if ((await headOf(path))?.version !== version) return false
    if (sha256 === undefined || this.#trusted === version) return true
    if ((await digestOfFile(path)) !== sha256) return false
    this.#trusted = version
    return true
  }

  /** Throws SINK_CHANGED if the file's length is not what was written. */
  async sealed(): Promise<SinkHead> {
    const stats = await this.#opened().stat({ bigint: true })
    if (Number(stats.size) !== this.#bytes) throw interfered(this.#name)
    const version = versionOf(stats)
    this.#trusted = version
    return { bytes: this.#bytes, version, sha256: this.#digest.value }
  }

  commit(): Promise<void> {
    const { confirm } = this.#owner.writer
    return writing(this.#name, async () => {
      await this.close()
      // INVARIANT fence: the temporary file exists before the lock is confirmed.
      await confirm()
      try {
        await rename(this.#part, this.#path)
      } catch (error) {
        if (isMissing(error)) await confirm()
        throw error
      }
    })
  }

  settle(): Promise<void> {
    return writing(this.#name, () => flushFolder(dirname(this.#path)))
  }

  async abort(): Promise<void> {
    await this.close()
    await writing(this.#name, () => rm(this.#part, { force: true }))
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  /** Digest of the first bytes of an earlier run's file; undefined if it is shorter. */
  async #digestOf(bytes: number): Promise<OutputDigest | undefined> {
    if (this.#proven?.bytes === bytes) return this.#proven.digest.copy()
    const file = await reopenOwn(this.#part)
    if (file === undefined) return undefined
    try {
      const digest = new OutputDigest()
      return (await digest.addFrom(file, 0, bytes)) === bytes ? digest : undefined
    } finally {
      await file.close()
    }
  }

  #opened(): FileHandle {
    if (this.#file === undefined) throw new Error('append before resume')
    return this.#file
  }
}

const interfered = (at: string) =>
  sluiceError('SINK_CHANGED', {
    at,
    message: 'another program changed the output while it was written; nothing of it was committed',
  })
