import { isPrimitive } from '../../fhir/elements.js'
import type { JsonMember, TreeNode } from '../../fhir/tree.js'
import type { Program } from '../program.js'
import { touch } from './node-changes.js'

/**
 * Marks every `null`, `""`, `{}` and `[]` for removal, because FHIR has no empty values and the original drops them
 * on reading (law 2.3). A `null` that only keeps the place of an item's other property is not empty.
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

/** Whether an item's value is empty, such as `""`. */
const isBlankItem = ({ kind, replaced }: TreeNode): boolean => kind === 'empty' && replaced === undefined

/** Whether an item's `_` object is empty. */
const isBareItem = ({ type, body }: TreeNode): boolean =>
  isPrimitive(type) && body !== undefined && !body.children.some((child) => child.isReal)

/** Finds the first empty value at or below a node, by the same definition as `dropEmpty`. */
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

/** Whether a property adds nothing to its element: `"_x": null` next to a value, `"x": null` next to extensions. */
function isEmptyProperty({ member, underscore, items }: JsonMember): boolean {
  if (member === undefined || !isPrimitive(member.type)) return false
  return items.every((item) =>
    underscore ? item.body?.children.some((child) => child.isReal) !== true : !hasValue(item),
  )
}

/** Marks, bottom-up, the elements of which nothing is left as `gone` (law 15.2). Resources stay. */
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

/** Whether a primitive still has a value of its own. A null or empty value does not count. */
export const hasValue = (node: TreeNode): boolean =>
  node.replaced === undefined
    ? node.kind !== 'none' && node.kind !== 'null' && node.kind !== 'empty'
    : node.replaced !== null

/** Whether redact or remove took out the element with its contents. */
export function isDropped(node: TreeNode, program: Pick<Program, 'methodAt'>): boolean {
  for (let n: TreeNode | undefined = node; n !== undefined; n = n.parent)
    if (n.gone && program.methodAt(n.claimedBy)?.takesAway === true) return true
  return false
}
