/** Issue codes that the server uses in an OperationOutcome (http://hl7.org/fhir/issue-type). */
export type IssueCode =
  | 'invalid'
  | 'required'
  | 'value'
  | 'not-supported'
  | 'not-found'
  | 'login'
  | 'forbidden'
  | 'conflict'
  | 'throttled'
  | 'timeout'
  | 'transient'
  | 'processing'
  | 'too-costly'
  | 'exception'
  | 'informational'

export interface Issue {
  readonly severity: 'fatal' | 'error' | 'warning' | 'information'
  readonly code: IssueCode
  /** Says what is wrong and what to do; never a value from a resource. */
  readonly text: string
}

export interface RefusalFacts {
  readonly status: number
  readonly code: IssueCode
  readonly retryAfterSeconds?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** Thrown to answer a request or a job with an OperationOutcome and this status. */
export class Refusal extends Error {
  readonly status: number
  readonly code: IssueCode
  readonly headers: Readonly<Record<string, string>>

  constructor(message: string, { status, code, retryAfterSeconds, headers }: RefusalFacts) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.code = code
    this.headers = {
      ...headers,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    }
  }
}

/** Makes a 400 for an invalid parameter or header. */
export const badRequest = (message: string, code: IssueCode = 'invalid'): Refusal =>
  new Refusal(message, { status: 400, code })

export const notFound = (message: string): Refusal => new Refusal(message, { status: 404, code: 'not-found' })

/** Makes a 403 for raw data if only anonymized data may leave. */
export const onlyAnonymizedData = (): Refusal =>
  new Refusal('Only anonymized data is exported: give _anonymizationConfig and _container.', {
    status: 403,
    code: 'forbidden',
  })

export const operationOutcome = (issues: readonly Issue[]) => ({
  resourceType: 'OperationOutcome',
  issue: issues.map(({ severity, code, text }) => ({
    severity,
    code,
    details: { text },
    diagnostics: text,
  })),
})
