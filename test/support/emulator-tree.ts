import { elementAt, entryOf, firstOf } from './elements.js'
import { rawItems, rawMembers } from './raw-json.js'
import { readShared } from './shared.js'

export interface SpecElement {
  readonly name: string
  readonly types: readonly string[]
  readonly repeats?: boolean
  readonly choice?: boolean
}

/** The element tree of `../shared/spec` for one version. */
export interface SpecTree {
  readonly resources: readonly string[]
  readonly types: Readonly<Record<string, readonly SpecElement[]>>
}

export const readSpecTree = (version: string): SpecTree =>
  JSON.parse(readShared(`spec/elements-${version.toLowerCase()}.json.gz`)) as SpecTree

/** A node of the original's typed tree (law 2.1). */
export interface Node {
  readonly name: string
  /** As rules compare it. */
  readonly type: string
  /** As the specification's tree names it: `Patient+ContactComponent`. */
  readonly specType: string
  readonly key: string
  readonly repeats: boolean
  readonly isResource: boolean
  readonly parent: Node | undefined
  children: Node[]
  kind: 'string' | 'number' | 'boolean' | undefined
  /** The value's text as methods see it. */
  text: string | undefined
}

type Place = Pick<Node, 'name' | 'key' | 'repeats' | 'parent'>

const ROOT: Place = { name: '', key: '', repeats: false, parent: undefined }

export const isPrimitiveType = (type: string): boolean => /^[a-z]/.test(type)

/** The typed tree of a resource's JSON text, or of a template of a data type. Throws for what is unknown. */
export function readTree(spec: SpecTree, text: string, type = 'Resource', place: Place = ROOT): Node {
  const members = rawMembers(text)
  const named = members.find(([key]) => key === 'resourceType')?.[1]
  const isResource = type === 'Resource'
  const specType = isResource ? (JSON.parse(named ?? 'null') as string) : type
  const node = newNode(spec, place, specType, isResource)
  const done = new Set<string>()
  for (const [key] of members) {
    const base = key.startsWith('_') ? key.slice(1) : key
    if ((isResource && key === 'resourceType') || done.has(base)) continue
    done.add(base)
    const value = members.find(([name]) => name === base)?.[1]
    const side = members.find(([name]) => name === `_${base}`)?.[1]
    readMember(spec, node, { key: base, value, side })
  }
  return node
}

interface MemberText {
  readonly key: string
  readonly value: string | undefined
  readonly side: string | undefined
}

function readMember(spec: SpecTree, parent: Node, { key, value, side }: MemberText): void {
  const found = elementOf(spec, parent.specType, key)
  if (found === undefined) throw new Error(`unknown member ${parent.specType}.${key}`)
  const { element, type } = found
  const place = { name: element.name, key, repeats: element.repeats === true, parent }
  const items = itemsOf(value)
  const sides = itemsOf(side)
  for (let k = 0; k < Math.max(items.length, sides.length); k++) {
    const child = isPrimitiveType(type)
      ? readPrimitive(spec, { type, place }, items[k], sides[k])
      : items[k] === 'null' || items[k] === undefined
        ? undefined
        : readTree(spec, elementAt(items, k), type, place)
    if (child !== undefined && !isEmpty(child)) parent.children.push(child)
  }
}

function readPrimitive(
  spec: SpecTree,
  { type, place }: { type: string; place: Place },
  item = 'null',
  side = 'null',
): Node {
  const node = newNode(spec, place, type, false)
  if (side !== 'null')
    for (const [key, value] of rawMembers(side)) readMember(spec, node, { key, value, side: undefined })
  if (item === 'null') return node
  const parsed: unknown = JSON.parse(item)
  node.kind = typeof parsed as Node['kind']
  node.text =
    typeof parsed === 'string'
      ? parsed.trim()
      : typeof parsed === 'boolean'
        ? parsed
          ? 'True'
          : 'False'
        : item
  if (node.text === '') node.kind = node.text = undefined
  return node
}

const itemsOf = (value: string | undefined): string[] =>
  value === undefined ? [] : value.startsWith('[') ? rawItems(value) : [value]

/** Without value and children; resources are never empty. */
const isEmpty = (node: Node): boolean =>
  !node.isResource && node.text === undefined && node.children.length === 0

function newNode(spec: SpecTree, place: Place, specType: string, isResource: boolean): Node {
  return {
    ...place,
    specType,
    type: specType.includes('+') ? componentType(spec, specType) : specType,
    isResource,
    children: [],
    kind: undefined,
    text: undefined,
  }
}

function componentType(spec: SpecTree, specType: string): string {
  const backbone = entryOf(spec.types, specType).some(({ name }) => name === 'modifierExtension')
  return backbone ? 'BackboneElement' : 'Element'
}

/** The element that a JSON key of a type stands for, and the type of its value. */
function elementOf(
  spec: SpecTree,
  specType: string,
  key: string,
): { element: SpecElement; type: string } | undefined {
  for (const element of spec.types[specType] ?? entryOf(spec.types, 'string')) {
    if (element.choice !== true) {
      if (element.name === key) return { element, type: firstOf(element.types) }
      continue
    }
    if (!key.startsWith(element.name)) continue
    const suffix = key.slice(element.name.length)
    const lower = suffix.charAt(0).toLowerCase() + suffix.slice(1)
    const type = [suffix, lower].find((name) => name in spec.types || name === 'url')
    if (type !== undefined && suffix !== '') return { element, type }
  }
  return undefined
}

/** The tree as a JSON value; empty nodes are left out (law 15.2). */
export function writeTree(node: Node): Record<string, unknown> {
  const out: Record<string, unknown> = node.isResource ? { resourceType: node.specType } : {}
  for (const key of new Set(node.children.map((child) => child.key))) {
    const items = node.children.filter((child) => child.key === key && !vanishes(child))
    if (items.length === 0) continue
    const values = items.map(writeValue)
    const sides = items.map((item) => (isPrimitiveType(item.specType) ? sideOf(item) : null))
    if (values.some((value) => value !== null)) out[key] = firstOf(items).repeats ? values : values[0]
    if (sides.some((side) => side !== null)) out[`_${key}`] = firstOf(items).repeats ? sides : sides[0]
  }
  return out
}

const vanishes = (node: Node): boolean =>
  !node.isResource && node.text === undefined && node.children.every(vanishes)

function writeValue(node: Node): unknown {
  if (!isPrimitiveType(node.specType)) return writeTree(node)
  if (node.text === undefined) return null
  if (node.kind === 'boolean') return node.text === 'True'
  return node.kind === 'number' ? Number(node.text) : node.text
}

function sideOf(node: Node): unknown {
  const side = writeTree(node)
  return Object.keys(side).length === 0 ? null : side
}
