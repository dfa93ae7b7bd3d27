import type { TreeNode } from '../../fhir/tree.js'
import type { Budget } from './budget.js'
import { type Item, type Items, isNode } from './item.js'

const NONE: readonly TreeNode[] = []
const visible = (child: TreeNode): boolean => child.isReal && !child.detached

/** Returns the child elements that a path can see. */
export function childrenOf(node: TreeNode): readonly TreeNode[] {
  const children = node.body?.children
  if (children === undefined) return NONE
  for (const child of children) if (!visible(child)) return children.filter(visible)
  return children
}

/** Type names that let every item pass when used as a step. */
const isAnyResource = (name: string): boolean => name === 'Resource' || name === 'DomainResource'

/** Evaluates a step: a capitalized name tests the type at every depth, any other selects the children of that name. */
export function membersNamed(items: Items, name: string, budget: Budget): Items {
  const first = name.charCodeAt(0)
  if (first >= 65 && first <= 90) return itemsOfType(items, name, budget)
  const found: TreeNode[] = []
  for (const item of items) {
    if (!isNode(item)) continue
    const children = childrenOf(item)
    budget.spend(1 + (children.length >> 2))
    for (const child of children) if (child.name === name) found.push(child)
  }
  return found
}

function itemsOfType(items: Items, name: string, budget: Budget): Items {
  if (isAnyResource(name)) return items
  budget.spend(items.length)
  return items.filter((item) => isNode(item) && item.type.name === name)
}

/** `` `giv*` ``: selects the children whose names begin with the prefix. */
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

/** Returns all descendants, including child resources and their contents. */
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

/** Returns each item and its descendants, without entering or returning child resources. */
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

/** Whether an item is an element that has child elements instead of a value. */
export const isComplex = (item: Item): item is TreeNode => isNode(item) && item.type.jsonKind === 'object'
