import { createHmac } from 'node:crypto'
import { isSluiceError, sluiceError } from '../errors.js'
import { failureOf, type HttpAnswer, redirectOf } from '../http/answer.js'
import { createHttpClient, type HttpClient } from '../http/client.js'
import type { ProxySettings } from '../http/proxy.js'
import { proxyError } from '../http/proxy-failure.js'
import { FAILED, RequestFailure } from '../http/request-failure.js'
import { createRetry, type RetryOptions } from '../http/retry.js'
import type { Secret } from '../secret.js'

/** Where a run is reported. */
export interface Webhook {
  /** May hold a token, so only its origin is ever shown. */
  readonly url: Secret
  /** Signs what is sent. */
  readonly secret?: Secret
  /** Default none. */
  readonly proxies?: ProxySettings
  /** Time limit of one attempt; default 10 s. */
  readonly timeoutMs?: number
  readonly retry?: RetryOptions
}

const MAX_REDIRECTS = 3
const RETRY: RetryOptions = { baseMs: 1000, totalMs: 60_000, maxAttempts: 5 }

const TIMESTAMP_HEADER = 'x-sluice-timestamp'
const SIGNATURE_HEADER = 'x-sluice-signature'

/** `sha256=` and the HMAC-SHA256 of the timestamp (seconds since 1970), a dot and the body, in hexadecimal. */
const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`

/**
 * Posts a message as JSON, retrying until it is accepted. Throws SERVICE_UNAVAILABLE or WEBHOOK_REFUSED, naming only
 * the origin.
 */
export async function postWebhook(webhook: Webhook, message: object): Promise<void> {
  const url = new URL(webhook.url.reveal())
  const body = JSON.stringify(message)
  const http = createHttpClient({ proxies: webhook.proxies })
  try {
    await createRetry({ ...RETRY, ...webhook.retry }).run({ at: url.origin }, () =>
      post(http, { to: url, body, webhook }),
    )
  } catch (error) {
    if (isSluiceError(error)) throw error
    const proxy = error instanceof RequestFailure ? proxyError(error, url.origin) : undefined
    if (proxy !== undefined) throw proxy
    const reason = error instanceof RequestFailure ? error.message : 'FAILED'
    throw sluiceError('WEBHOOK_REFUSED', {
      at: url.origin,
      message: `did not accept the message (${reason})`,
    })
  } finally {
    http.close()
  }
}

interface Message {
  readonly to: URL
  readonly body: string
  readonly webhook: Webhook
}

async function post(http: HttpClient, { to, body, webhook }: Message): Promise<void> {
  const { secret, timeoutMs = 10_000 } = webhook
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signed = secret && {
    [TIMESTAMP_HEADER]: timestamp,
    [SIGNATURE_HEADER]: signatureOf(secret.reveal(), timestamp, body),
  }
  const signal = AbortSignal.timeout(timeoutMs)
  let url = to
  for (let redirects = 0; ; redirects += 1) {
    const answer = await http
      .send(url, {
        method: 'POST',
        body,
        redirects: 'none',
        headers: { accept: '*/*', 'content-type': 'application/json', ...signed },
        signal,
      })
      .catch((error: unknown) => {
        throw signal.aborted ? new RequestFailure({ code: FAILED.timeout }) : error
      })
    answer.body.destroy()
    if (answer.status >= 200 && answer.status < 300) return
    const target = repeatableRedirectOf(answer)
    if (target === undefined || redirects === MAX_REDIRECTS) throw failureOf(answer, { code: 'REFUSED' })
    url = target
  }
}

/** Follows only redirects that keep method and origin: the message and its signature are for no one else. */
function repeatableRedirectOf(answer: HttpAnswer): URL | undefined {
  const target = answer.status >= 307 ? redirectOf(answer) : undefined
  return target?.origin === answer.url.origin ? target : undefined
}
