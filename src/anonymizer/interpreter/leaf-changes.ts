import { isPrimitive } from '../../fhir/elements.js'
import { patientIdOf } from '../../fhir/patient-compartment.js'
import type { Tree, TreeNode } from '../../fhir/tree.js'
import { isFailure, isReferenceElement, type LeafChange, type LeafPlace } from '../methods/leaf.js'
import { prefixSource } from '../methods/shift-prefix.js'
import type { Parameters } from '../parameters.js'
import type { CompiledRule } from '../program.js'
import type { LineContext } from '../spec.js'
import { replace } from './node-changes.js'
import { currentText, sourceText } from './node-text.js'
import { RuleFailure } from './rule-failure.js'

/** The context of a line with its start in the buffer. */
export type InterpretedLine = LineContext & { readonly lineStart: number }

/** Runs methods on the values of one line. */
export class LeafChanges {
  readonly #tree: Tree
  readonly #context: InterpretedLine
  readonly #parameters: Parameters

  constructor(tree: Tree, context: InterpretedLine, parameters: Parameters) {
    this.#tree = tree
    this.#context = context
    this.#parameters = parameters
  }

  /**
   * Runs the method on a primitive's value and returns its record. An empty value has no record, but redact removes
   * it anyway.
   */
  change(rule: CompiledRule, node: TreeNode): number {
    const text = isPrimitive(node.type) ? sourceText(node, this.#tree.source) : undefined
    if (text === undefined || text === '') {
      if (rule.method.takesAway) replace(node, null)
      return 0
    }
    const change = this.outcome(rule, node, text)
    if (change.json !== undefined) replace(node, change.json)
    return change.record
  }

  /** Returns the method's result for a value. Throws RuleFailure. */
  outcome(rule: CompiledRule, node: TreeNode, text: string): LeafChange {
    const parent = node.parent as TreeNode
    const outcome = rule.change(
      {
        name: node.name,
        type: node.type.name,
        parentType: parent.type.name,
        kind: node.kind as 'string' | 'number' | 'boolean',
        text,
        isReferenceValue:
          rule.rule.goesFirst === true ||
          isReferenceElement({ name: node.name, parentType: parent.type.name }),
      },
      this.#place(node),
    )
    if (isFailure(outcome)) throw new RuleFailure(rule, node, outcome.failed, outcome.skippable)
    return outcome
  }

  #place(node: TreeNode): LeafPlace {
    const { item, record, baseOffset, lineStart } = this.#context
    return { item, record, offset: baseOffset + node.start - lineStart, prefix: () => this.#prefix(node) }
  }

  #prefix(node: TreeNode): string {
    const { dateShiftScope } = this.#parameters
    const { dateShiftPrefix } = this.#context
    switch (prefixSource(dateShiftScope, dateShiftPrefix)) {
      case 'patient':
        return this.#patientOf(node)
      case 'item':
        return dateShiftPrefix
      case 'root':
        return this.#rootId()
    }
  }

  #patientOf(node: TreeNode): string {
    let resource = node
    while (resource.parent !== undefined && (!resource.isResource || resource.name === 'contained'))
      resource = resource.parent
    return patientIdOf(resource.type.name, this.#tree.source, resource.start, resource.end)
  }

  /** Returns the root's id as the rules so far have left it. */
  #rootId(): string {
    const { source, root } = this.#tree
    const id = root.body?.children.find((child) => child.name === 'id')
    return (id && currentText(id, source)) ?? ''
  }
}
