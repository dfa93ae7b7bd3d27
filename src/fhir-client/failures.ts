import { sluiceError } from '../errors.js'
import { failureOf, type HttpAnswer, isLabelledWebPage } from '../http/answer.js'
import { proxyError } from '../http/proxy-failure.js'
import { FAILED, isTlsCode, RequestFailure } from '../http/request-failure.js'
import type { ServerUse } from './context.js'

/** Runs calls with retries. A lasting failure becomes an error that says what to do. */
export async function translated<T>(at: string, use: ServerUse, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof RequestFailure ? translate(error, at, use) : error
  }
}

function translate(failure: RequestFailure, at: string, { invalid }: ServerUse) {
  const proxy = proxyError(failure, at)
  if (proxy !== undefined) return proxy
  if (isTlsCode(failure.code))
    return sluiceError('CONNECTION_UNTRUSTED', {
      at,
      message: `its certificate or encryption is not accepted (${failure.code})`,
      cause: failure,
    })
  return sluiceError(invalid, {
    at,
    message: `does not answer as the specification says (${failure.message})`,
    cause: failure,
  })
}

export const isRetryableStatus = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 501)

/** Throws RequestFailure for an answer that may be temporary. */
export function checkRetryable(answer: HttpAnswer, text: string): void {
  if (isRetryableStatus(answer.status)) throw failureOf(answer, { isRetryable: true })
  checkWebPage(answer, text)
}

/** An HTML page comes from a gateway and may be temporary. Throws RequestFailure. */
export function checkWebPage(answer: HttpAnswer, text: string): void {
  if (answer.status < 400 && (isLabelledWebPage(answer) || isWebPage(text)))
    throw new RequestFailure({ code: FAILED.webPage })
}

// A byte-order mark may precede the white space.
const PAGE_START = /^\s{0,1000}(?:<\?xml[^>]{0,200}>\s{0,1000})?<(?:!doctype\s+html|html|head|body)[\s>]/i

/** Whether a text is an HTML page, whatever its header says: some gateways send no content type. */
export const isWebPage = (text: string): boolean => PAGE_START.test(text)

/**
 * A gateway may also answer temporarily with an empty body or with JSON of its own. A FHIR resource is the server's own
 * answer. Throws RequestFailure.
 */
export function checkOtherData(
  { status }: HttpAnswer,
  body: Readonly<Record<string, unknown>> | undefined,
): void {
  if (status < 200 || status >= 300 || typeof body?.resourceType === 'string') return
  throw new RequestFailure({ status, code: FAILED.otherData, isRetryable: true })
}
