/** A request that failed, without anything of the request: no address, no header, no text of the other side. */
export class RequestFailure extends Error {
  readonly status?: number
  /** The service's own code (`ServerBusy`), the system's (`ECONNRESET`), or one of `FAILED`. */
  readonly code: string
  /** How long the service asks to wait. */
  readonly retryAfterMs?: number
  /** What the service calls the request: its support asks for it. */
  readonly requestId?: string
  /** The clock of the service. */
  readonly serviceTimeMs?: number
  readonly isRetryable: boolean
  /** The request did not go out whole, so that the service cannot have acted on it. */
  readonly isUnsent: boolean

  constructor(facts: RequestFacts) {
    super(facts.status === undefined ? facts.code : `${facts.status} ${facts.code}`)
    this.name = 'RequestFailure'
    this.code = facts.code
    if (facts.status !== undefined) this.status = facts.status
    if (facts.retryAfterMs !== undefined) this.retryAfterMs = facts.retryAfterMs
    if (facts.requestId !== undefined) this.requestId = facts.requestId
    if (facts.serviceTimeMs !== undefined) this.serviceTimeMs = facts.serviceTimeMs
    this.isRetryable = facts.isRetryable ?? isRetryable(facts)
    this.isUnsent = facts.isUnsent ?? false
  }
}

export interface RequestFacts {
  readonly status?: number | undefined
  readonly code: string
  readonly retryAfterMs?: number | undefined
  readonly requestId?: string | undefined
  readonly serviceTimeMs?: number | undefined
  /** Whether a retry can help, if status and code do not say. */
  readonly isRetryable?: boolean | undefined
  /** Default false: it may have gone out. */
  readonly isUnsent?: boolean | undefined
}

/** Codes of failures that neither the service nor the system names. */
export const FAILED = {
  timeout: 'TIMEOUT',
  stalled: 'STALLED',
  aborted: 'ABORTED',
  shortBody: 'SHORT_BODY',
  wrongAnswer: 'WRONG_ANSWER',
  /** A page for people, where data was asked for. */
  webPage: 'WEB_PAGE',
  /** A success whose body is not what was asked for. */
  otherData: 'OTHER_DATA',
} as const

/** Codes of failures of a proxy begin so: the service itself was not asked. */
export const PROXY_PREFIX = 'PROXY_'

const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])
const RETRYABLE_CODE =
  /^(?:TIMEOUT|STALLED|ABORTED|SHORT_BODY|WRONG_ANSWER|WEB_PAGE|REQUEST_SEND_ERROR|ECONN\w+|ETIMEDOUT|ESOCKETTIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST\w+|ENET\w+|EADDRNOTAVAIL|ERR_STREAM_PREMATURE_CLOSE|HPE_\w+|UND_ERR_\w+)$/
const TLS_CODE =
  /CERT|^ERR_TLS|^ERR_SSL|^EPROTO$|^UNABLE_TO_|^DEPTH_ZERO|^CRL_|SIGNATURE_FAILURE|^HOSTNAME_MISMATCH$|^INVALID_CA$/

/** Whether the certificate or the encryption of the connection is at fault. */
export const isTlsCode = (code: string): boolean => TLS_CODE.test(code)

function isRetryable({ status, code }: RequestFacts): boolean {
  if (status !== undefined) return RETRYABLE_STATUS.has(status)
  return !isTlsCode(code) && RETRYABLE_CODE.test(code)
}

/** Turns an error of Node into a failure that holds nothing but its code. */
export function requestFailure(
  error: unknown,
  { isUnsent }: Pick<RequestFacts, 'isUnsent'> = {},
): RequestFailure {
  if (error instanceof RequestFailure) return isUnsent ? new RequestFailure({ ...error, isUnsent }) : error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ABORT_ERR') return new RequestFailure({ code: FAILED.aborted, isRetryable: false, isUnsent })
  return new RequestFailure({ code: typeof code === 'string' ? code : FAILED.wrongAnswer, isUnsent })
}
