import { isRecord } from '../../json/record.js'

/** Returns what a template for a complex element writes for its member; undefined for nothing. */
export function partOf(template: unknown, key: string): unknown {
  const object = asObject(template)
  return object === undefined || !Object.hasOwn(object, key) ? undefined : merged(object[key])
}

/** A template may be the text of a JSON object. */
function asObject(template: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof template !== 'string') return isRecord(template) ? template : undefined
  try {
    const parsed: unknown = JSON.parse(template)
    return isRecord(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** Of several items, what any of them has; an empty text writes nothing. */
function merged(value: unknown): unknown {
  if (!Array.isArray(value)) return value === '' ? undefined : value
  return value.every(isRecord) ? Object.assign({}, ...value) : value[0]
}

/** Whether a part of a template writes a value. */
export const writesSomething = (part: unknown): boolean => part !== undefined && part !== null
