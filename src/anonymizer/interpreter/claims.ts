import { isPrimitive, isQuantity } from '../../fhir/elements.js'
import type { TreeNode } from '../../fhir/tree.js'
import type { AnonymizerCounts } from '../counts.js'
import { countElement } from '../counts.js'
import { RECORD } from '../methods/leaf.js'
import type { CompiledRule, Program } from '../program.js'
import type { LeafChanges } from './leaf-changes.js'
import { claimBelow, detach, replace } from './node-changes.js'
import { RuleFailure } from './rule-failure.js'
import { complexTemplate, substituteComplex, substitutePrimitive, TemplateError } from './template-merge.js'

/**
 * Applies rules to the elements that they claim, by the reach of their methods. The first rule to claim an element
 * owns it with its contents. Child resources have turns of their own.
 */
export class Claims {
  /** Bits of RECORD for the changes made since this was last set to 0. */
  records = 0
  /** The resource whose rules are being applied. */
  inTurn: TreeNode | undefined
  readonly #program: Program
  readonly #leaves: LeafChanges
  readonly #counts: AnonymizerCounts

  constructor(program: Program, leaves: LeafChanges, counts: AnonymizerCounts) {
    this.#program = program
    this.#leaves = leaves
    this.#counts = counts
  }

  /** Claims an element for a rule, and counts it, unless an earlier rule owns it. */
  claim(rule: CompiledRule, node: TreeNode): void {
    if (node.claimedBy !== 0) {
      this.#takeExtensionsLeft(rule, node)
      return
    }
    countElement(this.#counts, rule.number)
    this.#take(rule, node)
  }

  #take(rule: CompiledRule, node: TreeNode): void {
    if (node.claimedBy !== 0) {
      this.#takeExtensionsLeft(rule, node)
      return
    }
    const { reach, takesAway } = rule.method
    if (reach === 'element') {
      this.#remove(rule, node)
      return
    }
    this.records |= this.#apply(rule, node)
    if (node.isFaulty && takesAway) this.records |= RECORD.REDACT
    node.claimedBy = rule.number
    if (node.body === undefined) return
    const leavesExtensions = reach === 'primitive' && isPrimitive(node.type)
    for (const child of node.body.children) {
      if (child.isResource || child.detached) continue
      if (!leavesExtensions) this.#take(rule, child)
      else if (child.type.name !== 'Extension') this.#generalizeId(rule, child)
    }
  }

  /** Removes the element with its contents, including child resources and elements that earlier rules kept. */
  #remove(rule: CompiledRule, node: TreeNode): void {
    if (node === this.inTurn)
      throw new RuleFailure(rule, node, `${rule.method.name} takes parts of a resource only`, false)
    node.claimedBy = rule.number
    claimBelow(node, rule.number)
    if (node.isReal) this.records |= RECORD.REDACT
    if (isPrimitive(node.type)) node.replaced = null
    detach(node)
  }

  /**
   * Generalizes an element's id like its value, as the original does. Cases not written for ids must not cause a
   * rejection.
   */
  #generalizeId(rule: CompiledRule, id: TreeNode): void {
    try {
      this.#take(rule, id)
    } catch (error) {
      if (!(error instanceof RuleFailure)) throw error
      id.claimedBy = rule.number
      replace(id, null)
    }
  }

  /**
   * Claims extensions that generalize left, because it covers only the value: a later rule that reaches the element
   * takes them.
   */
  #takeExtensionsLeft(rule: CompiledRule, node: TreeNode): void {
    if (node.body === undefined || !isPrimitive(node.type)) return
    if (this.#program.methodAt(node.claimedBy)?.reach !== 'primitive') return
    const { reach } = rule.method
    if (reach === 'primitive') return
    for (const child of node.body.children) {
      if (child.claimedBy !== 0 || child.detached || child.type.name !== 'Extension') continue
      if (reach === 'replacement') detach(child)
      else this.#take(rule, child)
    }
  }

  #apply(rule: CompiledRule, node: TreeNode): number {
    const { reach, name } = rule.method
    if (reach === 'number') return this.#number(rule, node)
    if (reach === 'replacement') return this.#replacement(rule, node)
    if (!isPrimitive(node.type) && node.kind === 'object') {
      if (reach === 'primitive') throw new RuleFailure(rule, node, `${name} meets a complex element`, false)
      return 0
    }
    return this.#leaves.change(rule, node)
  }

  /** Changes the number that is the element itself or, in a quantity, its value. */
  #number(rule: CompiledRule, node: TreeNode): number {
    const target = rule.method.changesOnly?.types.has(node.type.name)
      ? node
      : isQuantity(node.type)
        ? node.body?.children.find((child) => child.name === 'value' && child.isReal)
        : undefined
    if (target === undefined || target.claimedBy !== 0) return 0
    const records = this.#leaves.change(rule, target)
    if (records !== 0) claimBelow(node, rule.number)
    return records
  }

  #replacement(rule: CompiledRule, node: TreeNode): number {
    if (!node.isReal || node.kind === 'fault') return 0
    if (isPrimitive(node.type)) {
      const { json, record } = this.#leaves.outcome(rule, node, '')
      substitutePrimitive(node, json ?? null, rule.number)
      return record
    }
    try {
      substituteComplex(node, complexTemplate(rule.method.templateOf?.(rule.rule)), rule.number)
    } catch (error) {
      if (error instanceof TemplateError) throw new RuleFailure(rule, node, error.message, false)
      throw error
    }
    return RECORD.SUBSTITUTE
  }
}
