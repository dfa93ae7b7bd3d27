import { parseTree } from '../../fhir/parse-tree.js'
import { type Fault, pathOf, type Tree, type TreeNode } from '../../fhir/tree.js'
import { JsonError } from '../../json/scanner.js'
import { type AnonymizerCounts, countRemovedCodes, countResource } from '../counts.js'
import { metaWithLabels } from '../labels.js'
import { RECORD } from '../methods/leaf.js'
import type { Output } from '../output.js'
import type { Program } from '../program.js'
import type { LineContext, Rejection } from '../spec.js'
import { Claims } from './claims.js'
import { type CodeRemoval, removeCodes } from './code-removal.js'
import { LeafChanges } from './leaf-changes.js'
import { dropEmpty, prune } from './prune.js'
import { RuleFailure } from './rule-failure.js'
import { TreeWriter } from './tree-writer.js'
import { Turns } from './turns.js'

/** Where a line goes, and who looks at it on the way. */
export interface InterpreterTarget {
  readonly out: Output
  readonly counts: AnonymizerCounts
  /** Gets the tree with all changes before it is written, and the records of the resources that get labels. */
  readonly onTree?: (tree: Tree, labelled: ReadonlyMap<TreeNode, number>) => void
}

/**
 * Anonymizes one line step by step, as the law specifies (law 3, 13, 14). It is the reference for the walk,
 * which must give the same results. `source[start, end)` must be valid UTF-8.
 */
export function interpretLine(
  program: Program,
  source: Buffer,
  range: { readonly start: number; readonly end: number },
  context: LineContext,
  target: InterpreterTarget,
): Rejection | undefined {
  const { out, counts } = target
  let tree: Tree | undefined
  try {
    tree = parseTree(program.elements, source, range.start, range.end)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return { code: error.code, offset: error.offset - range.start, message: error.message }
  }
  if (tree === undefined)
    return { code: 'NOT_A_RESOURCE', offset: 0, message: 'the line is not a JSON object' }
  const { parameters } = program.spec
  const leaves = new LeafChanges(tree, { ...context, lineStart: range.start }, parameters)
  const turns = new Turns(program, tree, new Claims(program, leaves, counts))
  let failure: RuleFailure | undefined
  let codes: CodeRemoval | undefined
  try {
    turns.resource(tree.root)
    codes = program.codes && removeCodes(tree, program.codes)
    for (const loser of codes?.losers ?? []) turns.label(loser, RECORD.REDACT)
  } catch (error) {
    if (!(error instanceof RuleFailure)) throw error
    failure = error
  }
  if (tree.hasEmpty) dropEmpty(tree.root)
  prune(tree.root)
  const fault = turns.decidingFault()
  if (fault !== undefined) return faultRejection(fault)
  if (failure !== undefined) {
    if (program.spec.processingErrors !== 'skip' || !failure.skippable)
      return failureRejection(failure, range.start)
    writeEmptied(tree, out)
  } else {
    target.onTree?.(tree, turns.labelled)
    new TreeWriter(tree, { records: turns.labelled, masked: program.masked }, out).write()
    for (const [name, count] of codes?.counts ?? []) countRemovedCodes(counts, name, count)
  }
  countResource(counts, tree.root.type.name)
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

const failureRejection = ({ rule, node, message }: RuleFailure, lineStart: number): Rejection => ({
  code: 'RULE_FAILED',
  offset: Math.max(0, node.start - lineStart),
  message: `rule ${rule.number} on ${pathOf(node)}: ${message}`,
})

/** Writes what the original leaves of a resource after a rule failed on it under `processingErrors: skip`. */
function writeEmptied(tree: Tree, out: Output): void {
  const head = Buffer.from(`{"resourceType":"${tree.root.type.name}",`)
  const meta = metaWithLabels(RECORD.REDACT)
  out.reserve(head.length + meta.length + 1)
  out.bytes.set(head, out.length)
  out.bytes.set(meta, out.length + head.length)
  out.length += head.length + meta.length + 1
  out.bytes[out.length - 1] = 0x7d
}
