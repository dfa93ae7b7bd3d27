/** First and last of some ordinals that follow each other. */
export type OrdinalRange = readonly [first: number, last: number]

const PAGE = 1024
const WORD = 32

/** Members among `PAGE` ordinals that follow each other, a bit for each. */
interface Page {
  readonly words: Uint32Array
  readonly count: number
}

/** All full pages are this one. */
const FULL: Page = { words: new Uint32Array(PAGE / WORD).fill(0xffffffff), count: PAGE }

/**
 * A set of ordinals. It takes a bit for each, and nearly none where they follow each other. No operation takes longer
 * because of gaps: types that are loaded one after the other leave one behind nearly every entry.
 */
export class Ordinals {
  readonly #pages = new Map<number, Page>()
  #count = 0

  static of(ranges: readonly OrdinalRange[]): Ordinals {
    const made = new Ordinals()
    for (const range of ranges) made.add(range)
    return made
  }

  get count(): number {
    return this.#count
  }

  /** The largest; -1 if there is none. */
  get last(): number {
    return this.ranges.at(-1)?.[1] ?? -1
  }

  get ranges(): readonly OrdinalRange[] {
    const ranges: [number, number][] = []
    for (const number of [...this.#pages.keys()].sort((a, b) => a - b)) {
      const start = number * PAGE
      for (const [first, last] of rangesIn(this.#pages.get(number) ?? FULL)) {
        const before = ranges.at(-1)
        if (before !== undefined && before[1] === start + first - 1) before[1] = start + last
        else ranges.push([start + first, start + last])
      }
    }
    return ranges
  }

  has(ordinal: number): boolean {
    const page = this.#pages.get(Math.floor(ordinal / PAGE))
    return page === FULL || (page !== undefined && hasBit(page, ordinal % PAGE))
  }

  add(range: OrdinalRange): void {
    for (const [number, first, last] of pagesOf(range)) {
      const page = this.#pages.get(number)
      if (page === FULL) continue
      const added = last - first + 1 - (page === undefined ? 0 : countIn(page, first, last))
      const count = (page?.count ?? 0) + added
      this.#count += added
      if (count === PAGE) {
        this.#pages.set(number, FULL)
        continue
      }
      const words = page?.words ?? new Uint32Array(PAGE / WORD)
      for (const [word, mask] of masksOf(first, last)) words[word] = (words[word] ?? 0) | mask
      this.#pages.set(number, { words, count })
    }
  }

  remove(range: OrdinalRange): void {
    for (const [number, first, last] of pagesOf(range)) {
      const page = this.#pages.get(number)
      const removed = page === undefined ? 0 : countIn(page, first, last)
      if (page === undefined || removed === 0) continue
      this.#count -= removed
      if (removed === page.count) {
        this.#pages.delete(number)
        continue
      }
      const words = page === FULL ? page.words.slice() : page.words
      for (const [word, mask] of masksOf(first, last)) words[word] = (words[word] ?? 0) & ~mask
      this.#pages.set(number, { words, count: page.count - removed })
    }
  }

  /** How many of a range are in it. */
  countIn(range: OrdinalRange): number {
    let count = 0
    if (this.#count === 0) return count
    for (const [number, first, last] of pagesOf(range)) {
      const page = this.#pages.get(number)
      if (page !== undefined) count += countIn(page, first, last)
    }
    return count
  }
}

/** The pages that a range lies in, and its part in each. */
function* pagesOf([first, last]: OrdinalRange): Generator<
  readonly [page: number, first: number, last: number]
> {
  for (let page = Math.floor(first / PAGE); page * PAGE <= last; page += 1) {
    const start = page * PAGE
    yield [page, Math.max(first - start, 0), Math.min(last - start, PAGE - 1)]
  }
}

/** The words of a page that a range in it lies in, and its bits in each. */
function* masksOf(first: number, last: number): Generator<readonly [word: number, mask: number]> {
  for (let word = Math.floor(first / WORD); word * WORD <= last; word += 1) {
    const from = Math.max(first - word * WORD, 0)
    const to = Math.min(last - word * WORD, WORD - 1)
    yield [word, (0xffffffff << from) & (0xffffffff >>> (WORD - 1 - to))]
  }
}

const hasBit = ({ words }: Page, at: number): boolean =>
  ((words[Math.floor(at / WORD)] ?? 0) & (1 << (at % WORD))) !== 0

function countIn(page: Page, first: number, last: number): number {
  if (page === FULL) return last - first + 1
  let count = 0
  for (const [word, mask] of masksOf(first, last)) count += bitCount((page.words[word] ?? 0) & mask)
  return count
}

function bitCount(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count += 1
  return count
}

function rangesIn(page: Page): readonly OrdinalRange[] {
  if (page === FULL) return [[0, PAGE - 1]]
  return rangesOf(Array.from({ length: PAGE }, (_, at) => at).filter((at) => hasBit(page, at)))
}

/** Makes ranges of ordinals in ascending order. */
export function rangesOf(ordinals: readonly number[]): OrdinalRange[] {
  const ranges: [number, number][] = []
  for (const ordinal of ordinals) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === ordinal - 1) last[1] = ordinal
    else ranges.push([ordinal, ordinal])
  }
  return ranges
}
