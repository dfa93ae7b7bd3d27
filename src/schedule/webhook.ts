import { createHmac } from 'node:crypto'
import { isSluiceError, sluiceError } from '../errors.js'
import { createRetry, FAILED, RequestFailure, type RetryOptions, retryAfterMs } from '../retry.js'
import type { Secret } from '../storage/secret.js'

/** Where a run is reported. */
export interface Webhook {
  /** May hold a token: shown nowhere but for its origin. */
  readonly url: Secret
  /** Signs what is sent. */
  readonly secret?: Secret
  /** Of one attempt; default 10 s. */
  readonly timeoutMs?: number
  readonly retry?: RetryOptions
}

const MOST_REDIRECTS = 3
const RETRY: RetryOptions = { baseMs: 1000, totalMs: 60_000, mostAttempts: 5 }

export const TIMESTAMP_HEADER = 'x-sluice-timestamp'
export const SIGNATURE_HEADER = 'x-sluice-signature'

/** `sha256=` and the HMAC-SHA256 of the timestamp (seconds since 1970), a dot and the body, in hexadecimal. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`

/** Posts a message as JSON until it is taken. Throws SERVICE_UNAVAILABLE, whose message names the origin only. */
export async function postWebhook(webhook: Webhook, message: object): Promise<void> {
  const url = new URL(webhook.url.reveal())
  const body = JSON.stringify(message)
  try {
    await createRetry({ ...RETRY, ...webhook.retry }).run({ at: url.origin }, () => post(url, body, webhook))
  } catch (error) {
    if (isSluiceError(error)) throw error
    const reason = error instanceof RequestFailure ? error.message : 'FAILED'
    throw sluiceError('SERVICE_UNAVAILABLE', `does not take the message (${reason})`, {
      blame: 'service',
      retry: 'never',
      at: url.origin,
    })
  }
}

async function post(to: URL, body: string, { secret, timeoutMs = 10_000 }: Webhook): Promise<void> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signed = secret && {
    [TIMESTAMP_HEADER]: timestamp,
    [SIGNATURE_HEADER]: signatureOf(secret.reveal(), timestamp, body),
  }
  const signal = AbortSignal.timeout(timeoutMs)
  let url = to
  for (let redirects = 0; ; redirects += 1) {
    const answer = await fetch(url.href, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': 'fhir-sluice', ...signed },
      signal,
    }).catch(failed)
    await answer.body?.cancel()
    if (answer.ok) return
    const target = redirectOf(answer, url)
    if (target === undefined || redirects === MOST_REDIRECTS)
      throw new RequestFailure({
        status: answer.status,
        code: 'REFUSED',
        retryAfterMs: retryAfterMs((name) => answer.headers.get(name)),
      })
    url = target
  }
}

/** Only what keeps the method, and only within the origin: the message and its signature are for nobody else. */
function redirectOf({ status, headers }: Response, from: URL): URL | undefined {
  const location = headers.get('location')
  if ((status !== 307 && status !== 308) || location === null || !URL.canParse(location, from.href))
    return undefined
  const target = new URL(location, from)
  return target.origin === from.origin ? target : undefined
}

function failed(error: unknown): never {
  const { name, cause } = error as { readonly name?: string; readonly cause?: { readonly code?: unknown } }
  const code = typeof cause?.code === 'string' ? cause.code : FAILED.aborted
  throw new RequestFailure({ code: name === 'TimeoutError' ? FAILED.timeout : code })
}
