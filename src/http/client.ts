import type { IncomingMessage } from 'node:http'
import { type HttpAnswer, redirectOf, wrongAnswer } from './answer.js'
import { type Connections, createConnections } from './connections.js'
import { NO_PROXIES, type ProxySettings } from './proxy.js'
import { proxyFailure, proxyRefusal } from './proxy-failure.js'
import { FAILED, RequestFailure, requestFailure } from './request-failure.js'
import { userAgent } from './user-agent.js'

/** One request; `timeoutMs` is how long nothing may come. */
export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent again as it is by a retry or a redirect. */
  readonly body?: string | Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
  /** Default `follow`; `none` gives the redirect itself. */
  readonly redirects?: 'follow' | 'none'
  /**
   * Default `kept`. A server may close a kept connection just when a request goes out on it, and then nobody knows
   * whether it acted; `fresh` is for requests that must not be sent twice.
   */
  readonly connection?: 'kept' | 'fresh'
}

/** HTTP with kept connections. Not `fetch`, which decodes gzip without reporting whether it was complete. */
export interface HttpClient {
  /** Follows redirects; credentials and bodies do not follow to another origin. Throws RequestFailure. */
  send(url: URL, request?: HttpRequest): Promise<HttpAnswer>
  close(): void
}

const DEFAULT_SILENCE_MS = 60_000
const MAX_REDIRECTS = 5
const CREDENTIALS = /^(?:authorization|cookie)$/i

export interface HttpClientOptions {
  /** How long nothing may come; default 60 s. */
  readonly silenceMs?: number | undefined
  /** Default none. */
  readonly proxies?: ProxySettings | undefined
}

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const { silenceMs = DEFAULT_SILENCE_MS, proxies = NO_PROXIES } = options
  const connections = createConnections(proxies, silenceMs)
  return {
    async send(url, request = {}) {
      let at = url
      let next: HttpRequest = { timeoutMs: silenceMs, ...request }
      for (let redirects = 0; ; redirects += 1) {
        const answer = await sendOnce(connections, at, next)
        const target = next.redirects === 'none' ? undefined : redirectOf(answer)
        if (target === undefined) return answer
        answer.body.destroy()
        if (redirects === MAX_REDIRECTS) throw wrongAnswer('TOO_MANY_REDIRECTS', answer.status)
        // What came encrypted does not go on in the clear.
        if (!isWeb(target) || (at.protocol === 'https:' && target.protocol === 'http:'))
          throw wrongAnswer('REDIRECT_REFUSED', answer.status)
        // A body may hold a secret, or name patients.
        const isBodyKept = next.body !== undefined && answer.status >= 307
        if (isBodyKept && at.origin !== target.origin) throw wrongAnswer('REDIRECT_REFUSED', answer.status)
        next = redirected(next, answer.status, at.origin === target.origin)
        at = target
      }
    },
    close: () => connections.close(),
  }
}

export const isWeb = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:'

function sendOnce(
  connections: Connections,
  url: URL,
  { method = 'GET', headers = {}, body, signal, timeoutMs = DEFAULT_SILENCE_MS, connection }: HttpRequest,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const route = connections.routeTo(url, connection)
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = route.request({
      ...route.options,
      method,
      signal,
      headers: { 'user-agent': userAgent(), ...headers, ...length, ...route.headers },
    })
    let answered: IncomingMessage | undefined
    let isUnsent = true
    request.once('finish', () => {
      isUnsent = false
    })
    // A request that still waits for a tunnel would notice only when it has one.
    const abort = (): void =>
      reject(new RequestFailure({ code: FAILED.aborted, isRetryable: false, isUnsent }))
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted === true) abort()
    request.once('close', () => signal?.removeEventListener('abort', abort))
    // Once there is an answer, its body must end with the reason; the request would end it with ECONNRESET.
    request.setTimeout(timeoutMs, () => {
      const code = answered === undefined ? FAILED.timeout : FAILED.stalled
      ;(answered ?? request).destroy(new RequestFailure({ code }))
    })
    request.on('response', (answer) => {
      answered = answer
      if (route.isProxied && answer.statusCode === 407) {
        answer.destroy()
        reject(proxyRefusal(407, () => undefined))
        return
      }
      resolve({
        status: answer.statusCode ?? 0,
        header: (name) => {
          const value = answer.headers[name]
          return Array.isArray(value) ? value[0] : value
        },
        url,
        get isRequestSent() {
          return !isUnsent
        },
        body: answer,
      })
    })
    request.on('error', (error) => {
      const failure = requestFailure(error)
      const named = route.isProxied && answered === undefined ? proxyFailure(failure) : failure
      reject(isUnsent ? requestFailure(named, { isUnsent }) : named)
    })
    request.end(body)
  })
}

/** The request at the new place (RFC 9110, 15.4): a POST becomes a GET unless the status keeps it. */
function redirected(request: HttpRequest, status: number, sameOrigin: boolean): HttpRequest {
  const headers = Object.entries(request.headers ?? {})
  const kept = sameOrigin ? headers : headers.filter(([name]) => !CREDENTIALS.test(name))
  const { body, ...rest } = request
  const becomesGet = request.method === 'POST' && status < 307
  return becomesGet
    ? {
        ...rest,
        method: 'GET',
        headers: Object.fromEntries(kept.filter(([name]) => !/^content-/i.test(name))),
      }
    : { ...request, headers: Object.fromEntries(kept) }
}
