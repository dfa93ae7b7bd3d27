import { sluiceError } from '../errors.js'
import { createHttpClient, isWeb } from '../http/client.js'
import type { ProxySettings } from '../http/proxy.js'
import { createRetry, type RetryEvent } from '../http/retry.js'
import { type RetryClock, SYSTEM_RETRY_CLOCK } from '../http/retry-clock.js'
import { type AnswerLog, NO_ANSWER_LOG } from './answers.js'
import { createAuthorizer, type ServerAuth } from './auth/auth.js'
import type { ServerUse } from './context.js'
import { createFhirServer, type FhirServer } from './server.js'
import { MAX_ASKED_MS } from './wait-limit.js'

/** Options needed to talk to a server. */
export interface ConnectOptions {
  /** FHIR base address. */
  readonly base: string
  /** Default none. */
  readonly auth?: ServerAuth | undefined
  /** Origins, besides that of the base, that may receive the token. */
  readonly trustedOrigins?: readonly string[] | undefined
  /** How long a connection may be idle before it counts as lost; default 60 s. */
  readonly silenceMs?: number | undefined
  /** How long to retry while the server fails; default 30 min. */
  readonly outageLimitMs?: number | undefined
  /** Replaced in tests. */
  readonly clock?: RetryClock | undefined
  /** Proxies for the requests; default none. */
  readonly proxies?: ProxySettings | undefined
  readonly signal?: AbortSignal | undefined
  readonly onRetry?: ((retry: RetryEvent) => void) | undefined
  /** Default: unexpected answers are not kept. */
  readonly answers?: AnswerLog | undefined
  /** Default: reading all types. */
  readonly use?: ServerUse | undefined
}

const DEFAULT_OUTAGE_MS = 30 * 60_000
const READING: ServerUse = {
  access: 'read',
  types: [],
  refused: 'EXPORT_REFUSED',
  invalid: 'EXPORT_INVALID',
}

/** Creates the client of a server without sending anything; `http.close()` ends it. Throws USAGE. */
export function connect(options: ConnectOptions): FhirServer {
  const { auth = { type: 'none' }, trustedOrigins = [], silenceMs, proxies, signal, onRetry } = options
  const { clock = SYSTEM_RETRY_CLOCK, outageLimitMs: outageMs = DEFAULT_OUTAGE_MS } = options
  const { answers = NO_ANSWER_LOG, use = READING } = options
  const base = baseOf(options.base)
  const retry = createRetry({
    ...clock,
    signal,
    maxWaitMs: 60_000,
    maxAskedMs: MAX_ASKED_MS,
    totalMs: outageMs,
    maxAttempts: Number.POSITIVE_INFINITY,
    budgetCount: 1000,
    onRetry,
  })
  const http = createHttpClient({ silenceMs, proxies })
  const context = { base, http, retry, clock, outageMs, answers, use }
  return createFhirServer(context, createAuthorizer(auth, context), trustedOrigins.map(originOf))
}

/** Parses a FHIR base address and makes it end in a slash. Throws USAGE. */
export function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isWeb(url)) throw usage('the FHIR base must be an address, https://…')
  if (url.username !== '' || url.password !== '')
    throw usage('the FHIR base holds a name or password, which belong in the authentication file')
  if (url.search !== '' || url.hash !== '')
    throw usage('the FHIR base must end before the resource types, without ? or #')
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !isWeb(url)) throw usage('a trusted origin must be an origin, https://host[:port]')
  return url.origin
}

const usage = (message: string) => sluiceError('USAGE', { message })
