import type { ItemReader } from '../../pipeline/chunks/unpack.js'

/** What a window reads: bytes from an offset of the unpacked item. */
export type OpenAt = (fromByte: number) => Promise<Pick<ItemReader, 'read' | 'verify' | 'close'>>

const PIECE_BYTES = 2 ** 20
/** Most of many small files fit. */
const FIRST_BYTES = 64 * 1024

/**
 * A part of an item, in memory: `bytes[at, end)` is what is read but not used. `offset` is that of `bytes[0]` in the
 * item. Positions in `bytes` hold until `fill` or `rewind`.
 */
export class Window {
  bytes: Buffer
  at: number
  end: number
  offset: number
  /** Nothing follows `bytes[end - 1]`. */
  isEnded: boolean
  /** Offset from which bytes are held for `rewind`, if they are few. */
  #held: number | undefined
  /** Of `bytes`, by `take`. */
  #taken = 0
  #reader: Awaited<ReturnType<OpenAt>> | undefined
  readonly #open: OpenAt | undefined
  readonly #pieceBytes: number

  constructor(
    source: OpenAt | { readonly bytes: Buffer; readonly offset: number },
    pieceBytes = PIECE_BYTES,
  ) {
    this.#pieceBytes = pieceBytes
    const isOpened = typeof source === 'function'
    this.bytes = isOpened ? Buffer.allocUnsafe(Math.min(FIRST_BYTES, pieceBytes)) : source.bytes
    this.at = 0
    this.end = isOpened ? 0 : source.bytes.length
    this.offset = isOpened ? 0 : source.offset
    this.isEnded = !isOpened
    this.#open = isOpened ? source : undefined
  }

  /** How much is held for `rewind`. */
  get heldBytes(): number {
    return 4 * this.#pieceBytes
  }

  /** Offset of `bytes[at]` in the item. */
  get place(): number {
    return this.offset + this.at
  }

  /** Gives out all bytes from the first, those that are held before those that are not read yet. Replaces `fill`. */
  async take(target: Uint8Array): Promise<number> {
    if (this.#taken < this.end) {
      const held = this.bytes.subarray(this.#taken, Math.min(this.end, this.#taken + target.length))
      target.set(held)
      this.#taken += held.length
      return held.length
    }
    if (this.isEnded || this.#reader === undefined) return 0
    const bytes = await this.#reader.read(target)
    if (bytes < target.length) await this.#reader.verify()
    return bytes
  }

  /** Reads more. What lies before `at` goes, unless it is held. */
  async fill(): Promise<void> {
    if (this.isEnded || this.#open === undefined) return
    this.#reader ??= await this.#open(this.offset + this.end)
    this.#drop()
    if (this.end === this.bytes.length || (this.end > 0 && this.bytes.length < this.#pieceBytes)) {
      const larger = Buffer.allocUnsafe(this.bytes.length * 2)
      this.bytes.copy(larger, 0, 0, this.end)
      this.bytes = larger
    }
    // As much again as is held: what is long is looked at again and again from its start.
    const wantedBytes = Math.max(this.#pieceBytes, this.end - this.at)
    const target = this.bytes.subarray(this.end, this.end + wantedBytes)
    const bytes = await this.#reader.read(target)
    this.end += bytes
    if (bytes === target.length) return
    this.isEnded = true
    await this.#reader.verify()
  }

  /** Keeps what follows, if it is not long, so that `rewind` need not read it again. */
  hold(): void {
    this.#held = this.place
  }

  release(): void {
    this.#held = undefined
  }

  /** Goes back to an offset. */
  async rewind(offset: number): Promise<void> {
    if (offset >= this.offset) {
      this.at = offset - this.offset
      return
    }
    await this.close()
    this.at = 0
    this.end = 0
    this.offset = offset
    this.isEnded = false
    this.#held = undefined
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    await reader?.close()
  }

  #drop(): void {
    if (this.#held !== undefined && this.offset + this.end - this.#held >= this.heldBytes)
      this.#held = undefined
    const from = this.#held === undefined ? this.at : Math.min(this.at, this.#held - this.offset)
    if (from === 0) return
    this.bytes.copyWithin(0, from, this.end)
    this.at -= from
    this.end -= from
    this.offset += from
  }
}
