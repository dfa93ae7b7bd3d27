/** Finds where a JSON value ends that arrives in pieces, by its strings and braces alone. */
export class ValueEnd {
  #nesting = 0
  #isInString = false
  #isEscaped = false
  #hasBegun = false

  /** The position after the value; undefined where `bytes[at, end)` is all inside it. */
  find(bytes: Uint8Array, at: number, end: number): number | undefined {
    for (let p = at; p < end; p += 1) {
      const byte = bytes[p]
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (byte === 0x5c) this.#isEscaped = true
        else if (byte === 0x22) this.#isInString = false
        if (this.#isInString || this.#nesting > 0) continue
        return p + 1
      }
      if (byte === 0x22) this.#isInString = true
      else if (byte === 0x7b || byte === 0x5b) this.#nesting += 1
      else if (byte === 0x7d || byte === 0x5d) {
        if (this.#nesting <= 1) return this.#nesting === 1 ? p + 1 : p
        this.#nesting -= 1
      } else if (this.#nesting === 0 && this.#hasBegun && (byte === 0x2c || byte === 0x20 || byte === 0x0a))
        return p
      this.#hasBegun = true
    }
    return undefined
  }
}
