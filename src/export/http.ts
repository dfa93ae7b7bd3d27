import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { FAILED, RequestFailure } from '../retry.js'

/** One request; `timeoutMs` is how long nothing may come. */
export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

export interface HttpAnswer {
  readonly status: number
  /** The first value of a header; names in lower case. */
  header(name: string): string | undefined
  /** Where the answer came from, after redirects. */
  readonly url: URL
  /** The body as sent, not decoded. Ends with an error where it is cut short. */
  readonly body: IncomingMessage
}

/** HTTP with kept connections. Not `fetch`: that one decodes gzip without telling whether it was complete. */
export interface HttpClient {
  /** Follows redirects; credentials and bodies do not follow to another origin. Throws RequestFailure. */
  send(url: URL, request?: HttpRequest): Promise<HttpAnswer>
  close(): void
}

const DEFAULT_SILENCE_MS = 60_000
const MOST_REDIRECTS = 5
const CREDENTIALS = /^(?:authorization|cookie|proxy-authorization)$/i

export function createHttpClient(silenceMs = DEFAULT_SILENCE_MS): HttpClient {
  const agents = {
    'http:': new HttpAgent({ keepAlive: true }),
    'https:': new HttpsAgent({ keepAlive: true }),
  }
  return {
    async send(url, request = {}) {
      let at = url
      let next: HttpRequest = { timeoutMs: silenceMs, ...request }
      for (let redirects = 0; ; redirects += 1) {
        const answer = await sendOnce(agents, at, next)
        const target = redirectOf(answer)
        if (target === undefined) return answer
        answer.body.destroy()
        if (redirects === MOST_REDIRECTS) throw wrongAnswer('TOO_MANY_REDIRECTS', answer.status)
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
    close() {
      agents['http:'].destroy()
      agents['https:'].destroy()
    },
  }
}

export const isWeb = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:'

export const wrongAnswer = (code: string, status?: number): RequestFailure =>
  new RequestFailure({ code, status, isRetryable: false })

function sendOnce(
  agents: Readonly<Record<'http:' | 'https:', HttpAgent>>,
  url: URL,
  { method = 'GET', headers = {}, body, signal, timeoutMs = DEFAULT_SILENCE_MS }: HttpRequest,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const isSecure = url.protocol === 'https:'
    const send = isSecure ? httpsRequest : httpRequest
    const agent = agents[isSecure ? 'https:' : 'http:']
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = send(url, { method, agent, signal, headers: { ...headers, ...length } })
    let isAnswered = false
    request.setTimeout(timeoutMs, () =>
      request.destroy(new RequestFailure({ code: isAnswered ? FAILED.stalled : FAILED.timeout })),
    )
    request.on('response', (answer) => {
      isAnswered = true
      resolve({
        status: answer.statusCode ?? 0,
        header: (name) => {
          const value = answer.headers[name]
          return Array.isArray(value) ? value[0] : value
        },
        url,
        body: answer,
      })
    })
    request.on('error', (error) => reject(requestFailure(error)))
    request.end(body)
  })
}

/** An error of Node as one that says no more than its code. */
export function requestFailure(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ABORT_ERR') return new RequestFailure({ code: FAILED.aborted, isRetryable: false })
  return new RequestFailure({ code: typeof code === 'string' ? code : FAILED.wrongAnswer })
}

function redirectOf({ status, header, url }: HttpAnswer): URL | undefined {
  const location = [301, 302, 303, 307, 308].includes(status) ? header('location') : undefined
  return location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined
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
