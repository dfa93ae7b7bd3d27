import { fail } from './evaluation-error.js'

/** What an expression may take on any resource, however small: far more than honest rules need. */
const BASE_STEPS = 250_000
const STEPS_PER_BYTE = 4
/** Reading or writing that many characters of a text is one step. */
const CHARACTERS_PER_STEP = 8

/**
 * The steps that one evaluation may take. Each part of an expression that is evaluated is a step, and so is each item
 * that is looked at or handed on, and each few characters of a text. The same evaluation always takes the same number
 * of steps, so a line that fails fails on every machine; as items and texts are paid for before they are made, the
 * limit bounds memory as well.
 */
export class Budget {
  readonly #max: number
  #left: number

  /** `bytes`: how large the resource or value is that the expression looks at. */
  constructor(bytes: number) {
    this.#max = BASE_STEPS + STEPS_PER_BYTE * bytes
    this.#left = this.#max
  }

  get taken(): number {
    return this.#max - this.#left
  }

  /** Throws EvaluationError where no step is left. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) fail(`it takes more than ${this.#max} steps`)
  }

  spendText(characters: number): void {
    this.spend(1 + characters / CHARACTERS_PER_STEP)
  }
}
