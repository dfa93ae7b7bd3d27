import type { ElementTree } from '../../fhir/elements.js'
import { parseElement } from '../../fhir/parse-tree.js'
import { JsonError } from '../../json/scanner.js'
import type { Criterion } from '../../rules/automaton/predicates/predicate.js'
import { isTrue } from '../../rules/evaluate/evaluate.js'
import { EvaluationError } from '../../rules/evaluate/evaluation-error.js'
import { resourceScope } from '../../rules/evaluate/scope.js'
import { currentValue } from '../interpreter/node-text.js'

/** What `assembly/predicates.ts` understands. */
const VERDICT = { FALSE: 0, TRUE: 1, UNSURE: 2, EMPTY: 3 } as const

/** Decides the criteria that bytes do not decide: parses the element, and no more, and has the evaluator decide. */
export class Criteria {
  readonly #elements: ElementTree
  readonly #asOf: string
  readonly #criteria: Criterion[] = []

  constructor(elements: ElementTree, asOf: string) {
    this.#elements = elements
    this.#asOf = asOf
  }

  /** Returns the number by which the module asks for a criterion. */
  numberOf(criterion: Criterion): number {
    const known = this.#criteria.indexOf(criterion)
    return known < 0 ? this.#criteria.push(criterion) - 1 : known
  }

  /** Decides on the element at `at`; unsure if it is not as FHIR has it, or the criterion fails. */
  verdict(number: number, source: Buffer, at: number, end: number): number {
    const criterion = this.#criteria[number]
    if (criterion === undefined) return VERDICT.UNSURE
    try {
      const node = parseElement(this.#elements, source, { at, end }, criterion.type)
      if (node === undefined) return VERDICT.UNSURE
      const scope = resourceScope(node, node, {
        valueOf: (element) => currentValue(element, source),
        asOf: this.#asOf,
      })
      const truth = isTrue(criterion.expression, node, scope)
      if (truth === undefined) return VERDICT.EMPTY
      return truth ? VERDICT.TRUE : VERDICT.FALSE
    } catch (error) {
      if (error instanceof JsonError || error instanceof EvaluationError) return VERDICT.UNSURE
      throw error
    }
  }
}
