import { type SluiceError, sluiceError } from '../errors.js'
import { isTlsCode, PROXY_PREFIX as PREFIX, RequestFailure } from './request-failure.js'
import { retryAfterMs } from './retry-after.js'

const NEEDS_CREDENTIALS = `${PREFIX}AUTH_REQUIRED`
const REFUSED = `${PREFIX}REFUSED`

/** Makes the failure for a proxy's answer other than the requested connection. */
export function proxyRefusal(status: number, header: (name: string) => string | undefined): RequestFailure {
  return status === 407
    ? new RequestFailure({ status, code: NEEDS_CREDENTIALS, isRetryable: false })
    : new RequestFailure({ status, code: REFUSED, retryAfterMs: retryAfterMs(header) })
}

/** Makes the failure for a failed connection to the proxy; the server was never reached. */
export function proxyFailure(failure: RequestFailure): RequestFailure {
  const { code, isRetryable } = failure
  return code.startsWith(PREFIX) || failure.status !== undefined
    ? failure
    : new RequestFailure({ code: PREFIX + code, isRetryable })
}

/** Says what to do about a failure of the proxy; undefined for any other. */
export function proxyError(failure: RequestFailure, at: string): SluiceError | undefined {
  if (failure.code === NEEDS_CREDENTIALS)
    return sluiceError('AUTH_FAILED', {
      at,
      message: 'the proxy requires a valid name and password (407)',
      help: 'check HTTPS_PROXY or HTTP_PROXY, http://NAME:PASSWORD@HOST:PORT',
      cause: failure,
    })
  if (!failure.code.startsWith(PREFIX)) return undefined
  const code = failure.code.slice(PREFIX.length)
  if (isTlsCode(code))
    return sluiceError('CONNECTION_UNTRUSTED', {
      at,
      message: `the certificate or encryption of the proxy is not accepted (${code})`,
      help: 'name its authority in NODE_EXTRA_CA_CERTS, or write http:// for a proxy without TLS',
      cause: failure,
    })
  return sluiceError('SOURCE_UNREADABLE', {
    at,
    message: `the proxy does not connect to it (${failure.message})`,
    help: 'ask for it to be allowed, or add its host to NO_PROXY',
    cause: failure,
  })
}
