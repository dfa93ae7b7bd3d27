import { sluiceError } from '../errors.js'
import { createHttpClient, isWeb } from '../http/client.js'
import { createRetry } from '../http/retry.js'
import { SYSTEM_RETRY_CLOCK } from '../http/retry-clock.js'
import { type AnswerLog, NO_ANSWER_LOG } from './answers.js'
import { createAuthorizer } from './auth/auth.js'
import { requestedTypes } from './contents.js'
import type { ExportOptions } from './options.js'
import { createExportServer, type ExportServer } from './server.js'
import { MAX_ASKED_MS } from './wait-limit.js'

/** Options needed to talk to a server. */
export type ConnectOptions = Pick<
  ExportOptions,
  | 'base'
  | 'auth'
  | 'trustedOrigins'
  | 'silenceMs'
  | 'outageLimitMs'
  | 'clock'
  | 'proxies'
  | 'signal'
  | 'onEvent'
> &
  Partial<Pick<ExportOptions, 'request'>> & { readonly answers?: AnswerLog }

const DEFAULT_OUTAGE_MS = 30 * 60_000

/** Creates the client of a server without sending anything; `http.close()` ends it. Throws USAGE. */
export function connect(options: ConnectOptions): ExportServer {
  const { auth = { type: 'none' }, trustedOrigins = [], silenceMs, proxies, signal, onEvent } = options
  const { clock = SYSTEM_RETRY_CLOCK, outageLimitMs: outageMs = DEFAULT_OUTAGE_MS } = options
  const { answers = NO_ANSWER_LOG } = options
  const base = baseOf(options.base)
  const retry = createRetry({
    ...clock,
    signal,
    maxWaitMs: 60_000,
    maxAskedMs: MAX_ASKED_MS,
    totalMs: outageMs,
    maxAttempts: Number.POSITIVE_INFINITY,
    budgetCount: 1000,
    onRetry: ({ at, code, status, attempt, waitMs }) =>
      onEvent?.({
        event: 'export.retry',
        level: 'info',
        item: at,
        reason: status ?? code,
        attempt,
        waitMs: Math.round(waitMs),
      }),
  })
  const http = createHttpClient({ silenceMs, proxies })
  const types = options.request === undefined ? [] : requestedTypes(options.request)
  const context = { base, http, retry, clock, outageMs, answers, types }
  return createExportServer(context, createAuthorizer(auth, context), trustedOrigins.map(originOf))
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
