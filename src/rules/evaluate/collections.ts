import { equal, equivalent } from './comparison.js'
import { childrenOf, isComplex } from './elements.js'
import type { Evaluation } from './evaluation.js'
import { fail } from './evaluation-error.js'
import { type Item, type Items, isNode, NOTHING } from './item.js'
import { boolean, type Value } from './value.js'

/** Makes a collection of a three-valued answer; undefined becomes empty. */
export const answer = (value: boolean | undefined): Items =>
  value === undefined ? NOTHING : [boolean(value)]

/** Returns the value of an item; undefined for an element without one. */
const heldBy = (item: Item, { scope }: Evaluation): Value | undefined =>
  isNode(item) ? scope.valueOf(item) : item

/** Reads a collection as a condition: several items or a non-boolean count as true, empty as undefined. */
export function truth(items: Items, evaluation: Evaluation): boolean | undefined {
  const [item] = items
  if (item === undefined) return undefined
  const value = items.length === 1 ? heldBy(item, evaluation) : undefined
  return value?.kind === 'boolean' ? value.value : true
}

/** Returns the values of primitives. One without a value is skipped; a complex element has none. */
export function valuesOf(items: Items, evaluation: Evaluation): readonly Value[] {
  const values: Value[] = []
  for (const item of items) {
    if (isComplex(item)) return fail('a function on values meets a complex element')
    const value = heldBy(item, evaluation)
    if (value !== undefined) values.push(value)
  }
  return values
}

/** Returns the single value; undefined if empty. Fails for several. */
export function singleValue(items: Items, evaluation: Evaluation): Value | undefined {
  const values = valuesOf(items, evaluation)
  return values.length > 1 ? fail('several items where one is expected') : values[0]
}

const LONG_TEXT = 64

/** `=` of two items: compares values by value, complex elements by their named children in order. */
function equalItems(a: Item, b: Item, evaluation: Evaluation): boolean | undefined {
  const left = heldBy(a, evaluation)
  const right = heldBy(b, evaluation)
  evaluation.budget.spend(1)
  if (left !== undefined && right !== undefined) {
    if (left.kind === 'string' && left.text.length > LONG_TEXT) evaluation.budget.spendText(left.text.length)
    return equal(left, right)
  }
  if (left !== undefined || right !== undefined || !isNode(a) || !isNode(b)) return false
  const mine = childrenOf(a)
  const theirs = childrenOf(b)
  if (mine.length !== theirs.length) return false
  for (const [k, child] of mine.entries()) {
    const other = theirs[k]
    if (other?.name !== child.name || equalItems(child, other, evaluation) !== true) return false
  }
  return true
}

/** `=` of two collections, item by item; undefined if a side is empty or the precisions of two dates differ. */
export function equalCollections(a: Items, b: Items, evaluation: Evaluation): boolean | undefined {
  if (a.length === 0 || b.length === 0) return undefined
  if (a.length !== b.length) return false
  const one = a[0]
  const theOther = b[0]
  if (a.length === 1 && one !== undefined && theOther !== undefined)
    return equalItems(one, theOther, evaluation)
  let result: boolean | undefined = true
  for (const [k, item] of a.entries()) {
    const other = b[k]
    const same = other === undefined ? false : equalItems(item, other, evaluation)
    if (same === false) return false
    if (same === undefined) result = undefined
  }
  return result
}

/** `~` of two collections: in any order. */
export function equivalentCollections(a: Items, b: Items, evaluation: Evaluation): boolean {
  const [mine, rest] = [valuesOf(a, evaluation), [...valuesOf(b, evaluation)]]
  if (mine.length !== rest.length) return false
  return mine.every((value) => {
    const at = rest.findIndex((other) => {
      if (value.kind === 'string' && other.kind === 'string')
        evaluation.budget.spendText(value.text.length + other.text.length)
      return equivalent(value, other)
    })
    if (at >= 0) rest.splice(at, 1)
    evaluation.budget.spend(1 + rest.length)
    return at >= 0
  })
}

export const includes = (items: Items, sought: Item, evaluation: Evaluation): boolean =>
  items.some((item) => equalItems(item, sought, evaluation) === true)

/** Keeps the first of equal values. */
export function distinct(items: Items, evaluation: Evaluation): Items {
  const kept: Item[] = []
  for (const item of items) if (!includes(kept, item, evaluation)) kept.push(item)
  return kept
}

/**
 * A growing collection. Each element counts once, whatever its value; the original drops elements whose value equals an
 * earlier one, which is a listed difference. Equal computed values count once.
 */
export class Union {
  readonly items: Item[] = []
  readonly #nodes = new Set<Item>()
  readonly #evaluation: Evaluation

  constructor(evaluation: Evaluation) {
    this.#evaluation = evaluation
  }

  /** Adds an item; returns whether it is new. */
  add(item: Item): boolean {
    this.#evaluation.budget.spend(1)
    if (isNode(item) ? this.#nodes.has(item) : includes(this.items, item, this.#evaluation)) return false
    if (isNode(item)) this.#nodes.add(item)
    this.items.push(item)
    return true
  }
}

/** `|` and `union()`. */
export function united(left: Items, right: Items, evaluation: Evaluation): Items {
  const union = new Union(evaluation)
  for (const item of left) union.add(item)
  for (const item of right) union.add(item)
  return union.items
}
