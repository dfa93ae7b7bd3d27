import { isPrimitive } from '../fhir/elements.js'
import type { TreeNode } from '../fhir/tree.js'

/** Marks a node as changed, and everything around it as holding a change. */
export function touch(node: TreeNode): void {
  for (let n: TreeNode | undefined = node; n !== undefined && !n.touched; n = n.parent) n.touched = true
}

/**
 * Settles, bottom-up, which elements nothing is left of (`spec/anonymizer.md` 0.4): they are `gone`. Resources stay,
 * and so does what was empty in the input and not touched.
 */
export function prune(node: TreeNode): void {
  if (!node.touched) return
  if (node.detached) {
    node.gone = true
    return
  }
  const children = node.body?.children ?? []
  let lost = false
  let left = false
  for (const child of children) {
    prune(child)
    if (child.gone) lost = true
    else if (child.isReal) left = true
  }
  if (node.isResource || left || typeof node.replaced === 'string') return
  node.gone = isPrimitive(node.type) ? !hasValue(node) : lost || node.replaced === null
}

/** Whether a primitive that something happened to has a value of its own left; a null or empty one is none. */
export const hasValue = (node: TreeNode): boolean =>
  node.replaced === undefined
    ? node.kind !== 'none' && node.kind !== 'null' && node.kind !== 'empty'
    : node.replaced !== null

/** Whether the element with everything in it was taken out by redact. */
export function isDropped(node: TreeNode, isRedact: (rule: number) => boolean): boolean {
  for (let n: TreeNode | undefined = node; n !== undefined; n = n.parent)
    if (n.gone && n.claimedBy !== 0 && isRedact(n.claimedBy)) return true
  return false
}
