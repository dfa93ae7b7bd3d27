import { formatOf, openUnpacker, type Unpacker } from '../../compression/unpacker.js'
import { zstdOfNode } from '../../compression/zstd.js'
import { LineCounter } from '../../ndjson/line-counter.js'

const PIECE_BYTES = 256 * 1024

/** Counts non-blank lines in pieces of any size, decompressing gzip and zstd. */
export class LineCount {
  readonly #lines = new LineCounter()
  #unpacker: Unpacker | undefined
  #isStarted = false
  #isBroken = false

  async add(bytes: Buffer): Promise<void> {
    if (!this.#isStarted) this.#start(bytes)
    const unpacker = this.#unpacker
    if (this.#isBroken) return
    if (unpacker === undefined) {
      this.#lines.add(bytes)
      return
    }
    const { stream } = unpacker
    unpacker.see(bytes)
    await new Promise<void>((resolve) => {
      stream.once('close', resolve)
      stream.write(bytes, () => {
        stream.off('close', resolve)
        resolve()
      })
    })
  }

  /** Returns the count at the end of the file, or undefined if it is damaged or cannot be decompressed here. */
  async end(): Promise<number | undefined> {
    const unpacker = this.#unpacker
    if (unpacker !== undefined && !this.#isBroken)
      await new Promise<void>((resolve) => {
        unpacker.stream.once('close', resolve)
        unpacker.stream.end()
      })
    return this.#isBroken || unpacker?.mayEnd() === false ? undefined : this.#lines.count
  }

  /** Releases the decompressor of a file that was not read to its end. */
  close(): void {
    this.#unpacker?.stream.destroy()
  }

  #start(bytes: Buffer): void {
    this.#isStarted = true
    const format = formatOf(bytes)
    if (format === undefined) return
    if (format === 'zstd' && zstdOfNode() === undefined) {
      this.#isBroken = true
      return
    }
    const unpacker = openUnpacker(format, '', PIECE_BYTES)
    unpacker.stream.on('data', (piece: Buffer) => this.#lines.add(piece))
    unpacker.stream.on('error', () => {
      this.#isBroken = true
    })
    this.#unpacker = unpacker
  }
}
