const MAGIC = 0xfd2fb528
const SKIPPABLE = 0x184d2a50
const DICTIONARY_BYTES = [0, 1, 2, 4]
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

type Part = 'frame' | 'skippable' | 'descriptor' | 'block'
const PART_BYTES: Readonly<Record<Part, number>> = { frame: 4, skippable: 4, descriptor: 1, block: 3 }

/**
 * Follows the frames of a zstd file (RFC 8878, 3.1) without decompressing them. Node's decompressor does not notice
 * bytes that are no frame, nor a file that ends in the first bytes of one.
 */
export class ZstdFrames {
  #part: Part = 'frame'
  /** The bytes of the part that have arrived, as a little-endian number. */
  #value = 0
  #length = 0
  /** Contents that are passed over before the part begins. */
  #skipBytes = 0
  #hasChecksum = false
  #isBroken = false

  /** Whether the bytes so far are whole frames. */
  get areWhole(): boolean {
    return !this.#isBroken && this.#part === 'frame' && this.#length === 0 && this.#skipBytes === 0
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#isBroken; ) {
      const skipped = Math.min(this.#skipBytes, bytes.length - at)
      this.#skipBytes -= skipped
      at += skipped
      if (at === bytes.length) return
      this.#value += (bytes[at] ?? 0) * 2 ** (8 * this.#length)
      this.#length += 1
      at += 1
      if (this.#length === PART_BYTES[this.#part]) this.#endPart()
    }
  }

  #endPart(): void {
    const value = this.#value
    this.#value = 0
    this.#length = 0
    if (this.#part === 'frame') this.#beginFrame(value)
    else if (this.#part === 'skippable') this.#pass(value, 'frame')
    else if (this.#part === 'descriptor') this.#passHeader(value)
    else this.#passBlock(value)
  }

  #beginFrame(magic: number): void {
    if (magic === MAGIC) this.#part = 'descriptor'
    else if (magic - (magic % 16) === SKIPPABLE) this.#part = 'skippable'
    else this.#isBroken = true
  }

  /** The descriptor says which fields the rest of the header has. */
  #passHeader(descriptor: number): void {
    const isSingleSegment = (descriptor & 0x20) !== 0
    this.#hasChecksum = (descriptor & 4) !== 0
    const windowBytes = isSingleSegment ? 0 : 1
    const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
    this.#pass(windowBytes + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + sizeBytes, 'block')
  }

  #passBlock(header: number): void {
    const isLast = (header & 1) !== 0
    const kind = (header >> 1) & 3
    if (kind === RESERVED_BLOCK) this.#isBroken = true
    const contentBytes = kind === RLE_BLOCK ? 1 : header >> 3
    const checksumBytes = isLast && this.#hasChecksum ? 4 : 0
    this.#pass(contentBytes + checksumBytes, isLast ? 'frame' : 'block')
  }

  #pass(bytes: number, next: Part): void {
    this.#skipBytes = bytes
    this.#part = next
  }
}
