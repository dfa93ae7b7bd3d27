import type { ExplainedLeaf } from './leaves.js'

/** Kinds of values, as a reader asks for them. */
export const VALUE_KINDS = [
  'text',
  'numbers',
  'dates',
  'codes',
  'addresses',
  'booleans',
  'extensions',
] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

const BY_TYPE: Readonly<Record<string, ValueKind>> = {
  boolean: 'booleans',
  code: 'codes',
  canonical: 'addresses',
  oid: 'addresses',
  uri: 'addresses',
  url: 'addresses',
  uuid: 'addresses',
  date: 'dates',
  dateTime: 'dates',
  instant: 'dates',
  time: 'dates',
  decimal: 'numbers',
  integer: 'numbers',
  integer64: 'numbers',
  positiveInt: 'numbers',
  unsignedInt: 'numbers',
  Extension: 'extensions',
}

/** Returns the kind of a leaf: the system of a code counts as a part of the code. */
export function valueKind({ type, members }: Pick<ExplainedLeaf, 'type' | 'members'>): ValueKind {
  const isSystem = type === 'uri' && members.at(-1)?.name === 'system' && isCoded(members.at(-2)?.type.name)
  return isSystem ? 'codes' : (BY_TYPE[type] ?? 'text')
}

const CODED = new Set([
  'Coding',
  'Quantity',
  'Age',
  'Count',
  'Distance',
  'Duration',
  'Money',
  'MoneyQuantity',
])

const isCoded = (type: string | undefined): boolean => type !== undefined && CODED.has(type)
