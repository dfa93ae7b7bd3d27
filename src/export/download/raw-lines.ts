import { createGunzip, type Gunzip } from 'node:zlib'
import { LineCounter } from '../../ndjson/line-counter.js'

/** Counts non-blank lines in pieces of any size, decompressing gzip. */
export class LineCount {
  readonly #lines = new LineCounter()
  #gunzip: Gunzip | undefined
  #isStarted = false
  #isBroken = false

  async add(bytes: Buffer): Promise<void> {
    if (!this.#isStarted) {
      this.#isStarted = true
      if (bytes[0] === 0x1f && bytes[1] === 0x8b) this.#gunzip = this.#openGunzip()
    }
    const gunzip = this.#gunzip
    if (gunzip === undefined) this.#lines.add(bytes)
    else if (!this.#isBroken)
      await new Promise<void>((resolve) => {
        gunzip.once('close', resolve)
        gunzip.write(bytes, () => {
          gunzip.off('close', resolve)
          resolve()
        })
      })
  }

  /** Returns the count at the end of the file, or undefined if its gzip is damaged. */
  async end(): Promise<number | undefined> {
    const gunzip = this.#gunzip
    if (gunzip !== undefined && !this.#isBroken)
      await new Promise<void>((resolve) => {
        gunzip.once('close', resolve)
        gunzip.end()
      })
    return this.#isBroken ? undefined : this.#lines.count
  }

  /** Releases the decompressor of a file that was not read to its end. */
  close(): void {
    this.#gunzip?.destroy()
  }

  #openGunzip(): Gunzip {
    const gunzip = createGunzip({ chunkSize: 256 * 1024 })
    gunzip.on('data', (bytes: Buffer) => this.#lines.add(bytes))
    gunzip.on('error', () => {
      this.#isBroken = true
    })
    return gunzip
  }
}
