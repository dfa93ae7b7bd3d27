import type { ElementTree } from '../../fhir/elements.js'
import { parseTree } from '../../fhir/parse-tree.js'
import { pathOf, type TreeNode } from '../../fhir/tree.js'
import { JsonError } from '../../json/scanner.js'
import type { Rejection } from '../spec.js'
import { firstEmpty } from './prune.js'

/**
 * Checks a whole line against the element tree, including parts that rules drop: unknown elements, wrong JSON kinds,
 * arrays instead of single values and the reverse, duplicate keys, empty values. `side` names the checked side in the
 * message.
 */
export function structureRejection(
  elements: ElementTree,
  source: Buffer,
  range: { readonly start: number; readonly end: number },
  side: 'input' | 'output',
): Rejection | undefined {
  try {
    const tree = parseTree(elements, source, range.start, range.end)
    const fault =
      tree?.faults[0] ?? (tree?.hasEmpty === true ? emptyFault(tree.root, range.start) : undefined)
    if (tree !== undefined && fault === undefined) return undefined
    const where = fault === undefined ? 'the line' : pathOf(fault.node)
    const what = fault?.code ?? 'NOT_A_RESOURCE'
    return {
      code: 'NOT_VALID',
      offset: fault?.offset ?? 0,
      message: `${side}: ${where} is not valid: ${what}`,
    }
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    return { code: error.code, offset: error.offset - range.start, message: error.message }
  }
}

/**
 * Returns a fault for the first empty value. FHIR has no `null`, `""`, `{}` or `[]`, except for a `null` that keeps
 * an item's place.
 */
function emptyFault(root: TreeNode, lineStart: number) {
  const node = root.kind === 'empty' ? root : firstEmpty(root)
  if (node === undefined) return undefined
  return { code: 'EMPTY_VALUE', node, offset: Math.max(0, node.start - lineStart) } as const
}
