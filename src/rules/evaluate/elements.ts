import type { TreeNode } from '../../fhir/tree.js'
import type { Budget } from './budget.js'
import { type Item, type Items, isNode } from './item.js'

const NONE: readonly TreeNode[] = []
const visible = (child: TreeNode): boolean => child.isReal && !child.detached

/** The elements below a node that a path can see. */
export function childrenOf(node: TreeNode): readonly TreeNode[] {
  const children = node.body?.children
  if (children === undefined) return NONE
  for (const child of children) if (!visible(child)) return children.filter(visible)
  return children
}

/** Names that let every item pass where they stand as a step. */
const isAnyResource = (name: string): boolean => name === 'Resource' || name === 'DomainResource'

/** A step: a capitalised name is a test of the type at every depth, any other selects the children of that name. */
export function membersNamed(items: Items, name: string, budget: Budget): Items {
  const first = name.charCodeAt(0)
  if (first >= 65 && first <= 90) {
    if (isAnyResource(name)) return items
    budget.spend(items.length)
    return items.filter((item) => isNode(item) && item.type.name === name)
  }
  const found: TreeNode[] = []
  for (const item of items) {
    if (!isNode(item)) continue
    const children = childrenOf(item)
    budget.spend(1 + (children.length >> 2))
    for (const child of children) if (child.name === name) found.push(child)
  }
  return found
}

/** `` `giv*` ``: the children whose names begin so. */
export function membersStarting(items: Items, start: string, budget: Budget): Items {
  const children = childrenOfAll(items, budget)
  return children.filter(({ name }) => name.startsWith(start))
}

export function childrenOfAll(items: Items, budget: Budget): readonly TreeNode[] {
  const found: TreeNode[] = []
  for (const item of items) {
    if (!isNode(item)) continue
    const children = childrenOf(item)
    budget.spend(1 + children.length)
    for (const child of children) found.push(child)
  }
  return found
}

/** All elements below, child resources and what is in them included. */
export function descendantsOf(items: Items, budget: Budget): readonly TreeNode[] {
  const found: TreeNode[] = []
  const visit = (parent: TreeNode): void => {
    const children = childrenOf(parent)
    budget.spend(1 + children.length)
    for (const child of children) {
      found.push(child)
      visit(child)
    }
  }
  for (const item of items) if (isNode(item)) visit(item)
  return found
}

/** Each item itself and what is below it, not entering or returning child resources. */
export function searched(
  items: Items,
  fits: (node: TreeNode) => boolean,
  budget: Budget,
): readonly TreeNode[] {
  const found: TreeNode[] = []
  const visit = (node: TreeNode): void => {
    if (fits(node)) found.push(node)
    const children = childrenOf(node)
    budget.spend(1 + children.length)
    for (const child of children) if (!child.isResource) visit(child)
  }
  for (const item of items) if (isNode(item)) visit(item)
  return found
}

/** Whether an item is an element with elements of its own instead of a value. */
export const isComplex = (item: Item): item is TreeNode => isNode(item) && item.type.jsonKind === 'object'
