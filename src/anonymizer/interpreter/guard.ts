import { parseTree } from '../../fhir/parse-tree.js'
import { JsonError } from '../../json/scanner.js'
import { evaluate } from '../../rules/evaluate/evaluate.js'
import { EvaluationError } from '../../rules/evaluate/evaluation-error.js'
import { resourceScope } from '../../rules/evaluate/scope.js'
import { rootMembers } from '../../rules/path/root-members.js'
import type { CompiledRule, Program } from '../program.js'
import { currentValue } from './node-text.js'

/**
 * Checks whether the rules that need the interpreter select anything in a resource. If they do not, and no rule
 * before them changes anything, the resource is anonymized as if they did not exist. Only the elements that they may
 * examine are parsed.
 */
export class Guard {
  readonly #members: ReadonlySet<string> | undefined

  readonly #program: Program
  readonly #rules: readonly CompiledRule[]

  constructor(program: Program, rules: readonly CompiledRule[]) {
    this.#program = program
    this.#rules = rules
    const members = new Set<string>()
    let isKnown = true
    for (const { path } of rules) {
      const names = path.form.kind === 'expression' ? rootMembers(path.form.expression) : undefined
      if (names === undefined) isKnown = false
      else for (const name of names) members.add(name)
    }
    this.#members = isKnown ? members : undefined
  }

  /**
   * Whether the rules select nothing. Also false if the line `source[start, end)` is not acceptable or a rule fails
   * on it.
   */
  isIdle(source: Buffer, start: number, end: number): boolean {
    try {
      const tree = parseTree(this.#program.elements, source, start, end, this.#members)
      if (tree === undefined || tree.faults.length > 0) return false
      const { root } = tree
      const scope = resourceScope(root, root, {
        valueOf: (element) => currentValue(element, source),
        asOf: this.#program.spec.asOf,
      })
      return this.#rules.every(
        ({ path: { form } }) =>
          form.kind === 'expression' && evaluate(form.expression, root, scope).length === 0,
      )
    } catch (error) {
      if (error instanceof JsonError || error instanceof EvaluationError) return false
      throw error
    }
  }
}
