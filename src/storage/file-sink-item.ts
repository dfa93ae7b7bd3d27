import { type FileHandle, open, rename, rm, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writing } from './file-errors.js'
import { headOf, versionOf } from './file-version.js'
import { flushFolder, makeFolders } from './folder-files.js'
import { digestOfFile, OutputDigest } from './output-digest.js'
import type { SinkHead, SinkItem } from './store.js'

/** An output that grows in `<path>.part` and appears by rename. */
export class FileSinkItem implements SinkItem {
  readonly #part: string
  #file: FileHandle | undefined
  #bytes = 0
  #digest = new OutputDigest()

  constructor(
    private readonly path: string,
    private readonly name: string,
  ) {
    this.#part = `${path}.part`
  }

  resume(bytes: number): Promise<boolean> {
    return writing(this.name, async () => {
      await this.close()
      await makeFolders(dirname(this.path))
      const there = await headOf(this.#part)
      const kept = bytes > 0 && there !== undefined && there.bytes >= bytes
      if (kept) await truncate(this.#part, bytes)
      this.#file = await open(this.#part, kept ? 'a' : 'w')
      this.#bytes = kept ? bytes : 0
      this.#digest = kept ? (await digestOfFile(this.#part)).digest : new OutputDigest()
      return kept || bytes === 0
    })
  }

  async leftBytes(): Promise<number> {
    return (await headOf(this.#part))?.bytes ?? 0
  }

  append(pieces: readonly Uint8Array[]): Promise<void> {
    return writing(this.name, async () => {
      const file = this.#opened()
      for (const piece of pieces)
        for (let at = 0; at < piece.length; )
          at += (await file.write(piece, at, piece.length - at)).bytesWritten
      this.#digest.add(pieces)
      this.#bytes += pieces.reduce((sum, piece) => sum + piece.length, 0)
    })
  }

  get keptBytes(): number {
    return this.#bytes
  }

  async complete(): Promise<void> {}

  flush(): Promise<void> {
    return writing(this.name, () => this.#opened().datasync())
  }

  async find(sealed: SinkHead): Promise<'committed' | 'ready' | 'lost'> {
    if ((await headOf(this.path))?.version === sealed.version) return 'committed'
    return (await headOf(this.#part))?.version === sealed.version ? 'ready' : 'lost'
  }

  async sealed(): Promise<SinkHead> {
    const stats = await this.#opened().stat({ bigint: true })
    return { bytes: Number(stats.size), version: versionOf(stats), sha256: this.#digest.value }
  }

  commit(): Promise<void> {
    return writing(this.name, async () => {
      await this.close()
      await rename(this.#part, this.path)
    })
  }

  settle(): Promise<void> {
    return writing(this.name, () => flushFolder(dirname(this.path)))
  }

  async abort(): Promise<void> {
    await this.close()
    await writing(this.name, () => rm(this.#part, { force: true }))
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #opened(): FileHandle {
    if (this.#file === undefined) throw new Error('append before resume')
    return this.#file
  }
}
