import { isPrimitive } from '../../fhir/elements.js'
import type { JsonMember, TreeNode } from '../../fhir/tree.js'
import type { Program } from '../program.js'
import { touch } from './node-changes.js'

/**
 * Marks every `null`, `""`, `{}` and `[]` to go, as the original drops them on reading (law 2.3): FHIR
 * has no empty values. A `null` that only keeps the place of an item's other property is not empty.
 */
export function dropEmpty(node: TreeNode): void {
  const { body } = node
  if (body === undefined) return
  for (const member of body.members) if (isEmptyProperty(member)) for (const item of member.items) touch(item)
  for (const child of body.children) {
    const isReal = child.isReal
    if (!isReal || isBlankItem(child)) {
      child.replaced = null
      touch(child)
    } else if (isBareItem(child)) touch(child)
    if (isReal) dropEmpty(child)
  }
}

/** An item whose value is empty, as `""`. */
const isBlankItem = ({ kind, replaced }: TreeNode): boolean => kind === 'empty' && replaced === undefined

/** An item whose `_` object is empty. */
const isBareItem = ({ type, body }: TreeNode): boolean =>
  isPrimitive(type) && body !== undefined && !body.children.some((child) => child.isReal)

/** The first empty value at or below a node, as `dropEmpty` has it. */
export function firstEmpty({ body }: TreeNode): TreeNode | undefined {
  if (body === undefined) return undefined
  for (const member of body.members) {
    const empty = member.items.find((item) => !item.isReal)
    if (empty !== undefined) return empty
    if (isEmptyProperty(member)) return member.items[0]
  }
  for (const child of body.children) {
    if (isBlankItem(child) || isBareItem(child)) return child
    const empty = firstEmpty(child)
    if (empty !== undefined) return empty
  }
  return undefined
}

/** A property that adds nothing to its element: `"_x": null` beside a value, `"x": null` beside extensions. */
function isEmptyProperty({ member, underscore, items }: JsonMember): boolean {
  if (member === undefined || !isPrimitive(member.type)) return false
  return items.every((item) =>
    underscore ? item.body?.children.some((child) => child.isReal) !== true : !hasValue(item),
  )
}

/** Settles, bottom-up, which elements nothing is left of (law 15.2): they are `gone`. Resources stay. */
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
  if ((node.isResource && node.replaced !== null) || left || typeof node.replaced === 'string') return
  node.gone = isPrimitive(node.type) ? !hasValue(node) : lost || node.replaced === null
}

/** Whether a primitive that something happened to has a value of its own left; a null or empty one is none. */
export const hasValue = (node: TreeNode): boolean =>
  node.replaced === undefined
    ? node.kind !== 'none' && node.kind !== 'null' && node.kind !== 'empty'
    : node.replaced !== null

/** Whether the element with everything in it was taken out by redact or remove. */
export function isDropped(node: TreeNode, program: Pick<Program, 'methodAt'>): boolean {
  for (let n: TreeNode | undefined = node; n !== undefined; n = n.parent)
    if (n.gone && program.methodAt(n.claimedBy)?.takesAway === true) return true
  return false
}
