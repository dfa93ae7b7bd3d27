import { sluiceError } from '../errors.js'
import { FAILED, PROXY_PREFIX, type RequestFailure } from './request-failure.js'

/** What a call went through before it was given up. */
export interface Spent {
  readonly at: string
  readonly failures: number
  readonly spentMs: number
  readonly isNobodyThere: boolean
  readonly isForeign: boolean
}

/** The error of a call that is not retried any more. */
export function gaveUp(cause: RequestFailure, { at, failures, spentMs, isNobodyThere, isForeign }: Spent) {
  const asked =
    cause.retryAfterMs === undefined ? '' : `; it asks to wait ${Math.ceil(cause.retryAfterMs / 1000)} s`
  const tries = failures === 1 ? 'once' : `${failures} times in ${Math.round(spentMs / 1000)} s`
  if (isForeign)
    return sluiceError('SERVICE_UNAVAILABLE', {
      at,
      message: `answers with ${cause.code === FAILED.webPage ? 'a web page' : 'something else'} instead of the data asked for (tried ${tries})`,
      help: 'check the address, and whether a gateway or a login page is in between',
      cause,
    })
  if (cause.status === undefined && cause.code.startsWith(PROXY_PREFIX))
    return sluiceError('SERVICE_UNAVAILABLE', {
      at,
      message: `the proxy did not connect (${cause.message}; tried ${tries})`,
      help: 'check HTTPS_PROXY or HTTP_PROXY, or run it again later',
      cause,
    })
  return sluiceError('SERVICE_UNAVAILABLE', {
    at,
    message: `the request failed ${tries}: ${cause.message}${asked}`,
    help: isNobodyThere ? 'check the address, or run it again later' : undefined,
    cause,
  })
}

export const interrupted = (at: string) => sluiceError('INTERRUPTED', { at, message: 'interrupted' })
