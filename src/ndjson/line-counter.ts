import { isBlank, LF, markLength, mayBecomeMark } from './line.js'

/** Counts the lines that are not blank (INVARIANT line) in pieces of any size, and holds none of them. */
export class LineCounter {
  #ended = 0
  #hasContent = false
  /** The first bytes while they may still become a byte order mark. */
  #head: Buffer | undefined = Buffer.alloc(0)

  add(piece: Uint8Array): void {
    if (this.#head === undefined) {
      this.#count(Buffer.from(piece.buffer, piece.byteOffset, piece.length))
      return
    }
    const head = Buffer.concat([this.#head, piece])
    this.#head = mayBecomeMark(head) ? head : undefined
    if (this.#head === undefined) this.#count(head.subarray(markLength(head)))
  }

  /** Of all pieces so far, the line that they end in included. */
  get count(): number {
    const isOpen = this.#hasContent || (this.#head !== undefined && this.#head.length > 0)
    return this.#ended + (isOpen ? 1 : 0)
  }

  #count(bytes: Buffer): void {
    let from = 0
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
      this.#hasContent ||= !isBlank(bytes, from, at)
      if (this.#hasContent) this.#ended += 1
      this.#hasContent = false
      from = at + 1
    }
    this.#hasContent ||= !isBlank(bytes, from)
  }
}
