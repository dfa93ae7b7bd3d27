import type { TreeNode } from '../../fhir/tree.js'

/** Marks a node as changed, and everything around it as holding a change. */
export function touch(node: TreeNode): void {
  for (let n: TreeNode | undefined = node; n !== undefined && !n.touched; n = n.parent) n.touched = true
}

/** Gives a primitive another value: JSON text, or null for none. */
export function replace(node: TreeNode, json: string | null): void {
  node.replaced = json
  touch(node)
}

/** Takes a node out of its parent with everything in it. */
export function detach(node: TreeNode): void {
  node.detached = true
  touch(node)
}

/** Marks everything below as taken, so that no later rule changes it. */
export function claimBelow(node: TreeNode, ruleNumber: number): void {
  for (const child of node.body?.children ?? []) {
    if (child.detached) continue
    if (child.claimedBy === 0) child.claimedBy = ruleNumber
    claimBelow(child, ruleNumber)
  }
}
