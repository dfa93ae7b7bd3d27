import { isPrimitive, isQuantity } from '../../fhir/elements.js'
import { parseTree } from '../../fhir/parse-tree.js'
import { patientIdOf } from '../../fhir/patient-compartment.js'
import { type Fault, pathOf, type Tree, type TreeNode } from '../../fhir/tree.js'
import { JsonError } from '../../json/scanner.js'
import { evaluate } from '../../rules/evaluate/evaluate.js'
import { EvaluationError } from '../../rules/evaluate/evaluation-error.js'
import { isNode } from '../../rules/evaluate/item.js'
import { resourceScope, type Scope } from '../../rules/evaluate/scope.js'
import type { AnonymizerCounts } from '../counts.js'
import { fullInstant, metaWithLabels } from '../labels.js'
import { isFailure, isReferenceElement, type LeafChange, type LeafPlace, RECORD } from '../methods/leaf.js'
import type { Output } from '../output.js'
import type { CompiledRule, Program } from '../program.js'
import type { LineContext, Rejection } from '../spec.js'
import { ElementIndex, stepFrom } from './element-index.js'
import { currentText, currentValue, sourceText } from './node-text.js'
import { dropEmpty, isDropped, prune, touch } from './prune.js'
import {
  claimBelow,
  complexTemplate,
  substituteComplex,
  substitutePrimitive,
  TemplateError,
} from './template-merge.js'
import { TreeWriter } from './tree-writer.js'

/** A rule that failed on a value: a bad line, or with `skip` an emptied resource. */
class RuleFailure {
  constructor(
    readonly rule: CompiledRule,
    readonly node: TreeNode,
    readonly reason: string,
    readonly skippable: boolean,
  ) {}
}

/**
 * Anonymizes one line step by step as the law says (law 3, 13, 14). The transducer is held to its results. `source[start, end)` is valid UTF-8.
 */
export function interpretLine(
  program: Program,
  source: Buffer,
  range: { readonly start: number; readonly end: number },
  context: LineContext,
  target: { readonly out: Output; readonly counts: AnonymizerCounts },
): Rejection | undefined {
  const { out, counts } = target
  let tree: Tree | undefined
  try {
    tree = parseTree(program.elements, source, range.start, range.end)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return { code: error.code, offset: error.offset - range.start, message: error.message }
  }
  if (tree === undefined) return { code: 'NOT_A_RESOURCE', offset: 0, message: 'the line is no JSON object' }
  const interpretation = new Interpretation(program, tree, { ...context, lineStart: range.start }, counts)
  let failure: RuleFailure | undefined
  try {
    interpretation.resource(tree.root)
  } catch (error) {
    if (!(error instanceof RuleFailure)) throw error
    failure = error
  }
  if (tree.hasEmpty) dropEmpty(tree.root)
  prune(tree.root)
  const fault = interpretation.decidingFault()
  if (fault !== undefined) return faultRejection(fault)
  if (failure !== undefined) {
    if (program.spec.processingErrors !== 'skip' || !failure.skippable)
      return failureRejection(failure, range.start)
    writeEmptied(tree, out)
  } else new TreeWriter(tree, interpretation.labelled, out).write()
  const type = tree.root.type.name
  counts.resourcesByType.set(type, (counts.resourcesByType.get(type) ?? 0) + 1)
  return undefined
}

const FAULTS: Readonly<Record<Fault['code'], string>> = {
  UNKNOWN_ELEMENT: 'has a property that this FHIR version does not know',
  WRONG_KIND: 'has a value of the wrong JSON kind',
  DUPLICATE_KEY: 'has a property twice',
  UNKNOWN_RESOURCE_TYPE: 'names no resource type of this FHIR version',
  NOT_A_RESOURCE: 'has no resourceType',
}

const faultRejection = ({ code, offset, node }: Fault): Rejection => ({
  code,
  offset,
  message: `${pathOf(node)} ${FAULTS[code]}`,
})

const failureRejection = ({ rule, node, reason }: RuleFailure, lineStart: number): Rejection => ({
  code: 'RULE_FAILED',
  offset: Math.max(0, node.start - lineStart),
  message: `rule ${rule.number} on ${pathOf(node)}: ${reason}`,
})

/** What the original leaves of a resource on which a rule failed under `processingErrors: skip`. */
function writeEmptied(tree: Tree, out: Output): void {
  const head = Buffer.from(`{"resourceType":"${tree.root.type.name}",`)
  const meta = metaWithLabels(RECORD.REDACT)
  out.reserve(head.length + meta.length + 1)
  out.bytes.set(head, out.length)
  out.bytes.set(meta, out.length + head.length)
  out.length += head.length + meta.length + 1
  out.bytes[out.length - 1] = 0x7d
}

class Interpretation {
  /** Resources that get labels, with their records. */
  readonly labelled = new Map<TreeNode, number>()
  #records = 0
  /** The resource whose rules are being applied. */
  #inTurn: TreeNode | undefined
  /** Resources that lose a property which the FHIR version does not know. */
  readonly #losers = new Set<TreeNode>()

  readonly #program: Program
  readonly #tree: Tree
  readonly #context: LineContext & { readonly lineStart: number }
  readonly #counts: AnonymizerCounts

  constructor(
    program: Program,
    tree: Tree,
    context: LineContext & { readonly lineStart: number },
    counts: AnonymizerCounts,
  ) {
    this.#program = program
    this.#tree = tree
    this.#context = context
    this.#counts = counts
    if (program.spec.unknownElements === 'drop')
      for (const fault of tree.faults) if (fault.code === 'UNKNOWN_ELEMENT') this.#drop(fault.node)
  }

  /** Unknown properties are never written; what holds them must not be copied as it stands. */
  #drop(holder: TreeNode): void {
    touch(holder)
    if (holder.kind === 'empty') holder.replaced = null
    let resource = holder
    while (!resource.isResource && resource.parent !== undefined) resource = resource.parent
    this.#losers.add(resource)
  }

  /** One resource's turn: its rules, then the resources in it, then its labels. Returns the records of all of them. */
  resource(node: TreeNode): number {
    const outer = this.#records
    this.#records = this.#losers.has(node) ? RECORD.REDACT : 0
    this.#turn(node)
    let records = this.#records
    for (const child of resourcesBelow(node)) records |= this.resource(child)
    if (records !== 0 && node.name !== 'contained') {
      this.labelled.set(node, records)
      touch(node)
      for (const child of node.body?.children ?? []) if (child.name === 'meta') completeInstants(child)
    }
    this.#records = outer
    return records
  }

  #turn(node: TreeNode): void {
    this.#inTurn = node
    const scope = resourceScope(node, this.#tree.root, {
      valueOf: (element) => currentValue(element, this.#tree.source),
      asOf: this.#program.spec.asOf,
    })
    let index: ElementIndex | undefined
    const rules = this.#program.rulesFor(node.type.name)
    for (const rule of rules) {
      const { form } = rule.path
      if (form.kind === 'resource') this.#claim(rule, node)
      else if (form.kind === 'expression') this.#claimSelected(rule, node, scope)
      else {
        index ??= new ElementIndex(node, rules)
        const hits = (form.kind === 'byType' ? index.byType : index.byName).get(form.name) ?? []
        for (const hit of hits)
          if (form.step === undefined) this.#claim(rule, hit)
          else for (const found of stepFrom(hit, form.step)) this.#claim(rule, found)
      }
    }
  }

  #claimSelected(rule: CompiledRule, node: TreeNode, scope: Scope): void {
    const { form } = rule.path
    if (form.kind !== 'expression') return
    try {
      for (const item of evaluate(form.expression, node, scope)) {
        if (!isNode(item)) throw new RuleFailure(rule, node, 'the path yields a value, not an element', false)
        this.#claim(rule, item)
      }
    } catch (error) {
      if (error instanceof EvaluationError) throw new RuleFailure(rule, node, error.message, false)
      throw error
    }
  }

  /** Counts the element as the rule's, where no earlier rule has it. */
  #claim(rule: CompiledRule, node: TreeNode): void {
    if (node.claimedBy !== 0) {
      this.#takeExtensionsLeft(rule, node)
      return
    }
    this.#counts.elementsByRule[rule.number - 1]++
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
    this.#records |= this.#apply(rule, node)
    if (node.isFaulty && takesAway) this.#records |= RECORD.REDACT
    node.claimedBy = rule.number
    if (node.body === undefined) return
    const leavesExtensions = reach === 'primitive' && isPrimitive(node.type)
    for (const child of node.body.children) {
      if (child.isResource || child.detached) continue
      if (!leavesExtensions) this.#take(rule, child)
      else if (child.type.name !== 'Extension') this.#generalizeId(rule, child)
    }
  }

  /** Takes the element away with everything in it: child resources and what earlier rules kept included. */
  #remove(rule: CompiledRule, node: TreeNode): void {
    if (node === this.#inTurn)
      throw new RuleFailure(rule, node, `${rule.method.name} takes parts of a resource only`, false)
    node.claimedBy = rule.number
    claimBelow(node, rule.number)
    if (node.isReal) this.#records |= RECORD.REDACT
    if (isPrimitive(node.type)) node.replaced = null
    detach(node)
  }

  /** The original generalizes an element's id like its value; cases not written for ids must not reject the line. */
  #generalizeId(rule: CompiledRule, id: TreeNode): void {
    try {
      this.#take(rule, id)
    } catch (error) {
      if (!(error instanceof RuleFailure)) throw error
      id.claimedBy = rule.number
      replace(id, null)
    }
  }

  /** Generalize is about a value: a later rule that reaches the element takes its extensions. */
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
    return this.#leaf(rule, node)
  }

  /** Runs the method on a primitive's value. An empty one has no record, but redact takes it away all the same. */
  #leaf(rule: CompiledRule, node: TreeNode): number {
    const text = isPrimitive(node.type) ? sourceText(node, this.#tree.source) : undefined
    if (text === undefined || text === '') {
      if (rule.method.takesAway) replace(node, null)
      return 0
    }
    const change = this.#changeOf(rule, node, text)
    if (change.json !== undefined) replace(node, change.json)
    return change.record
  }

  #changeOf(rule: CompiledRule, node: TreeNode, text: string): LeafChange {
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
    const scope = this.#program.spec.parameters.dateShiftScope
    const { source, root } = this.#tree
    if (scope === 'patient') {
      let resource = node
      while (resource.parent !== undefined && (!resource.isResource || resource.name === 'contained'))
        resource = resource.parent
      return patientIdOf(resource.type.name, source, resource.start, resource.end)
    }
    if (scope !== 'resource' && this.#context.dateShiftPrefix !== '') return this.#context.dateShiftPrefix
    const id = root.body?.children.find((child) => child.name === 'id')
    return (id && currentText(id, source)) ?? ''
  }

  /** The number that the element is, or that it holds as a quantity. */
  #number(rule: CompiledRule, node: TreeNode): number {
    const target = rule.method.changesOnly?.types.has(node.type.name)
      ? node
      : isQuantity(node.type)
        ? node.body?.children.find((child) => child.name === 'value' && child.isReal)
        : undefined
    if (target === undefined || target.claimedBy !== 0) return 0
    const records = this.#leaf(rule, target)
    if (records !== 0) claimBelow(node, rule.number)
    return records
  }

  #replacement(rule: CompiledRule, node: TreeNode): number {
    if (!node.isReal || node.kind === 'fault') return 0
    if (isPrimitive(node.type)) {
      const { json, record } = this.#changeOf(rule, node, '')
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

  /** The first structural fault that is not inside something a rule removed; unknown elements may be dropped. */
  decidingFault(): Fault | undefined {
    const { unknownElements } = this.#program.spec
    for (const fault of this.#tree.faults) {
      if (fault.code === 'UNKNOWN_ELEMENT' && unknownElements === 'drop') continue
      if (!isDropped(fault.node, this.#program)) return fault
    }
    return undefined
  }
}

function detach(node: TreeNode): void {
  node.detached = true
  touch(node)
}

function replace(node: TreeNode, json: string | null): void {
  node.replaced = json
  touch(node)
}

/** Labelling makes full instants of those in meta that a rule cut to a year or a day (law 14.4). */
function completeInstants(node: TreeNode): void {
  if (!node.touched) return
  if (node.type.name === 'instant' && node.replaced) node.replaced = fullInstant(node.replaced)
  for (const child of node.body?.children ?? []) completeInstants(child)
}

/** The resources directly inside a resource, in document order. */
function resourcesBelow(node: TreeNode, found: TreeNode[] = []): readonly TreeNode[] {
  if (node.body === undefined) return found
  for (const child of node.body.children) {
    if (child.detached) continue
    if (child.isResource && child.kind === 'object') found.push(child)
    else resourcesBelow(child, found)
  }
  return found
}
