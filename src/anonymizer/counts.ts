/** What a run wants to know of the lines it had anonymized; only grows. */
export interface AnonymizerCounts {
  /** Delivered resources by root resource type. */
  readonly resourcesByType: Map<string, number>
  /** Elements each rule was the one to decide, by rule number - 1. */
  readonly elementsByRule: Float64Array
  /** Lines that the interpreter served. */
  interpretedLines: number
}
