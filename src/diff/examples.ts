import type { ComparedLeaf } from './compare.js'
import type { Outcome } from './outcome.js'
import { type ValueTexts, valueTexts } from './value-text.js'

/** One pair of resources as a table. */
export interface Example {
  readonly item: string
  readonly line: number
  readonly type: string
  readonly rows: readonly ExampleRow[]
  /** Rows that are left out. */
  readonly moreCount: number
}

export interface ExampleRow extends ValueTexts {
  readonly place: string
  readonly outcome: Outcome
}

export interface ExampleOptions {
  /** Undefined: one of each type. */
  readonly limit: number | undefined
  readonly showValues: boolean
}

const MAX_ROWS = 200
const MAX_TYPES = 40
/** Of each type, until it is known how many types there are. */
const MAX_OF_A_TYPE = 50

/** The first pairs of each type, as many as can be asked for: a bounded number however long the input is. */
export class Examples {
  readonly #byType = new Map<string, Example[]>()

  readonly #options: ExampleOptions

  constructor(options: ExampleOptions) {
    this.#options = options
  }

  /** Whether a pair of this type would be kept. */
  wants(type: string): boolean {
    const { limit } = this.#options
    const kept = this.#byType.get(type)
    if (kept === undefined) return limit !== 0 && this.#byType.size < MAX_TYPES
    return kept.length < Math.min(limit ?? 1, MAX_OF_A_TYPE)
  }

  /** Keeps a pair, whose values are then told one by one. */
  add(pair: Pick<Example, 'item' | 'line' | 'type'>): (leaf: ComparedLeaf) => void {
    const example = { ...pair, rows: [] as ExampleRow[], moreCount: 0 }
    const kept = this.#byType.get(pair.type) ?? []
    kept.push(example)
    this.#byType.set(pair.type, kept)
    return (leaf) => {
      if (example.rows.length === MAX_ROWS) {
        example.moreCount += 1
        return
      }
      const { place, outcome } = leaf
      example.rows.push({ place, outcome, ...valueTexts(leaf, leaf, this.#options.showValues) })
    }
  }

  /** Patients first; one of each type before a second of any. */
  chosen(): readonly Example[] {
    const lists = [...this.#byType].sort(([a], [b]) => Number(b === 'Patient') - Number(a === 'Patient'))
    const inTurn: Example[] = []
    for (let round = 0; round < MAX_OF_A_TYPE; round += 1)
      for (const [, list] of lists) inTurn.push(...list.slice(round, round + 1))
    return inTurn.slice(0, this.#options.limit ?? MAX_TYPES)
  }
}
