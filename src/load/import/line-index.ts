/** Where one line of a staged file comes from. */
export interface LineOrigin {
  /** Number of the item in the listing of the import. */
  readonly item: number
  readonly ordinal: number
  /** Where the entry, or its line, begins in the unpacked item, in bytes. */
  readonly offset: number
}

/** One line of a staged file. */
export interface IndexedLine extends LineOrigin {
  /** Where the line begins in the staged file, in bytes. */
  readonly start: number
  /** Its length with its LF. */
  readonly lengthBytes: number
}

const NO_LINE: LineOrigin = { item: 0, ordinal: 0, offset: 0 }

/**
 * Where the lines of a staged file come from, in about six bytes each: of each line its length, and how far its item,
 * ordinal and offset are from those of the line before it.
 */
export class LineIndex {
  #bytes = Buffer.allocUnsafe(4096)
  #length = 0
  #last = NO_LINE

  add({ item, ordinal, offset }: LineOrigin, lengthBytes: number): void {
    const isSameItem = item === this.#last.item
    const from = isSameItem ? this.#last : NO_LINE
    const ordinalStep = ordinal - from.ordinal
    this.#write(lengthBytes)
    // The lowest bit says whether the item follows. Ordinals and offsets of an item ascend.
    this.#write(ordinalStep * 2 + (isSameItem ? 0 : 1))
    if (!isSameItem) this.#write(item - this.#last.item)
    this.#write(offset - from.offset)
    this.#last = { item, ordinal, offset }
  }

  get bytes(): number {
    return this.#length
  }

  /** The index as a text for the state. */
  get text(): string {
    return this.#bytes.toString('base64', 0, this.#length)
  }

  /** Writes seven bits a byte, the lowest first; not by bit operators, because offsets exceed 32 bits. */
  #write(value: number): void {
    if (this.#length + 8 > this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.#bytes.length)])
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      this.#bytes[this.#length] = (rest % 0x80) + 0x80
      this.#length += 1
    }
    this.#bytes[this.#length] = rest
    this.#length += 1
  }
}

/** The lines of an index, in their order. */
export function* indexedLines(text: string): Generator<IndexedLine> {
  const bytes = Buffer.from(text, 'base64')
  let at = 0
  const read = (): number => {
    let value = 0
    for (let weight = 1; ; weight *= 0x80) {
      const byte = bytes[at] ?? 0
      at += 1
      value += (byte % 0x80) * weight
      if (byte < 0x80) return value
    }
  }
  let last = NO_LINE
  let start = 0
  while (at < bytes.length) {
    const lengthBytes = read()
    const step = read()
    const isSameItem = step % 2 === 0
    const from = isSameItem ? last : NO_LINE
    const item = isSameItem ? last.item : last.item + read()
    last = { item, ordinal: from.ordinal + Math.floor(step / 2), offset: from.offset + read() }
    yield { ...last, start, lengthBytes }
    start += lengthBytes
  }
}
