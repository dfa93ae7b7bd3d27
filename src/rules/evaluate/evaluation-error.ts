/** Thrown if an expression has no result for its input. The message quotes no value. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError'
}

export const fail = (message: string): never => {
  throw new EvaluationError(message)
}
