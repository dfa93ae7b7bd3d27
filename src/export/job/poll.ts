import { sluiceError } from '../../errors.js'
import { checkOtherData, checkWebPage, isRetryableStatus, translated } from '../../fhir-client/failures.js'
import { issuesOf, issueText, isTransient } from '../../fhir-client/outcomes.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import { MAX_ASKED_MS } from '../../fhir-client/wait-limit.js'
import { failureOf, type HttpAnswer } from '../../http/answer.js'
import { parseObject, textOf } from '../../http/body.js'
import { RequestFailure } from '../../http/request-failure.js'
import { createRetry, type Retry } from '../../http/retry.js'
import { retryAfterMs } from '../../http/retry-after.js'
import { isManifest, type Manifest, nextPage, parseManifest } from './manifest.js'

export interface PollOptions {
  /** Time between two polls if the server does not say when to return. */
  readonly intervalMs: number
  /** How long this run waits for the job. */
  readonly limitMs: number
  /** Called after each poll; `progress` is the server's own text, cut to 100 characters. */
  readonly onProgress: (progress: string | undefined) => void
}

export type Polled =
  | { readonly kind: 'complete'; readonly manifest: Manifest }
  /** The server does not know the job, or no longer does. */
  | { readonly kind: 'lost' }

const MIN_WAIT_MS = 1000
const MAX_WAIT_MS = MAX_ASKED_MS
// Limit for all pages together.
const MAX_MANIFEST_BYTES = 256 * 2 ** 20
const MAX_OTHER_BYTES = 2 ** 20
const MAX_PAGES = 100_000

/**
 * Polls until the manifest and all its pages are complete. Throws EXPORT_FAILED for a job that failed, EXPORT_OVERDUE
 * after the limit, EXPORT_INVALID, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
 */
export async function pollManifest(
  server: FhirServer,
  statusUrl: URL,
  options: PollOptions,
): Promise<Polled> {
  const { clock, outageMs } = server
  const deadlineMs = clock.nowMs() + options.limitMs
  // A server that works on a job for hours may be out longer than one that serves a download.
  const retry = createRetry({
    ...clock,
    signal: server.retry.signal,
    baseMs: MIN_WAIT_MS,
    maxWaitMs: MAX_WAIT_MS,
    maxAskedMs: MAX_ASKED_MS,
    totalMs: Math.min(options.limitMs, outageMs),
    maxAttempts: Number.POSITIVE_INFINITY,
  })
  const pages: Readonly<Record<string, unknown>>[] = []
  const addresses = new Set<string>()
  let leftBytes = MAX_MANIFEST_BYTES
  for (let url: URL | undefined = statusUrl; url !== undefined; ) {
    addresses.add(url.href)
    const page = await pollPage(server, url, { ...options, deadlineMs, retry, leftBytes })
    if (page === undefined && pages.length > 0) throw invalid('does not have a page of its manifest', server)
    if (page === undefined) return { kind: 'lost' }
    pages.push(page.body)
    leftBytes -= page.bytes
    url = nextPage(page.body, server)
    if (pages.length === MAX_PAGES || (url !== undefined && addresses.has(url.href)))
      throw invalid('its manifest has no end', server)
  }
  return { kind: 'complete', manifest: parseManifest(pages, server) }
}

interface Polling extends PollOptions {
  readonly deadlineMs: number
  readonly retry: Retry
  /** Maximum size of the page. */
  readonly leftBytes: number
}

interface Page {
  readonly body: Readonly<Record<string, unknown>>
  readonly bytes: number
}

async function pollPage(
  server: FhirServer,
  url: URL,
  { deadlineMs, retry, intervalMs, limitMs, onProgress, leftBytes }: Polling,
): Promise<Page | undefined> {
  const at = server.base.href
  const seen: Seen = { notFound: 0, failed: 0, leftBytes }
  for (;;) {
    const poll = await translated(at, server.use, () =>
      retry.run({ at }, async () => readStatus(server, await askStatus(server, url), seen)),
    )
    if (poll.kind === 'manifest') return poll
    if (poll.kind === 'lost') return undefined
    onProgress(poll.progress)
    const waitMs = clamp(poll.retryAfterMs ?? intervalMs, Math.max(MAX_WAIT_MS, intervalMs))
    if (server.clock.nowMs() + waitMs > deadlineMs)
      throw sluiceError('EXPORT_OVERDUE', {
        at,
        message: `has not completed the export after ${Math.round(limitMs / 60_000)} min`,
      })
    await server.clock.sleep(waitMs, server.retry.signal)
    retry.attempts({ at }).checkInterrupted()
  }
}

const clamp = (ms: number, max: number): number => Math.min(max, Math.max(MIN_WAIT_MS, ms))

const askStatus = (server: FhirServer, url: URL): Promise<HttpAnswer> =>
  server.send(url, { headers: { accept: 'application/json', 'accept-encoding': 'gzip' } })

type Status =
  | {
      readonly kind: 'running'
      readonly progress: string | undefined
      readonly retryAfterMs: number | undefined
    }
  | ({ readonly kind: 'manifest' } & Page)
  | { readonly kind: 'lost' }

// A gateway's answer can look like the server's own, so only a repeated answer is believed.
const BELIEVED_AFTER = 3
// How long the nodes of a server may take to share a new job.
const UNKNOWN_WAIT_MS = 5000

/** Answers so far that may still change. */
interface Seen {
  notFound: number
  failed: number
  readonly leftBytes: number
}

/** Interprets one poll. Throws RequestFailure for an answer that may change, a SluiceError for any other failure. */
async function readStatus(server: FhirServer, answer: HttpAnswer, seen: Seen): Promise<Status> {
  const status = Number(answer.header('x-export-status')?.match(/^\d{3}/)?.[0] ?? answer.status)
  const text = await textOf(answer, status === 200 ? seen.leftBytes : MAX_OTHER_BYTES)
  if (status === 202)
    return {
      kind: 'running',
      progress: printable(answer.header('x-progress')),
      retryAfterMs: retryAfterMs(answer.header),
    }
  const body = parseObject(text)
  const issues = issuesOf(body)
  const isFine = status === 200 && body !== undefined && isManifest(body)
  const kept = isFine ? '' : await server.answers.keep({ call: 'poll', answer, text })
  if (status === 200) {
    if (body !== undefined && isManifest(body))
      return { kind: 'manifest', body, bytes: Buffer.byteLength(text) }
    if (issues !== undefined) throw failed(server, `status 200, ${issueText(issues)}`, kept)
    if (body === undefined) checkWebPage(answer, text)
    checkOtherData(answer, body)
    throw invalid(`answered 200 with something other than a manifest${kept}`, server)
  }
  if (status === 401 || status === 403) throw refusedAccess(server, answer, kept)
  if (issues !== undefined && isTransient(issues)) throw failureOf(answer, { isRetryable: true })
  if (status === 404 || status === 410) {
    seen.notFound += 1
    // Some servers answer like this until all their nodes know the job.
    if (seen.notFound === 1)
      throw new RequestFailure({ status, code: 'HTTP', retryAfterMs: UNKNOWN_WAIT_MS, isRetryable: true })
    return { kind: 'lost' }
  }
  if (issues !== undefined) seen.failed += 1
  if (isRetryableStatus(status) && seen.failed < BELIEVED_AFTER) return busy(answer, status)
  throw failed(server, `status ${status}${issues === undefined ? '' : `, ${issueText(issues)}`}`, kept)
}

/** A server that names a time is still working, so only the overall limit ends the wait. Throws RequestFailure. */
function busy(answer: HttpAnswer, status: number): Status {
  const waitMs = retryAfterMs(answer.header)
  if (waitMs === undefined || (status !== 429 && status !== 503))
    throw failureOf(answer, { isRetryable: true })
  return { kind: 'running', progress: undefined, retryAfterMs: waitMs }
}

/** Makes the text short and safe to show on a terminal. */
const printable = (text: string | undefined): string | undefined =>
  text?.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100)

const failed = (server: FhirServer, what: string, kept: string) =>
  sluiceError('EXPORT_FAILED', {
    at: server.base.href,
    message: `the export failed on the server (${what})`,
    help: `see the log of the server${kept}`,
  })

const invalid = (message: string, { base }: FhirServer) =>
  sluiceError('EXPORT_INVALID', { at: base.href, message })
