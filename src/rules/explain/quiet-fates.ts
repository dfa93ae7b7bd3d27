import { isPrimitive } from '../../fhir/elements.js'
import type { ElementFate, ElementFates } from './element-fates.js'
import { outcomesOf } from './outcomes.js'
import type { Result } from './result.js'

/** Finds elements in which nothing has a result that matters, so that a survey may pass them over. */
export class QuietFates {
  readonly #fates: ElementFates
  readonly #matters: (result: Result) => boolean
  readonly #known = new Map<ElementFate, boolean>()

  constructor(fates: ElementFates, matters: (result: Result) => boolean) {
    this.#fates = fates
    this.#matters = matters
  }

  /** Whether no value at any depth below an element matters; child resources do not count. */
  isQuiet(fate: ElementFate): boolean {
    const known = this.#known.get(fate)
    if (known !== undefined) return known
    const seen = new Set<ElementFate>()
    const isQuiet = this.#visit(fate, seen)
    // A proof covers all that was visited; what a refutation covers is recorded on the way up.
    if (isQuiet) for (const met of seen) this.#known.set(met, true)
    return isQuiet
  }

  #visit(fate: ElementFate, seen: Set<ElementFate>): boolean {
    const known = this.#known.get(fate)
    if (known !== undefined || seen.has(fate)) return known ?? true
    seen.add(fate)
    for (const member of fate.type.members.values()) {
      if (member.type.isResource) continue
      const child = this.#fates.child(fate, member)
      const isLoud =
        isPrimitive(member.type) &&
        outcomesOf(child, this.#fates.leafFacts(fate.type, member)).some(({ result }) =>
          this.#matters(result),
        )
      if (isLoud || !this.#visit(child, seen)) {
        this.#known.set(fate, false)
        return false
      }
    }
    return true
  }
}
