/** Every way a run can fail; closed, so that callers can switch on it. */
export type ErrorCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'KEY_MISSING'
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_DENIED'
  | 'SOURCE_UNREADABLE'
  | 'SOURCE_CHANGED'
  | 'SOURCE_CORRUPT'
  | 'SOURCE_NOT_UTF8'
  | 'SINK_FULL'
  | 'SINK_DENIED'
  | 'SINK_UNWRITABLE'
  | 'SINK_CONFLICT'
  | 'SINK_LOCKED'
  | 'NAME_COLLISION'
  | 'STATE_UNREADABLE'
  | 'BAD_LINE'
  | 'TOO_MANY_QUARANTINED'
  | 'RECONCILIATION_FAILED'
  | 'WORKER_FAILED'
  | 'OUT_OF_RESOURCES'
  | 'SYSTEM_ERROR'
  | 'METRICS_UNAVAILABLE'
  | 'AUTH_FAILED'
  | 'EXPORT_REFUSED'
  | 'EXPORT_FAILED'
  | 'EXPORT_INVALID'
  | 'EXPORT_OVERDUE'
  | 'SERVICE_UNAVAILABLE'
  | 'INTERRUPTED'
  | 'INTERNAL'

export type Blame = 'input' | 'config' | 'source' | 'sink' | 'service' | 'user' | 'environment' | 'bug'

export interface ErrorFacts {
  readonly blame: Blame
  /** Whether the same call can succeed: never, at once, or after a wait. */
  readonly retry: 'never' | 'now' | 'later'
  /** What it concerns: an item, a path in the configuration, a file. Never a value from a resource. */
  readonly at?: string
  readonly cause?: unknown
  /** Every single problem, where there are several (a configuration). */
  readonly problems?: readonly Problem[]
}

/** One problem of a configuration: the rule's number (from 1), the JSON path, and what to do. */
export interface Problem {
  readonly rule?: number
  readonly path: string
  readonly message: string
}

const BRAND = 'fhir-sluice/SluiceError'

/** The one error class. Recognised by brand (`isSluiceError`), so that it survives two copies of the package. */
export class SluiceError extends Error {
  readonly brand = BRAND
  readonly code: ErrorCode
  readonly blame: Blame
  readonly retry: ErrorFacts['retry']
  readonly at?: string
  readonly problems?: readonly Problem[]

  constructor(code: ErrorCode, message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'SluiceError'
    this.code = code
    this.blame = facts.blame
    this.retry = facts.retry
    if (facts.at !== undefined) this.at = facts.at
    if (facts.problems !== undefined) this.problems = facts.problems
  }
}

/** The message says what, where, and what to do; it never quotes a value from a resource. */
export const sluiceError = (code: ErrorCode, message: string, facts: ErrorFacts): SluiceError =>
  new SluiceError(code, message, facts)

export const isSluiceError = (value: unknown): value is SluiceError =>
  typeof value === 'object' && value !== null && (value as { brand?: unknown }).brand === BRAND
