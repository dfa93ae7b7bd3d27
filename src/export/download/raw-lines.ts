import { createGunzip, type Gunzip } from 'node:zlib'

const LF = 0x0a

/** Counts non-blank lines in pieces of any size, decompressing gzip. */
export class LineCount {
  #full = 0
  #openBytes = 0
  #gunzip: Gunzip | undefined
  #isStarted = false
  #isBroken = false

  async add(bytes: Buffer): Promise<void> {
    if (!this.#isStarted) {
      this.#isStarted = true
      if (bytes[0] === 0x1f && bytes[1] === 0x8b) this.#gunzip = this.#openGunzip()
    }
    const gunzip = this.#gunzip
    if (gunzip === undefined) this.#count(bytes)
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
    return this.#isBroken ? undefined : this.#full + (this.#openBytes > 1 ? 1 : 0)
  }

  /** Releases the decompressor of a file that was not read to its end. */
  close(): void {
    this.#gunzip?.destroy()
  }

  #openGunzip(): Gunzip {
    const gunzip = createGunzip({ chunkSize: 256 * 1024 })
    gunzip.on('data', (bytes: Buffer) => this.#count(bytes))
    gunzip.on('error', () => {
      this.#isBroken = true
    })
    return gunzip
  }

  #count(bytes: Buffer): void {
    let from = 0
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
      // A line of one byte is a carriage return; no resource is that short.
      if (this.#openBytes + at - from > 1) this.#full += 1
      this.#openBytes = 0
      from = at + 1
    }
    this.#openBytes += bytes.length - from
  }
}
