import type { TreeNode } from '../../fhir/tree.js'
import type { CompiledRule } from '../program.js'

/** A rule that failed on a value: the line is rejected, or with `processingErrors: skip` its resource emptied. */
export class RuleFailure extends Error {
  constructor(
    readonly rule: CompiledRule,
    readonly node: TreeNode,
    reason: string,
    /** Whether `processingErrors: skip` covers it. */
    readonly skippable: boolean,
  ) {
    super(reason)
    this.name = 'RuleFailure'
  }
}
