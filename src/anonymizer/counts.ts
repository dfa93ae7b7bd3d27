/** Counts of anonymized lines for the run; they only grow. */
export interface AnonymizerCounts {
  /** Number of delivered resources by root resource type. */
  readonly resourcesByType: Map<string, number>
  /** Number of elements that each rule claimed, by rule number - 1. */
  readonly elementsByRule: Float64Array
  /** Number of lines handled by the interpreter. */
  interpretedLines: number
}

export function countElement({ elementsByRule }: AnonymizerCounts, ruleNumber: number): void {
  elementsByRule[ruleNumber - 1] = (elementsByRule[ruleNumber - 1] ?? 0) + 1
}

export function countResource({ resourcesByType }: AnonymizerCounts, type: string): void {
  resourcesByType.set(type, (resourcesByType.get(type) ?? 0) + 1)
}
