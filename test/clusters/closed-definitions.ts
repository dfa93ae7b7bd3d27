/** A type of a member, in the terms of azure-batch-schema.json. */
type MemberType =
  | { readonly type: 'string' | 'boolean' | 'integer' | 'number' | 'duration' | 'date-time' | 'any' }
  | { readonly enum: readonly string[] }
  | { readonly items: MemberType }
  | { readonly values: MemberType }
  | { readonly ref: string }

interface Definition {
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, MemberType>>
}

export interface Definitions {
  readonly root: string
  readonly definitions: Readonly<Record<string, Definition>>
}

const DURATION = /^P(?!$)(\d+D)?(T(?!$)(\d+H)?(\d+M)?(\d+S)?)?$/

/** What is wrong with a value by closed definitions: members that they do not name are errors. */
export function problemsBy({ root, definitions }: Definitions, value: unknown): readonly string[] {
  const ofModel = (name: string, model: unknown, at: string): readonly string[] => {
    const definition = definitions[name]
    if (definition === undefined) return [`${at}: no definition of ${name}`]
    if (!isRecord(model)) return [`${at}: must be ${name}`]
    const missing = definition.required.filter((member) => !Object.hasOwn(model, member))
    return [
      ...missing.map((member) => `${at}/${member}: missing`),
      ...Object.entries(model).flatMap(([member, inner]) => {
        const type = definition.properties[member]
        return type === undefined ? [`${at}/${member}: unknown`] : ofType(type, inner, `${at}/${member}`)
      }),
    ]
  }
  const ofType = (type: MemberType, inner: unknown, at: string): readonly string[] => {
    if ('ref' in type) return ofModel(type.ref, inner, at)
    if ('items' in type)
      return Array.isArray(inner)
        ? inner.flatMap((item, k) => ofType(type.items, item, `${at}/${k}`))
        : [`${at}: must be a list`]
    if ('values' in type)
      return isRecord(inner)
        ? Object.entries(inner).flatMap(([key, item]) => ofType(type.values, item, `${at}/${key}`))
        : [`${at}: must be an object`]
    if ('enum' in type)
      return type.enum.includes(String(inner)) ? [] : [`${at}: must be one of ${type.enum.join(', ')}`]
    return isPlain(type.type, inner) ? [] : [`${at}: must be of type ${type.type}`]
  }
  return ofModel(root, value, '')
}

function isPlain(type: string, value: unknown): boolean {
  if (type === 'any') return true
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'duration') return typeof value === 'string' && DURATION.test(value)
  if (type === 'date-time') return typeof value === 'string' && !Number.isNaN(Date.parse(value))
  return typeof value === type
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
