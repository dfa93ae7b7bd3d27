/**
 * Estimates how often a backtracking matcher tries at worst, by the length of the text: the product of the choices of
 * all quantifiers and alternatives. Infinite if a repeated group has choices itself, as in `(a+)+`.
 */
export function backtracking(source: string): (length: number) => number {
  const reader = new CostReader(source)
  const { unbounded, factor, weight } = reader.read()
  return (length) => factor * weight * (length + 1) ** (unbounded + 1)
}

interface Choices {
  /** Number of unbounded quantifiers. */
  readonly unbounded: number
  /** Choices of the bounded ones. */
  readonly factor: number
  /** Factor by which repetition lengthens the attempts. */
  readonly weight: number
}

const NO_CHOICE: Choices = { unbounded: 0, factor: 1, weight: 1 }

const TOKEN = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\((?:\?(?:<[^>=!]+>|<?[=!:]|:))?|[)|]|[\s\S]/g
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/

class CostReader {
  #at = 0

  readonly #source: string

  constructor(source: string) {
    this.#source = source
  }

  /** Counts the choices up to the end of a group. */
  read(): Choices {
    let unbounded = 0
    let factor = 1
    let weight = 1
    let branches = 1
    for (let token = this.#next(); token !== undefined && token !== ')'; token = this.#next()) {
      if (token === '|') branches++
      const inner = token.startsWith('(') ? this.read() : NO_CHOICE
      const outer = this.#quantifier()
      const leavesChoices = inner.unbounded > 0 || inner.factor > 1
      if (outer !== undefined && outer.max > 1 && leavesChoices) factor = Number.POSITIVE_INFINITY
      unbounded += inner.unbounded + (outer?.max === Number.POSITIVE_INFINITY ? 1 : 0)
      factor *= inner.factor * (outer === undefined ? 1 : boundedChoices(outer))
      weight *= inner.weight * Math.max(1, outer?.min ?? 1)
    }
    return { unbounded, factor: factor * branches, weight }
  }

  #next(): string | undefined {
    TOKEN.lastIndex = this.#at
    const token = TOKEN.exec(this.#source)?.[0]
    this.#at += token?.length ?? 0
    return token
  }

  #quantifier(): { readonly min: number; readonly max: number } | undefined {
    const found = QUANTIFIER.exec(this.#source.slice(this.#at, this.#at + 24))
    if (found === null) return undefined
    this.#at += found[0].length
    const [text, low, comma, high] = found
    if (low === undefined)
      return { min: text.startsWith('+') ? 1 : 0, max: text.startsWith('?') ? 1 : Number.POSITIVE_INFINITY }
    if (comma === undefined) return { min: Number(low), max: Number(low) }
    return {
      min: Number(low),
      max: high === '' || high === undefined ? Number.POSITIVE_INFINITY : Number(high),
    }
  }
}

const boundedChoices = ({ min, max }: { readonly min: number; readonly max: number }): number =>
  max === Number.POSITIVE_INFINITY ? 1 : max - min + 1
