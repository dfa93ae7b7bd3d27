import type { TreeNode } from '../../fhir/tree.js'
import type { CompiledRule } from '../program.js'

/**
 * Thrown if a rule fails on a value: the line is rejected or, with `processingErrors: skip`, its resource is emptied.
 */
export class RuleFailure extends Error {
  constructor(
    readonly rule: CompiledRule,
    readonly node: TreeNode,
    reason: string,
    /** Whether `processingErrors: skip` covers this failure. */
    readonly skippable: boolean,
  ) {
    super(reason)
    this.name = 'RuleFailure'
  }
}
