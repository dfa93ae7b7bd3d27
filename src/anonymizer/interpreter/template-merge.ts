import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import { JsonMember, TreeNode } from '../../fhir/tree.js'
import { claimBelow, detach, replace, touch } from './node-changes.js'

/** Thrown if a template does not fit the element. The message names members, never values. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

type Template = Readonly<Record<string, unknown>>

/** One item of a template: its JSON key and its value; for a primitive, also the `_` object. */
interface Part {
  readonly key: string
  readonly member: Member
  readonly value: unknown
  readonly underscore: unknown
}

/** Reads `replaceWith` as an object for complex elements. Throws TemplateError if it is not an object. */
export function complexTemplate(replaceWith: unknown): Template {
  let value = replaceWith ?? {}
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value)
    } catch {
      throw new TemplateError('replaceWith is not a JSON object, but the element is complex')
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TemplateError('replaceWith is not an object, but the element is complex')
  return value as Template
}

/**
 * Merges a template into an element (law 10.2): parts claimed by an earlier rule stay, the rest becomes the
 * template's. Throws TemplateError if the template does not fit the type.
 */
export function substituteComplex(target: TreeNode, template: Template, ruleNumber: number): void {
  if (target.type.name === 'BackboneElement' || target.type.name === 'Element')
    throw new TemplateError(`an element of type ${target.type.name} cannot be substituted`)
  partsOf(target.type, template)
  merge(target, template)
  claimBelow(target, ruleNumber)
}

function merge(node: TreeNode, template: Template): void {
  if (node.claimedBy !== 0) return
  touch(node)
  const parts = partsOf(node.type, template)
  const children = node.body?.children.filter((child) => !child.detached) ?? []
  for (const [name, items] of parts) {
    let used = 0
    for (const child of children) {
      if (child.name !== name) continue
      const part = items[used]
      if (child.claimedBy !== 0) used++
      else if (part !== undefined && part.member.type === child.type) {
        used++
        mergePart(child, part)
      } else if (holdsClaimed(child)) mergePart(child, undefined)
      else detach(child)
    }
    for (const part of items.slice(used)) append(node, part)
  }
  for (const child of children) {
    if (parts.has(child.name) || child.claimedBy !== 0) continue
    if (holdsClaimed(child)) mergePart(child, undefined)
    else detach(child)
  }
}

/** Merges one template item into an element that no rule has claimed; without an item, empties the element. */
function mergePart(node: TreeNode, part: Part | undefined): void {
  if (!isPrimitive(node.type)) {
    merge(node, (part?.value ?? {}) as Template)
    return
  }
  replace(node, part === undefined || part.value === undefined ? null : JSON.stringify(part.value))
  emptyBelow(node)
}

/** Removes the unclaimed elements below a primitive. An element that contains a claimed one stays as its shell. */
function emptyBelow(node: TreeNode): void {
  for (const child of node.body?.children ?? []) {
    if (child.detached || child.claimedBy !== 0) continue
    if (holdsClaimed(child)) mergePart(child, undefined)
    else detach(child)
  }
}

/**
 * Replaces a primitive's value with JSON text (null removes it), and reduces its `_` object to the parts that earlier
 * rules claimed.
 */
export function substitutePrimitive(node: TreeNode, json: string | null, ruleNumber: number): void {
  replace(node, json)
  emptyBelow(node)
  claimBelow(node, ruleNumber)
}

const holdsClaimed = (node: TreeNode): boolean =>
  node.claimedBy !== 0 || node.body?.children.some((child) => !child.detached && holdsClaimed(child)) === true

/** Adds a new element after the others of its key, or in a new property at the end of the object. */
function append(node: TreeNode, part: Part): void {
  const { body } = node
  if (body === undefined) return
  const item = new TreeNode(part.member.name, part.member.type, node)
  item.replaced = JSON.stringify(part.value)
  item.touched = true
  body.children.push(item)
  const existing = body.members.find((member) => member.key === part.key)
  if (existing?.isArray) {
    existing.items.push(item)
    return
  }
  if (existing !== undefined) body.members.splice(body.members.indexOf(existing), 1)
  const property = new JsonMember(part.key, JSON.stringify(part.key), part.member, false, 0)
  property.isArray = part.member.cardinality !== 'one'
  property.items.push(item)
  body.members.push(property)
}

/** Returns the template's items by element name, checked against the type. */
function partsOf(type: ElementType, template: Template): Map<string, Part[]> {
  const parts = new Map<string, Part[]>()
  for (const [key, value] of Object.entries(template)) {
    if (key === 'resourceType' && type.isResource) continue
    if (key.startsWith('_')) continue
    const member = type.members.get(key)
    if (member === undefined)
      throw new TemplateError(`replaceWith has the member ${key}, which ${type.name} lacks`)
    if (Array.isArray(value) && member.cardinality === 'one')
      throw new TemplateError(`replaceWith has an array for ${key}, which does not repeat`)
    for (const item of Array.isArray(value) ? value : [value]) {
      if (isEmpty(item)) continue
      checkValue(member, item)
      const part = { key, member, value: item as unknown, underscore: template[`_${key}`] }
      const list = parts.get(member.name)
      if (list === undefined) parts.set(member.name, [part])
      else list.push(part)
    }
  }
  return parts
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)

function checkValue(member: Member, value: unknown): void {
  const { jsonKind } = member.type
  if (jsonKind === 'object') {
    if (typeof value !== 'object' || Array.isArray(value))
      throw new TemplateError(`replaceWith has no object for ${member.key}`)
    partsOf(member.type, value as Template)
  } else if (typeof value !== jsonKind)
    throw new TemplateError(`replaceWith has no ${jsonKind} for ${member.key}`)
}
