import type { Json } from './rules.js'

/**
 * A parsed resource without `null`, blank texts, `{}` and `[]`, as the original reads it: items of a property and of
 * its `_` property keep each other's place. Undefined where nothing is left.
 */
export function withoutEmpty(value: unknown): unknown {
  if (typeof value === 'string') return /^(?:(?!\uFEFF)\s|\u0085)*$/.test(value) ? undefined : value
  if (Array.isArray(value)) return nonEmpty(value.map(withoutEmpty).filter((item) => item !== undefined))
  if (typeof value !== 'object') return value
  return value === null ? undefined : nonEmpty(membersOf(value as Json))
}

function membersOf(object: Json): Json {
  const left: [string, unknown][] = []
  for (const [key, value] of Object.entries(object)) {
    const partner = object[key.startsWith('_') ? key.slice(1) : `_${key}`]
    const kept = Array.isArray(value) && Array.isArray(partner) ? paired(value, partner) : withoutEmpty(value)
    if (kept !== undefined) left.push([key, kept])
  }
  return Object.fromEntries(left)
}

/** The items of which one of the two has something, `null` where it is the other. */
function paired(own: readonly unknown[], other: readonly unknown[]): readonly unknown[] | undefined {
  const items: unknown[] = []
  for (let k = 0; k < own.length; k++) {
    const item = withoutEmpty(own[k])
    if (item !== undefined || withoutEmpty(other[k]) !== undefined) items.push(item ?? null)
  }
  return items.every((item) => item === null) ? undefined : items
}

const nonEmpty = <T extends object>(value: T): T | undefined =>
  Object.keys(value).length === 0 ? undefined : value
