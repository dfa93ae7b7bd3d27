/** A syntax error of a configuration file: what is wrong and where (line and column from 1). */
export class TolerantJsonError extends Error {
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(message)
    this.name = 'TolerantJsonError'
  }
}

export interface TolerantJson {
  readonly value: unknown
  /** The object's keys as the text has them: JavaScript's own order puts integer-like keys first. */
  keysOf(object: object): readonly string[]
}

/**
 * JSON as the original's reader takes it (law 1.1): byte order mark, comments, trailing commas,
 * single quotes and bare names pass; a name given twice in one object does not. Throws TolerantJsonError.
 */
export function readTolerantJson(text: string): TolerantJson {
  return new Reader(text).document()
}

const MAX_DEPTH = 64
const BARE_NAME = /[A-Za-z_$][\w$]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y
const SPACE = /(?:[\s\uFEFF]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y
const PLAIN = /[^"'\\\n\r]+/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
])

class Reader {
  #at = 0
  readonly #orders = new Map<object, readonly string[]>()

  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  document(): TolerantJson {
    const value = this.#value(0)
    this.#skipSpace()
    if (this.#at < this.#text.length) throw this.#error('text after the end')
    const orders = this.#orders
    return { value, keysOf: (object) => orders.get(object) ?? Object.keys(object) }
  }

  #error(message: string, at = this.#at): TolerantJsonError {
    const before = this.#text.slice(0, at).split('\n')
    return new TolerantJsonError(message, before.length, (before.at(-1) ?? '').length + 1)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #skipSpace(): void {
    this.#match(SPACE)
    if (this.#text.startsWith('/*', this.#at)) throw this.#error('a comment without end')
  }

  #take(character: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw this.#error(`nested more than ${MAX_DEPTH} deep`)
    if (this.#take('{')) return this.#object(depth + 1)
    if (this.#take('[')) return this.#array(depth + 1)
    const first = this.#text[this.#at]
    if (first === '"' || first === "'") return this.#string()
    const number = this.#match(NUMBER)
    if (number !== undefined) return Number(number)
    const start = this.#at
    const word = this.#match(BARE_NAME)
    if (word !== undefined && WORDS.has(word)) return WORDS.get(word)
    throw this.#error(start >= this.#text.length ? 'it ends too early' : 'a value was expected here', start)
  }

  #object(depth: number): object {
    const object = {}
    const keys: string[] = []
    while (!this.#take('}')) {
      const start = this.#at
      const key = this.#key()
      if (Object.hasOwn(object, key)) throw this.#error('a name that this object already has', start)
      if (!this.#take(':')) throw this.#error('":" was expected here')
      const value = this.#value(depth)
      Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      keys.push(key)
      if (this.#take(',')) continue
      if (!this.#take('}')) throw this.#error('"," or "}" was expected here')
      break
    }
    this.#orders.set(object, keys)
    return object
  }

  #key(): string {
    const first = this.#text[this.#at]
    if (first === '"' || first === "'") return this.#string()
    const name = this.#match(BARE_NAME)
    if (name === undefined) throw this.#error('a name was expected here')
    return name
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = []
    while (!this.#take(']')) {
      array.push(this.#value(depth))
      if (this.#take(',')) continue
      if (!this.#take(']')) throw this.#error('"," or "]" was expected here')
      break
    }
    return array
  }

  #string(): string {
    const start = this.#at
    const quote = this.#text.charAt(this.#at++)
    let content = ''
    for (;;) {
      content += this.#match(PLAIN) ?? ''
      const next = this.#text.charAt(this.#at++)
      if (next === quote) return content
      if (next === '\\') content += this.#escape()
      else if (next === '"' || next === "'") content += next
      else throw this.#error('a text without end', start)
    }
  }

  #escape(): string {
    const letter = this.#text.charAt(this.#at++)
    if (letter === 'u') {
      const hex = this.#text.slice(this.#at, this.#at + 4)
      if (!/^[0-9A-Fa-f]{4}$/.test(hex)) throw this.#error('four hexadecimal digits were expected here')
      this.#at += 4
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const character = ESCAPES[letter]
    if (character === undefined) throw this.#error('an unknown escape', this.#at - 2)
    return character
  }
}
