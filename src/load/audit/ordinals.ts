/** First and last of some ordinals that follow each other. */
export type OrdinalRange = readonly [first: number, last: number]

/** A set of ordinals. It takes memory by its gaps, not by its members. */
export class Ordinals {
  /** Sorted, with gaps between them. */
  #ranges: OrdinalRange[] = []
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
    return this.#ranges.at(-1)?.[1] ?? -1
  }

  get ranges(): readonly OrdinalRange[] {
    return this.#ranges
  }

  has(ordinal: number): boolean {
    const range = this.#ranges[this.#firstEndingFrom(ordinal)]
    return range !== undefined && range[0] <= ordinal
  }

  add([first, last]: OrdinalRange): void {
    // Those that touch it become one with it.
    const from = this.#firstEndingFrom(first - 1)
    let until = from
    let [start, end] = [first, last]
    for (let range = this.#ranges[until]; range !== undefined && range[0] <= last + 1; ) {
      start = Math.min(start, range[0])
      end = Math.max(end, range[1])
      this.#count -= range[1] - range[0] + 1
      until += 1
      range = this.#ranges[until]
    }
    this.#ranges.splice(from, until - from, [start, end])
    this.#count += end - start + 1
  }

  remove([first, last]: OrdinalRange): void {
    const from = this.#firstEndingFrom(first)
    const kept: OrdinalRange[] = []
    let until = from
    for (let range = this.#ranges[until]; range !== undefined && range[0] <= last; ) {
      if (range[0] < first) kept.push([range[0], first - 1])
      if (range[1] > last) kept.push([last + 1, range[1]])
      this.#count -= range[1] - range[0] + 1
      until += 1
      range = this.#ranges[until]
    }
    for (const [start, end] of kept) this.#count += end - start + 1
    this.#ranges.splice(from, until - from, ...kept)
  }

  /** How many of a range are in it. */
  countIn([first, last]: OrdinalRange): number {
    let count = 0
    for (let at = this.#firstEndingFrom(first); ; at += 1) {
      const range = this.#ranges[at]
      if (range === undefined || range[0] > last) return count
      count += Math.min(range[1], last) - Math.max(range[0], first) + 1
    }
  }

  /** Index of the first range that ends at or after an ordinal. */
  #firstEndingFrom(ordinal: number): number {
    let [low, high] = [0, this.#ranges.length]
    // Ordinals come nearly in order: most of the time, the place is at the end.
    if (this.last < ordinal) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ranges[middle] as OrdinalRange)[1] < ordinal) low = middle + 1
      else high = middle
    }
    return low
  }
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
