import type { CodeVerdicts } from '../../fhir/codes/code-verdicts.js'
import { stringText } from '../../json/scanner.js'
import { type AnonymizerCounts, countRemovedCodes } from '../counts.js'
import { CODE_CACHE_BYTES, CODE_COUNTER_BYTES, SETTINGS, VERDICT } from './layout.js'
import type { WalkMap } from './walk-memory.js'

/** The range of a text in the module's memory, without its quotes; 0 if it is absent. */
type Range = readonly [from: number, to: number]

/** Judges codes for the module (`assembly/codes.ts`), and counts those that go. */
export class CodeAnswers {
  readonly #verdicts: CodeVerdicts
  readonly #memory: WalkMap
  readonly #countersAt: number
  /** The names under which codes are counted, in the order of their counters. */
  readonly #names: string[] = []
  /** The elements by whose definition codes are judged, in the order of their numbers, which begin at 1. */
  readonly #elements: string[] = []

  /** Writes the settings at an address. */
  constructor(verdicts: CodeVerdicts, memory: WalkMap, settingsAt: number) {
    this.#verdicts = verdicts
    this.#memory = memory
    this.#countersAt = memory.allocate(CODE_COUNTER_BYTES * 2)
    const { view } = memory
    view.setUint32(settingsAt + SETTINGS.CODE_COUNTERS, this.#countersAt, true)
    view.setUint32(settingsAt + SETTINGS.CODE_CACHE, memory.allocate(CODE_CACHE_BYTES), true)
  }

  /** Returns the number by which the module asks for an element. */
  numberOf(element: string): number {
    const known = this.#elements.indexOf(element)
    return known < 0 ? this.#elements.push(element) : known + 1
  }

  /** Returns whether a pair or, if `elementNumber` is not 0, the code of an element stays, or the counter of what goes. */
  verdict(elementNumber: number, systemAt: Range, codeAt: Range): number {
    const system = this.#text(systemAt)
    const code = this.#text(codeAt)
    const element = this.#elements[elementNumber - 1]
    if (element === undefined)
      return this.#verdicts.pair(system, code)
        ? VERDICT.STAYS
        : this.#counter(this.#verdicts.countedAs(system))
    return this.#verdicts.code(element, code ?? '') ? VERDICT.STAYS : this.#counter(element)
  }

  /** Adds the module's counts, and sets them back to 0. */
  count(counts: AnonymizerCounts): void {
    const { view } = this.#memory
    this.#names.forEach((name, k) => {
      const at = this.#countersAt + k * 4
      const count = view.getUint32(at, true)
      if (count > 0) countRemovedCodes(counts, name, count)
      view.setUint32(at, 0, true)
    })
  }

  #text([from, to]: Range): string | undefined {
    return from === 0 ? undefined : stringText(this.#memory.bytes, from - 1, to + 1)
  }

  /** Returns the address of a name's counter. With more names than counters the interpreter counts. */
  #counter(name: string): number {
    const known = this.#names.indexOf(name)
    if (known < 0 && this.#names.length * 4 >= CODE_COUNTER_BYTES) return VERDICT.LEAVES
    return this.#countersAt + (known < 0 ? this.#names.push(name) - 1 : known) * 4
  }
}
