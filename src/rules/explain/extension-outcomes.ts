import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import type { ElementFate, ElementFates } from './element-fates.js'
import { type Outcome, outcomesOf } from './outcomes.js'
import { isKept } from './result.js'

/** What may become of several values. */
export interface Folded {
  readonly outcomes: readonly Outcome[]
  /** Whether the outcomes of different values differ. */
  readonly isMixed: boolean
  /** Of extensions: the kinds of values in them that may stay as they are. */
  readonly kept: readonly KeptInside[]
}

/** A value at any depth in an extension. */
export interface KeptInside {
  readonly owner: ElementType
  readonly member: Member
  readonly outcomes: readonly Outcome[]
}

/** What may become of the values in extensions, folded: their number has no bound. */
export class ExtensionOutcomes {
  readonly #fates: ElementFates
  readonly #known = new Map<ElementFate, Folded>()

  constructor(fates: ElementFates) {
    this.#fates = fates
  }

  /** Returns what may become of the values in an extension, at any depth. */
  of(extension: ElementFate): Folded {
    const known = this.#known.get(extension)
    if (known !== undefined) return known
    const lists = new Map<string, readonly Outcome[]>()
    const kept: KeptInside[] = []
    const seen = new Set<ElementFate>()
    const visit = (fate: ElementFate): void => {
      if (seen.has(fate)) return
      seen.add(fate)
      for (const member of fate.type.members.values()) {
        const child = this.#fates.child(fate, member)
        if (isPrimitive(member.type)) {
          const outcomes = outcomesOf(child, this.#fates.leafFacts(fate.type, member))
          lists.set(keyOf(outcomes), outcomes)
          if (outcomes.some(({ result }) => isKept(result))) kept.push({ owner: fate.type, member, outcomes })
        }
        visit(child)
      }
    }
    visit(extension)
    const folded = { outcomes: united([...lists.values()]), isMixed: lists.size > 1, kept }
    this.#known.set(extension, folded)
    return folded
  }

  /**
   * Returns the id and the extensions of a primitive, if values in them may stay as they are under a rule that does not
   * keep the primitive's value, or if a rule fails on them alone.
   */
  siblingsLeft(
    primitive: ElementFate,
    ofValue: readonly Outcome[],
  ): readonly (Folded & { readonly member: Member })[] {
    const isLeft = ({ rule, result }: Outcome): boolean =>
      (isKept(result) || result === 'rejected') &&
      !ofValue.some((own) => own.rule === rule && isKept(own.result) === isKept(result))
    return this.siblings(primitive).filter(({ outcomes }) => outcomes.some(isLeft))
  }

  /** Returns the id and the extensions of a primitive. */
  siblings(primitive: ElementFate): readonly (Folded & { readonly member: Member })[] {
    return [...primitive.type.members.values()].map((member) => ({
      member,
      ...this.#sibling(primitive, member),
    }))
  }

  #sibling(primitive: ElementFate, member: Member): Folded {
    const fate = this.#fates.child(primitive, member)
    if (member.type.name === 'Extension') return this.of(fate)
    return {
      outcomes: outcomesOf(fate, this.#fates.leafFacts(primitive.type, member)),
      isMixed: false,
      kept: [],
    }
  }
}

const keyOf = (outcomes: readonly Outcome[]): string =>
  outcomes.map(({ rule, result, isSure }) => `${rule?.number ?? 0} ${result} ${isSure}`).join()

/** Returns all outcomes of several lists, each once. */
function united(lists: readonly (readonly Outcome[])[]): readonly Outcome[] {
  const [first] = lists
  if (first !== undefined && lists.length === 1) return first
  const byKey = new Map(lists.flat().map((outcome) => [keyOf([{ ...outcome, isSure: true }]), outcome]))
  return [...byKey.values()]
}
