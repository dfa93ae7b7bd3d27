import { isRecord } from '../json/record.js'

/** A value as `JSON.parse` gives it. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export const isObject = (value: Json | undefined): value is JsonObject => isRecord(value)

/** Items that belong together, by index in each array; one that has no other is alone. */
export type AlignedPair = readonly [before: number | undefined, after: number | undefined]

/** Beyond this many comparisons of items, they are taken by index. */
const MAX_CELLS = 10_000
const MAX_LEAVES = 200
const MAX_LEVELS = 12

/**
 * Pairs the items of two versions of an array. Anonymizing keeps the order and may take items away, so of all ways to
 * pair them in order it is one with the most equal values.
 */
export function align(before: readonly Json[], after: readonly Json[]): AlignedPair[] {
  if (before.length === after.length) return before.map((_, at) => [at, at])
  if (before.length * after.length > MAX_CELLS) return byIndex(before.length, after.length)
  const olds = before.map(leavesOf)
  const news = after.map(leavesOf)
  const width = news.length + 1
  const cells = new Float64Array((olds.length + 1) * width)
  /** The most that items from i and j on can reach. */
  const best = (i: number, j: number): number => cells[i * width + j] ?? 0
  const likeness = new Float64Array(olds.length * width)
  for (const [i, old] of [...olds.entries()].reverse())
    for (const [j, fresh] of [...news.entries()].reverse()) {
      const like = likenessOf(old, fresh)
      likeness[i * width + j] = like
      cells[i * width + j] = Math.max(best(i + 1, j), best(i, j + 1), like + best(i + 1, j + 1))
    }
  const pairs: AlignedPair[] = []
  let i = 0
  let j = 0
  while (i < olds.length && j < news.length) {
    const here = best(i, j)
    if (here === (likeness[i * width + j] ?? 0) + best(i + 1, j + 1)) pairs.push([i++, j++])
    else if (here === best(i + 1, j)) pairs.push([i++, undefined])
    else pairs.push([undefined, j++])
  }
  while (i < olds.length) pairs.push([i++, undefined])
  while (j < news.length) pairs.push([undefined, j++])
  return pairs
}

const byIndex = (beforeLength: number, afterLength: number): AlignedPair[] =>
  Array.from({ length: Math.max(beforeLength, afterLength) }, (_, at) => [
    at < beforeLength ? at : undefined,
    at < afterLength ? at : undefined,
  ])

/** Equal values weigh most, then places that both have; 1 for being of one list. */
function likenessOf(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): number {
  let likeness = 1
  for (const [path, value] of after) if (before.has(path)) likeness += before.get(path) === value ? 1000 : 10
  return likeness
}

function leavesOf(value: Json): ReadonlyMap<string, Json> {
  const leaves = new Map<string, Json>()
  const visit = (item: Json, path: string, level: number): void => {
    if (leaves.size >= MAX_LEAVES || level > MAX_LEVELS) return
    if (typeof item !== 'object' || item === null) leaves.set(path, item)
    else for (const [key, child] of Object.entries(item)) visit(child as Json, `${path}/${key}`, level + 1)
  }
  visit(value, '', 0)
  return leaves
}
