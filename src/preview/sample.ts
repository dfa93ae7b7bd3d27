/** A line that may be shown. */
export interface SampledLine {
  readonly item: string
  /** From 1, blank lines counted. */
  readonly line: number
  /** Where it begins in the item, in bytes. */
  readonly offset: number
  readonly bytes: Buffer
}

interface Scored extends SampledLine {
  readonly score: number
}

/**
 * Chooses lines of each type by a score that item, line number and seed decide: the same lines of the same input every
 * time, and each line as likely as any other. Holds as many lines of each type as are asked for.
 */
export class Sample {
  readonly #byType = new Map<string, { seen: number; readonly chosen: Scored[] }>()
  readonly #linesOfAType: number
  readonly #seed: number

  constructor({ linesOfAType, seed }: { readonly linesOfAType: number; readonly seed: number }) {
    this.#linesOfAType = linesOfAType
    this.#seed = seed
  }

  /** Copies the bytes of a line that it keeps. */
  add(type: string, { bytes, ...line }: SampledLine): void {
    const entry = this.#byType.get(type) ?? { seen: 0, chosen: [] }
    this.#byType.set(type, entry)
    entry.seen += 1
    const { chosen } = entry
    const score = scoreOf(line.item, line.line, this.#seed)
    const isFull = chosen.length === this.#linesOfAType
    if (isFull && score >= (chosen.at(-1)?.score ?? 0)) return
    if (isFull) chosen.pop()
    const at = chosen.findIndex((other) => other.score > score)
    chosen.splice(at < 0 ? chosen.length : at, 0, { ...line, bytes: Buffer.from(bytes), score })
  }

  /** Types by name, Patient first; the lines of each in the order of the input. */
  types(): readonly {
    readonly type: string
    readonly seen: number
    readonly chosen: readonly SampledLine[]
  }[] {
    return [...this.#byType]
      .sort(([a], [b]) => Number(b === 'Patient') - Number(a === 'Patient') || (a < b ? -1 : 1))
      .map(([type, { seen, chosen }]) => ({ type, seen, chosen: [...chosen].sort(byPlace) }))
  }
}

const byPlace = (a: SampledLine, b: SampledLine): number =>
  a.item === b.item ? a.line - b.line : a.item < b.item ? -1 : 1

/** FNV-1a over the item's name, then the finalizer of MurmurHash3, so that neighbouring lines have unlike scores. */
function scoreOf(item: string, line: number, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let at = 0; at < item.length; at += 1) hash = Math.imul(hash ^ item.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ line, 0x01000193) ^ Math.floor(line / 2 ** 32)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
