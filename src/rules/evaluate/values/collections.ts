import { boolean, equal, equivalent, fail, type Item, type Items } from './item.js'

export const NOTHING: Items = []

/** The one item; undefined for none. Fails for several. */
export const single = (items: Items): Item | undefined =>
  items.length > 1 ? fail('several items where one is expected') : items[0]

/** A criterion's answer: empty is undefined; what is no boolean counts as true. */
export function truth(items: Items): boolean | undefined {
  if (items.length === 0) return undefined
  const [item] = items
  return items.length === 1 && item.kind === 'boolean' ? item.value : true
}

export const answer = (value: boolean | undefined): Items =>
  value === undefined ? NOTHING : [boolean(value)]

/** Item by item; undefined where a side is empty or two dates' precisions differ. */
export function equalItems(a: Items, b: Items): boolean | undefined {
  if (a.length === 0 || b.length === 0) return undefined
  if (a.length !== b.length) return false
  let result: boolean | undefined = true
  for (const [k, item] of a.entries()) {
    const same = equal(item, b[k])
    if (same === false) return false
    if (same === undefined) result = undefined
  }
  return result
}

/** In any order. */
export function equivalentItems(a: Items, b: Items): boolean {
  if (a.length !== b.length) return false
  const rest = [...b]
  return a.every((item) => {
    const at = rest.findIndex((other) => equivalent(item, other))
    if (at >= 0) rest.splice(at, 1)
    return at >= 0
  })
}

export const includes = (items: Items, sought: Item): boolean =>
  items.some((item) => equal(item, sought) === true)

/** Each value once, the first of its kind. */
export function distinct(items: Items): Items {
  const kept: Item[] = []
  for (const item of items) if (!includes(kept, item)) kept.push(item)
  return kept
}
