import type { TreeNode } from '../../fhir/tree.js'

/** Marks a node and its ancestors as changed. */
export function touch(node: TreeNode): void {
  for (let n: TreeNode | undefined = node; n !== undefined && !n.touched; n = n.parent) n.touched = true
}

/** Replaces a primitive's value with JSON text, or removes it if `json` is null. */
export function replace(node: TreeNode, json: string | null): void {
  node.replaced = json
  touch(node)
}

/** Removes a node with its contents from its parent. */
export function detach(node: TreeNode): void {
  node.detached = true
  touch(node)
}

/** Marks everything below a node as claimed, so that no later rule changes it. */
export function claimBelow(node: TreeNode, ruleNumber: number): void {
  for (const child of node.body?.children ?? []) {
    if (child.detached) continue
    if (child.claimedBy === 0) child.claimedBy = ruleNumber
    claimBelow(child, ruleNumber)
  }
}
