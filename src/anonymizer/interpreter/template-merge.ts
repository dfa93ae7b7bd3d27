import { type ElementType, isPrimitive, type Member } from '../../fhir/elements.js'
import { JsonMember, TreeNode } from '../../fhir/tree.js'
import { claimBelow, detach, replace, touch } from './node-changes.js'

/** A template that does not fit the element; the message names members, never values. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

type Template = Readonly<Record<string, unknown>>

/** One item of a template: the JSON key it is written under, and its value (for a primitive, with its `_` object). */
interface Part {
  readonly key: string
  readonly member: Member
  readonly value: unknown
  readonly underscore: unknown
}

/** `replaceWith` as an object for complex elements. Throws TemplateError. */
export function complexTemplate(replaceWith: unknown): Template {
  let value = replaceWith ?? {}
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value)
    } catch {
      throw new TemplateError('replaceWith is no JSON object, but the element is complex')
    }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TemplateError('replaceWith is no object, but the element is complex')
  return value as Template
}

/**
 * Merges a template into an element (law 10.2): what an earlier rule took stays, the rest becomes the
 * template's. Throws TemplateError where the template does not fit the type.
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

/** Merges one template item (none: empties) into an element that no rule has taken. */
function mergePart(node: TreeNode, part: Part | undefined): void {
  if (!isPrimitive(node.type)) {
    merge(node, (part?.value ?? {}) as Template)
    return
  }
  replace(node, part === undefined || part.value === undefined ? null : JSON.stringify(part.value))
  emptyBelow(node)
}

/** Takes away what no rule has taken below a primitive; what holds something taken stays as its shell. */
function emptyBelow(node: TreeNode): void {
  for (const child of node.body?.children ?? []) {
    if (child.detached || child.claimedBy !== 0) continue
    if (holdsClaimed(child)) mergePart(child, undefined)
    else detach(child)
  }
}

/** Gives a primitive another value (JSON text; null: none), and its `_` object what earlier rules took of it. */
export function substitutePrimitive(node: TreeNode, json: string | null, ruleNumber: number): void {
  replace(node, json)
  emptyBelow(node)
  claimBelow(node, ruleNumber)
}

const holdsClaimed = (node: TreeNode): boolean =>
  node.claimedBy !== 0 || node.body?.children.some((child) => !child.detached && holdsClaimed(child)) === true

/** Puts a new element behind those of its key, or in a property of its own at the end of the object. */
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

/** Element name → the template's items of that name, checked against the type. */
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
