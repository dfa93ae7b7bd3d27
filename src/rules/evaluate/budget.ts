import { fail } from './evaluation-error.js'

/** Steps allowed on any resource, however small: far more than honest rules need. */
const BASE_STEPS = 250_000
const STEPS_PER_BYTE = 4
/** Number of characters read or written that count as one step. */
const CHARACTERS_PER_STEP = 8

/**
 * The steps that one evaluation may take. Each evaluated part of an expression is a step, and so is each item that is
 * examined or passed on, and each run of a few characters of a text. The same evaluation always takes the same number of
 * steps, so a line that fails does so on every machine. Items and texts are charged before they are made, so the limit
 * bounds memory as well.
 */
export class Budget {
  readonly #max: number
  #left: number

  /** `bytes` is the size of the resource or value that the expression is evaluated on. */
  constructor(bytes: number) {
    this.#max = BASE_STEPS + STEPS_PER_BYTE * bytes
    this.#left = this.#max
  }

  get taken(): number {
    return this.#max - this.#left
  }

  /** Throws EvaluationError if no steps are left. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) fail(`it takes more than ${this.#max} steps`)
  }

  spendText(characters: number): void {
    this.spend(1 + Math.trunc(characters / CHARACTERS_PER_STEP))
  }
}
