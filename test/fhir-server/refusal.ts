/** What the server does not do, with the status and the OperationOutcome that say so. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, diagnostics: string) {
    super(diagnostics)
    this.status = status
    this.code = code
  }
}

export const operationOutcome = (code: string, diagnostics: string) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code, diagnostics }],
})

/** A defect of the server itself becomes a 500, so that a test sees it. */
export const refusalOf = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : new Refusal(500, 'exception', error instanceof Error ? (error.stack ?? error.message) : String(error))
