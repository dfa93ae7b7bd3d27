import { IDENTIFIERS, type IdentifierLetter, LETTERS } from './identifiers.js'
import { valueKind } from './kinds.js'
import type { ExplainedLeaf } from './leaves.js'
import { isGone, type Result } from './result.js'

/** What becomes of the values that may hold an identifier, from weakest to strongest. */
export const COVERAGES = ['not examined', 'kept otherwise', 'kept codes', 'transformed', 'removed'] as const
export type Coverage = (typeof COVERAGES)[number]

export interface CoverageRow {
  readonly identifier: IdentifierLetter
  readonly name: string
  /** Paths of the leaves by what becomes of them. */
  readonly paths: Readonly<Record<Coverage, readonly string[]>>
}

/** A leaf with the identifiers that it may hold. */
export interface IdentifiedLeaf extends ExplainedLeaf {
  readonly identifiers: readonly IdentifierLetter[]
}

/** Returns the weakest of what may become of a leaf; undefined for child resources, which their own rules decide. */
export function coverageOf(leaf: ExplainedLeaf): Coverage | undefined {
  const found = leaf.outcomes.flatMap(
    ({ rule, result }) => coverageOfResult(rule !== undefined, result, leaf) ?? [],
  )
  return COVERAGES.find((coverage) => found.includes(coverage))
}

function coverageOfResult(isReached: boolean, result: Result, leaf: ExplainedLeaf): Coverage | undefined {
  if (result === 'own rules') return undefined
  if (isGone(result)) return 'removed'
  if (result === 'listed code' || result === 'code form') return 'kept codes'
  if (result !== 'kept') return 'transformed'
  if (!isReached) return 'not examined'
  return valueKind(leaf) === 'codes' ? 'kept codes' : 'kept otherwise'
}

/** Folds leaves into the table of identifiers. */
export function coverageTable(leaves: readonly IdentifiedLeaf[]): readonly CoverageRow[] {
  const rows = new Map(
    LETTERS.map((letter) => [
      letter,
      Object.fromEntries(COVERAGES.map((coverage) => [coverage, [] as string[]])),
    ]),
  )
  for (const leaf of leaves) {
    const coverage = coverageOf(leaf)
    if (coverage === undefined) continue
    for (const letter of leaf.identifiers) rows.get(letter)?.[coverage]?.push(leaf.path)
  }
  return LETTERS.map((identifier) => ({
    identifier,
    name: IDENTIFIERS[identifier].name,
    paths: rows.get(identifier) as Record<Coverage, string[]>,
  }))
}
