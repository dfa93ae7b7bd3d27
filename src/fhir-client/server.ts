import { sluiceError } from '../errors.js'
import type { HttpAnswer } from '../http/answer.js'
import { type HttpRequest, isWeb } from '../http/client.js'
import { retryAfterMs } from '../http/retry-after.js'
import type { Authorizer } from './auth/auth.js'
import type { ServerContext } from './context.js'
import { MAX_ASKED_MS } from './wait-limit.js'

export interface ServerRequest extends Omit<HttpRequest, 'signal'> {
  /** Send no credentials, whatever the address. */
  readonly anonymous?: boolean
}

/** The FHIR server and the addresses that it links to. */
export interface FhirServer extends ServerContext {
  /**
   * Makes one attempt. The token is sent only to the base's origin and to trusted ones, and is renewed once after a 401.
   * Other calls wait as long as a 429 asks. Throws RequestFailure, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
   */
  send(url: URL, request?: ServerRequest): Promise<HttpAnswer>
  /** Whether the token may be sent to this address. */
  isTrusted(url: URL): boolean
  /** Parses an address given by the server. Throws the code `invalid` of its use if it is malformed or drops from https to http. */
  addressOf(text: unknown, what: string): URL
}

export function createFhirServer(
  context: ServerContext,
  authorizer: Authorizer,
  trustedOrigins: readonly string[],
): FhirServer {
  const { base, http, retry, clock, use } = context
  const trusted = new Set([base.origin, ...trustedOrigins])
  const isTrusted = (url: URL): boolean => trusted.has(url.origin)
  let resumeAtMs = 0

  const sendAs = (url: URL, { anonymous: _, ...request }: ServerRequest, authorization?: string) =>
    http.send(url, {
      ...request,
      signal: retry.signal,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
    })

  return {
    ...context,
    isTrusted,
    async send(url, request = {}) {
      const waitMs = resumeAtMs - clock.nowMs()
      if (waitMs > 0) await clock.sleep(waitMs, retry.signal)
      const shows = request.anonymous !== true && isTrusted(url)
      const authorization = shows ? await authorizer.header() : undefined
      let answer = await sendAs(url, request, authorization)
      if (answer.status === 401 && authorization !== undefined && isTrusted(answer.url)) {
        const renewed = await authorizer.renewed(authorization)
        if (renewed !== undefined) {
          answer.body.destroy()
          answer = await sendAs(url, request, renewed)
        }
      }
      if (answer.status === 429)
        resumeAtMs = clock.nowMs() + Math.min(MAX_ASKED_MS, retryAfterMs(answer.header) ?? 0)
      return answer
    },
    addressOf(text, what) {
      const url = typeof text === 'string' && URL.canParse(text, base.href) ? new URL(text, base) : undefined
      if (url !== undefined && isWeb(url) && (url.protocol === 'https:' || base.protocol === 'http:'))
        return url
      throw sluiceError(use.invalid, {
        at: base.href,
        message: `gives an unusable address for ${what}; it must be http: or https:, and https: if the server itself uses https:`,
      })
    },
  }
}

/** A 401 or 403 that persists after the token was renewed. */
export function refusedAccess(
  server: Pick<FhirServer, 'base' | 'isTrusted'>,
  { url, status }: Pick<HttpAnswer, 'url' | 'status'>,
  kept = '',
) {
  const isTrusted = server.isTrusted(url)
  const shown = isTrusted ? '' : `: the token is not sent to ${url.origin}`
  const advice = isTrusted
    ? 'check the client, its key or secret, and its scope'
    : 'if that origin belongs to the server, name it as a trusted origin'
  return sluiceError('AUTH_FAILED', {
    at: server.base.href,
    message: `refuses access (status ${status})${shown}`,
    help: `${advice}${kept}`,
  })
}
