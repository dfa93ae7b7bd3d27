import type { TreeNode } from '../../fhir/tree.js'
import { boolean, type Value } from './value.js'

/** An item of a FHIRPath collection: an element, or a value. */
export type Item = TreeNode | Value
export type Items = readonly Item[]

export const NOTHING: Items = []

export const isNode = (item: Item): item is TreeNode => 'parent' in item

const SYSTEM_TYPES: Readonly<Record<Value['kind'], string>> = {
  string: 'String',
  boolean: 'Boolean',
  integer: 'Integer',
  long: 'Long',
  decimal: 'Decimal',
  date: 'Date',
  dateTime: 'DateTime',
  time: 'Time',
  quantity: 'Quantity',
}

/** Exact names, no inheritance; `FHIR.x` for what elements hold, `System.X` for computed values, or neither. */
function hasType(item: Item, type: string): boolean {
  const fhirType = isNode(item) ? item.type.name : item.leafType
  const own = fhirType ?? (isNode(item) ? '' : SYSTEM_TYPES[item.kind])
  const dot = type.indexOf('.')
  if (dot < 0) return own === type
  return type.slice(dot + 1) === own && type.slice(0, dot) === (fhirType === undefined ? 'System' : 'FHIR')
}

/** `as` and `ofType`. */
export const ofType = (items: Items, type: string): Items => items.filter((item) => hasType(item, type))

/** `is`; false of several items. */
export const isType = (items: Items, type: string): Items => {
  const [item] = items
  return item === undefined ? NOTHING : [boolean(items.length === 1 && hasType(item, type))]
}
