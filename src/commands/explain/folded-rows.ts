import { printCount } from '../../config/units/sizes.js'
import { isPrimitive } from '../../fhir/elements.js'
import { type Coverage, coverageOf, type IdentifiedLeaf } from '../../rules/explain/coverage-table.js'
import type { Outcome } from '../../rules/explain/outcomes.js'

/** One or more leaves with the same fate. */
export interface FoldedRow {
  readonly resource: string
  /** Path of a leaf, or of an element in which all leaves have the same fate. */
  readonly path: string
  /** The FHIR type of a leaf; undefined for an element that stands for all leaves in it. */
  readonly type: string | undefined
  readonly leafCount: number
  /** The leaves in the element that the row stands for, if not all. */
  readonly parts?: readonly string[]
  readonly fate: string
  readonly coverage: Coverage | undefined
}

/**
 * Folds leaves, in the order of the element tree: an element stands for its leaves where they have one fate. The
 * extensions of a resource type that have the most common fate are one row, as they are everywhere. If the leaves are
 * only `some` of those in the elements, the rows name them.
 */
export function foldedRows(
  leaves: readonly IdentifiedLeaf[],
  { some = false }: { readonly some?: boolean } = {},
): readonly FoldedRow[] {
  const byType = new Map<string, IdentifiedLeaf[]>()
  for (const leaf of leaves) {
    const own = byType.get(leaf.resource)
    if (own === undefined) byType.set(leaf.resource, [leaf])
    else own.push(leaf)
  }
  return [...byType.values()].flatMap((own) => {
    const alike = commonExtensions(own)
    const [first] = alike
    if (first === undefined || alike.length < 2) return foldedInto([], own, some)
    const row = rowOf(alike, `${first.resource} … extension`)
    const others = new Set(alike)
    return foldedInto(
      [row],
      own.filter((leaf) => !others.has(leaf)),
      some,
    )
  })
}

/** Returns the extensions that have the most common fate of extensions. */
function commonExtensions(leaves: readonly IdentifiedLeaf[]): readonly IdentifiedLeaf[] {
  const byFate = new Map<string, IdentifiedLeaf[]>()
  for (const leaf of leaves) {
    if (leaf.kind !== 'extension') continue
    const fate = fateOf(leaf)
    const own = byFate.get(fate)
    if (own === undefined) byFate.set(fate, [leaf])
    else own.push(leaf)
  }
  return [...byFate.values()].reduce((most, own) => (own.length > most.length ? own : most), [])
}

function foldedInto(
  rows: FoldedRow[],
  leaves: readonly IdentifiedLeaf[],
  some: boolean,
): readonly FoldedRow[] {
  const fold = (group: readonly IdentifiedLeaf[], depth: number): void => {
    for (const [path, own] of groupsAt(group, depth)) {
      const [first] = own
      if (first === undefined) continue
      const fates = new Set(own.map(fateOf))
      const coverages = new Set(own.map(coverageOf))
      const isAlike = !some && fates.size === 1 && coverages.size === 1
      if (own.length === 1 || isAlike) rows.push(rowOf(own, path))
      else if (isOfDataType(first, depth)) rows.push(...rowsByFate(own, path))
      else fold(own, depth + 1)
    }
  }
  fold(leaves, commonDepth(leaves))
  return rows
}

/** Returns the number of steps in which all paths agree: an element above them does not stand for them. */
function commonDepth(leaves: readonly IdentifiedLeaf[]): number {
  const [first = [], ...others] = leaves.map(({ path }) => stepsOf(path))
  const differs = first.findIndex((step, at) => others.some((steps) => steps[at] !== step))
  return Math.max(1, differs < 0 ? first.length : differs)
}

/** Returns a row for leaves with one fate. */
function rowOf(leaves: readonly IdentifiedLeaf[], path: string): FoldedRow {
  const first = leaves[0] as IdentifiedLeaf
  const isOne = leaves.length === 1
  return {
    resource: first.resource,
    path: isOne ? first.path : path,
    type: isOne ? first.type : undefined,
    leafCount: leaves.length,
    fate: fateOf(first),
    coverage: coverageOf(first),
  }
}

/** Whether the element at a step of a leaf's path is of a data type, not a backbone element of its resource. */
function isOfDataType({ members }: IdentifiedLeaf, depth: number): boolean {
  const type = members[depth - 2]?.type
  return type !== undefined && !isPrimitive(type) && !/^(?:BackboneElement|Element)$/.test(type.name)
}

/** Returns a row for each fate of the leaves in an element, with their names. */
function rowsByFate(leaves: readonly IdentifiedLeaf[], path: string): readonly FoldedRow[] {
  const byFate = new Map<string, IdentifiedLeaf[]>()
  for (const leaf of leaves) {
    const key = `${coverageOf(leaf)} ${fateOf(leaf)}`
    const own = byFate.get(key)
    if (own === undefined) byFate.set(key, [leaf])
    else own.push(leaf)
  }
  return [...byFate.values()].map((own) => ({
    ...rowOf(own, path),
    ...(own.length === 1 ? {} : { parts: own.map((leaf) => leaf.path.slice(path.length + 1)) }),
  }))
}

/** Groups leaves by the beginnings of their paths; a leaf that is no longer than that stands alone. */
function groupsAt(
  leaves: readonly IdentifiedLeaf[],
  depth: number,
): ReadonlyMap<string, readonly IdentifiedLeaf[]> {
  const groups = new Map<string, IdentifiedLeaf[]>()
  for (const leaf of leaves) {
    const steps = stepsOf(leaf.path)
    const path = steps.slice(0, depth).join('.')
    const key = steps.length <= depth ? `${leaf.path} ` : path
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [leaf])
    else group.push(leaf)
  }
  return groups
}

/** A choice with its type is one step. */
const stepsOf = (path: string): readonly string[] => path.split(/\.(?!ofType\()/)

/** `kept where rule 5 (keep) matches; else removed by rule 9 (redact)`. */
export function fateOf({ outcomes, isMixed, lookingInto }: IdentifiedLeaf): string {
  const inside = lookingInto.length === 0 ? '' : `; rules ${lookingInto.join(', ')} look into it`
  if (isMixed) return `differs from value to value: ${mixedText(outcomes)}`
  return `${outcomes.map(outcomeText).join('; else ')}${inside}`
}

function outcomeText({ rule, result, isSure }: Outcome): string {
  if (rule === undefined)
    return result === 'own rules' ? 'by the rules for its own type' : `${result}, no rule reaches it`
  const name = rule.isBuiltIn
    ? `a built-in rule (${rule.methodName})`
    : `rule ${rule.number} (${rule.methodName})`
  return isSure ? `${result} by ${name}` : `${result} where ${name} matches`
}

function mixedText(outcomes: readonly Outcome[]): string {
  const rules = new Map<string, Set<number>>()
  for (const { rule, result } of outcomes)
    rules.set(result, (rules.get(result) ?? new Set()).add(rule?.number ?? 0))
  return [...rules].map(([result, numbers]) => `${result} (${rulesText([...numbers])})`).join(', ')
}

const MAX_RULES = 4

function rulesText(numbers: readonly number[]): string {
  const own = numbers.filter((number) => number > 0).sort((a, b) => a - b)
  const shown = own.slice(0, MAX_RULES).join(', ') + (own.length > MAX_RULES ? ' …' : '')
  const unreached = numbers.includes(0) ? ['no rule'] : []
  return [...(own.length === 0 ? [] : [`rule${own.length > 1 ? 's' : ''} ${shown}`]), ...unreached].join(', ')
}

const MAX_PARTS = 8

/** `code, display, system and 3 more`; what the row is, if it stands for all of an element. */
export function whatText({ type, parts, leafCount }: FoldedRow, maxParts = MAX_PARTS): string {
  if (parts === undefined) return type ?? `${printCount(leafCount)} elements`
  const left = parts.length - maxParts
  return parts.slice(0, maxParts).join(', ') + (left > 0 ? ` and ${left} more` : '')
}
