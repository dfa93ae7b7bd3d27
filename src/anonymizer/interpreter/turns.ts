import type { Fault, Tree, TreeNode } from '../../fhir/tree.js'
import { evaluate } from '../../rules/evaluate/evaluate.js'
import { EvaluationError } from '../../rules/evaluate/evaluation-error.js'
import { isNode } from '../../rules/evaluate/item.js'
import { resourceScope, type Scope } from '../../rules/evaluate/scope.js'
import { fullInstant } from '../labels.js'
import { RECORD } from '../methods/leaf.js'
import type { CompiledRule, Program } from '../program.js'
import type { Claims } from './claims.js'
import { ElementIndex, stepFrom } from './element-index.js'
import { touch } from './node-changes.js'
import { currentValue } from './node-text.js'
import { isDropped } from './prune.js'
import { RuleFailure } from './rule-failure.js'

/** Takes the resources of a line in turn: applies the rules to a resource, then to the resources in it. */
export class Turns {
  /** Resources that get labels, with their records. */
  readonly labelled = new Map<TreeNode, number>()
  /** Resources that lose a property unknown to the FHIR version. */
  readonly #losers = new Set<TreeNode>()
  readonly #program: Program
  readonly #tree: Tree
  readonly #claims: Claims

  constructor(program: Program, tree: Tree, claims: Claims) {
    this.#program = program
    this.#tree = tree
    this.#claims = claims
    if (program.spec.unknownElements === 'drop')
      for (const fault of tree.faults) if (fault.code === 'UNKNOWN_ELEMENT') this.#drop(fault.node)
  }

  /**
   * Takes one resource's turn: its rules, then the resources in it, then its labels. Returns the records of all of
   * them.
   */
  resource(node: TreeNode): number {
    const claims = this.#claims
    const outer = claims.records
    claims.records = this.#losers.has(node) ? RECORD.REDACT : 0
    this.#turn(node)
    let records = claims.records
    for (const child of resourcesBelow(node)) records |= this.resource(child)
    this.label(node, records)
    claims.records = outer
    return records
  }

  /** Labels a resource with records, in addition to those it has. Contained resources have no labels. */
  label(node: TreeNode, records: number): void {
    if (records === 0 || node.name === 'contained') return
    this.labelled.set(node, (this.labelled.get(node) ?? 0) | records)
    touch(node)
    for (const child of node.body?.children ?? []) if (child.name === 'meta') completeInstants(child)
  }

  #turn(node: TreeNode): void {
    this.#claims.inTurn = node
    let scope: Scope | undefined
    let index: ElementIndex | undefined
    const rules = this.#program.rulesFor(node.type.name)
    for (const rule of rules) {
      const { form } = rule.path
      if (form.kind === 'resource') this.#claims.claim(rule, node)
      else if (form.kind === 'expression') {
        scope ??= this.#scopeOf(node)
        this.#claimSelected(rule, node, scope)
      } else {
        index ??= new ElementIndex(node, rules)
        const hits = (form.kind === 'byType' ? index.byType : index.byName).get(form.name) ?? []
        for (const hit of hits)
          if (form.step === undefined) this.#claims.claim(rule, hit)
          else for (const found of stepFrom(hit, form.step)) this.#claims.claim(rule, found)
      }
    }
  }

  #scopeOf(node: TreeNode): Scope {
    return resourceScope(node, this.#tree.root, {
      valueOf: (element) => currentValue(element, this.#tree.source),
      asOf: this.#program.spec.asOf,
    })
  }

  #claimSelected(rule: CompiledRule, node: TreeNode, scope: Scope): void {
    const { form } = rule.path
    if (form.kind !== 'expression') return
    try {
      for (const item of evaluate(form.expression, node, scope)) {
        if (!isNode(item)) throw new RuleFailure(rule, node, 'the path yields a value, not an element', false)
        this.#claims.claim(rule, item)
      }
    } catch (error) {
      if (error instanceof EvaluationError) throw new RuleFailure(rule, node, error.message, false)
      throw error
    }
  }

  /**
   * Marks the holder of an unknown property as changed. Such a property is never written, so its holder must not be
   * copied verbatim.
   */
  #drop(holder: TreeNode): void {
    touch(holder)
    if (holder.kind === 'empty') holder.replaced = null
    let resource = holder
    while (!resource.isResource && resource.parent !== undefined) resource = resource.parent
    this.#losers.add(resource)
  }

  /**
   * Returns the first structural fault outside the elements that rules removed. Unknown elements do not count if the
   * spec drops them.
   */
  decidingFault(): Fault | undefined {
    const { unknownElements } = this.#program.spec
    for (const fault of this.#tree.faults) {
      if (fault.code === 'UNKNOWN_ELEMENT' && unknownElements === 'drop') continue
      if (!isDropped(fault.node, this.#program)) return fault
    }
    return undefined
  }
}

/** Completes instants in meta that a rule cut to a year or a day. Labelling requires this (law 14.4). */
function completeInstants(node: TreeNode): void {
  if (!node.touched) return
  if (node.type.name === 'instant' && node.replaced) node.replaced = fullInstant(node.replaced)
  for (const child of node.body?.children ?? []) completeInstants(child)
}

/** Returns the resources directly inside a resource, in document order. */
function resourcesBelow(node: TreeNode, found: TreeNode[] = []): readonly TreeNode[] {
  if (node.body === undefined) return found
  for (const child of node.body.children) {
    if (child.detached) continue
    if (child.isResource && child.kind === 'object') found.push(child)
    else resourcesBelow(child, found)
  }
  return found
}
