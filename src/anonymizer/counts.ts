/** What a run wants to know of the lines it had anonymized; only grows. */
export interface AnonymizerCounts {
  /** Delivered resources by root resource type. */
  readonly resourcesByType: Map<string, number>
  /** Elements each rule was the one to decide, by rule number - 1. */
  readonly elementsByRule: Float64Array
  /** Lines that the interpreter served. */
  interpretedLines: number
}

export function countElement({ elementsByRule }: AnonymizerCounts, ruleNumber: number): void {
  elementsByRule[ruleNumber - 1] = (elementsByRule[ruleNumber - 1] ?? 0) + 1
}

export function countResource({ resourcesByType }: AnonymizerCounts, type: string): void {
  resourcesByType.set(type, (resourcesByType.get(type) ?? 0) + 1)
}
