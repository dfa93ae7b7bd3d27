import { isUtf8 } from 'node:buffer'
import { isPrimitive } from '../../fhir/elements.js'
import type { Tree, TreeNode } from '../../fhir/tree.js'
import { newCounts } from '../counts.js'
import { labelCodes } from '../labels.js'
import { Output } from '../output.js'
import type { Program } from '../program.js'
import type { LineContext, Rejection } from '../spec.js'
import { interpretLine } from './interpreter.js'

/** A value of a line with the rule that owns it. */
export interface TracedLeaf {
  /** JSON keys with the indices of the source, such as `name[0].given[1]`; a key in `_x` is one below `x`. */
  readonly place: string
  /** FHIR type: `date`, `code`. */
  readonly type: string
  /** Number of the rule; 0 if no rule reaches the value. */
  readonly rule: number
  /** JSON text in the source; undefined if a rule added the value. */
  readonly before: string | undefined
  /** JSON text in the output; undefined if the value was removed. */
  readonly after: string | undefined
  /** The rules left the value, and `codeSystems` removed it as a code that is not listed. */
  readonly isUnlistedCode?: true
}

/** The security labels that one resource of the line got. */
export interface TracedLabels {
  /** The place of the resource; empty for the line's own. */
  readonly place: string
  readonly codes: readonly string[]
}

export type LineTrace =
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | {
      readonly kind: 'delivered'
      readonly bytes: Buffer
      readonly leaves: readonly TracedLeaf[]
      readonly labels: readonly TracedLabels[]
      /** A rule failed and `processingErrors: skip` left nothing but the type: there are no leaves. */
      readonly isEmptied: boolean
    }

/** Has the interpreter anonymize one line, and tells for each value which rule did what. */
export function traceLine(program: Program, line: Buffer, context: LineContext): LineTrace {
  if (!isUtf8(line))
    return {
      kind: 'rejected',
      rejection: { code: 'INVALID_UTF8', offset: 0, message: 'the line is not valid UTF-8' },
    }
  const out = new Output(line.length + 1024)
  let traced: Pick<Extract<LineTrace, { kind: 'delivered' }>, 'leaves' | 'labels'> | undefined
  const rejection = interpretLine(program, line, { start: 0, end: line.length }, context, {
    out,
    counts: newCounts(program.spec.rules.length),
    onTree: (tree, labelled) => {
      traced = traceTree(tree, labelled, program)
    },
  })
  if (rejection !== undefined) return { kind: 'rejected', rejection }
  const bytes = out.bytes.subarray(0, out.length)
  return { kind: 'delivered', bytes, isEmptied: traced === undefined, leaves: [], labels: [], ...traced }
}

/** What happened around a node. */
interface Surroundings {
  readonly rule: number
  readonly isGone: boolean
  /** The rule that removed an element around the node with its contents. */
  readonly remover?: number | undefined
}

function traceTree(tree: Tree, labelled: ReadonlyMap<TreeNode, number>, program: Program) {
  const leaves: TracedLeaf[] = []
  const labels: TracedLabels[] = []
  const visit = (node: TreeNode, place: string, around: Surroundings): void => {
    const isGone = around.isGone || node.gone
    const own = node.claimedBy === 0 ? around.rule : node.claimedBy
    const isUnlisted = around.remover === undefined && isUnlistedCode(node, own, program)
    const rule = around.remover ?? own
    const records = labelled.get(node) ?? 0
    if (records !== 0 && !isGone) labels.push({ place, codes: labelCodes(records) })
    const leaf = leafOf(node, isGone, tree.source)
    if (leaf !== undefined)
      leaves.push({
        place,
        type: node.type.name,
        rule,
        ...leaf,
        ...(isUnlisted ? { isUnlistedCode: true } : {}),
      })
    const remover = around.remover ?? (node.detached && !isUnlisted ? own : undefined)
    for (const [child, inner] of placesBelow(node, place))
      visit(child, inner, { rule: child.isResource ? 0 : rule, isGone, remover })
  }
  visit(tree.root, '', { rule: 0, isGone: false })
  return { leaves, labels }
}

/** Whether a code was taken out though its rule takes nothing out. */
function isUnlistedCode({ detached, replaced, type }: TreeNode, rule: number, program: Program): boolean {
  if (program.codes === undefined || !detached || replaced !== undefined || !isPrimitive(type)) return false
  const reach = program.methodAt(rule)?.reach
  return reach !== 'element' && reach !== 'replacement'
}

/** The value of a node before and after; undefined if it has none of its own. */
function leafOf(
  node: TreeNode,
  isGone: boolean,
  source: Buffer,
): Pick<TracedLeaf, 'before' | 'after'> | undefined {
  const { kind, replaced, start, end } = node
  const isAdded = end === 0
  if (!isPrimitive(node.type) && !(isAdded && typeof replaced === 'string') && kind !== 'fault')
    return undefined
  const hasValue = kind === 'string' || kind === 'number' || kind === 'boolean' || kind === 'fault'
  const before = hasValue ? source.toString('utf8', start, end) : undefined
  const after = isGone || replaced === null ? undefined : (replaced ?? before)
  return before === undefined && after === undefined ? undefined : { before, after }
}

/** The elements directly below a node with their places, in document order; those that a rule took out are last. */
function placesBelow(node: TreeNode, place: string): ReadonlyMap<TreeNode, string> {
  const places = new Map<TreeNode, string>()
  const below = (key: string): string => (place === '' ? key : `${place}.${key}`)
  for (const { key, underscore, isArray, items } of node.body?.members ?? [])
    items.forEach((item, at) => {
      if (!places.has(item))
        places.set(item, below(underscore ? key.slice(1) : key) + (isArray ? `[${at}]` : ''))
    })
  for (const child of node.body?.children ?? []) if (!places.has(child)) places.set(child, below(child.name))
  return places
}
