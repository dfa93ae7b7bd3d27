/** Counts of anonymized lines for the run; they only grow. */
export interface AnonymizerCounts {
  /** Number of delivered resources by root resource type. */
  readonly resourcesByType: Map<string, number>
  /** Number of elements that each rule claimed, by rule number - 1. */
  readonly elementsByRule: Float64Array
  /** Number of codes that `codeSystems` removed, by the name of their system or by their element. */
  readonly codesRemoved: Map<string, number>
  /** Number of lines handled by the interpreter. */
  interpretedLines: number
}

/** Returns counts of nothing, for a number of rules. */
export const newCounts = (ruleCount: number): AnonymizerCounts => ({
  resourcesByType: new Map(),
  elementsByRule: new Float64Array(ruleCount),
  codesRemoved: new Map(),
  interpretedLines: 0,
})

export function countElement({ elementsByRule }: AnonymizerCounts, ruleNumber: number): void {
  elementsByRule[ruleNumber - 1] = (elementsByRule[ruleNumber - 1] ?? 0) + 1
}

export function countResource({ resourcesByType }: AnonymizerCounts, type: string): void {
  resourcesByType.set(type, (resourcesByType.get(type) ?? 0) + 1)
}

/** Adds to the count of removed codes of one name. */
export function countRemovedCodes({ codesRemoved }: AnonymizerCounts, name: string, more: number): void {
  codesRemoved.set(name, (codesRemoved.get(name) ?? 0) + more)
}
