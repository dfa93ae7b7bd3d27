import { sluiceError } from '../errors.js'
import type { HttpAnswer } from '../http/client.js'
import { proxyError } from '../http/proxy-failure.js'
import { FAILED, isTlsCode, RequestFailure, retryAfterMs } from '../retry.js'

/** Runs calls; a failure that no retry mends becomes an error that says what to do. */
export async function translated<T>(at: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof RequestFailure ? translate(error, at) : error
  }
}

function translate(failure: RequestFailure, at: string) {
  const proxy = proxyError(failure, at)
  if (proxy !== undefined) return proxy
  if (isTlsCode(failure.code))
    return sluiceError(
      'SOURCE_UNREADABLE',
      `its certificate or encryption is not accepted (${failure.code}); NODE_EXTRA_CA_CERTS adds an authority`,
      { blame: 'source', retry: 'never', at, cause: failure },
    )
  return sluiceError('EXPORT_INVALID', `does not answer as the specification says (${failure.message})`, {
    blame: 'source',
    retry: 'never',
    at,
    cause: failure,
  })
}

export const isRetryableStatus = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 501)

/** Throws RequestFailure for an answer that may go away by itself. */
export function checkRetryable(answer: HttpAnswer): void {
  if (isRetryableStatus(answer.status)) throw failureOf(answer, true)
  checkWebPage(answer)
}

/** A page for people comes from a gateway, perhaps only for a moment. Throws RequestFailure. */
export function checkWebPage({ status, header }: HttpAnswer): void {
  if (status < 400 && /^\s*(?:text\/html|application\/xhtml)/i.test(header('content-type') ?? ''))
    throw new RequestFailure({ code: FAILED.webPage })
}

/** The answer as a failure, with how long the server asks to wait. */
export const failureOf = ({ status, header }: HttpAnswer, isRetryable?: boolean): RequestFailure =>
  new RequestFailure({ status, code: 'HTTP', retryAfterMs: retryAfterMs(header), isRetryable })
