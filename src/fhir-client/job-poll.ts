import { type ErrorCode, sluiceError } from '../errors.js'
import { failureOf, type HttpAnswer } from '../http/answer.js'
import { parseObject, textOf } from '../http/body.js'
import { RequestFailure } from '../http/request-failure.js'
import { createRetry, type Retry } from '../http/retry.js'
import { retryAfterMs } from '../http/retry-after.js'
import { checkOtherData, checkWebPage, isRetryableStatus, translated } from './failures.js'
import { type IssueCounts, issuesOf, issueText, isTransient } from './outcomes.js'
import { type FhirServer, refusedAccess } from './server.js'
import { MAX_ASKED_MS } from './wait-limit.js'

/** What distinguishes the jobs of one operation. */
export interface JobKind {
  /** For messages: `export`. */
  readonly name: string
  /** For messages, what a completed job answers with: `a manifest`. */
  readonly result: string
  /** The code of a job that failed on the server. */
  readonly failed: ErrorCode
  /** The code of a job that takes longer than `limitMs`. */
  readonly overdue: ErrorCode
  readonly accept: string
  /** How long one answer may take; default: that of the client. */
  readonly timeoutMs?: number
  /** A header that overrides the status of an answer. */
  readonly statusHeader?: string
  /** Statuses whose answers may be that of a completed job; default 200. */
  readonly completedStatuses?: readonly number[]
  /** Whether an answer that would mean a refused access is the end of the job instead. */
  readonly isJobsOwn?: (status: number, issues: IssueCounts | undefined) => boolean
}

export interface PollOptions {
  /** Time between two polls if the server does not say when to return. */
  readonly intervalMs: number
  /** How long this run waits for the job. */
  readonly limitMs: number
  /** Called after each poll; `progress` is the server's own text, cut to 100 characters. */
  readonly onProgress: (progress: string | undefined) => void
}

/** Reads the answer of a completed job. Throws RequestFailure for one that may change. */
export interface CompletedAnswer<T> {
  readonly maxBytes: number
  /** Undefined for an answer that is not what a completed job sends. */
  read(body: Readonly<Record<string, unknown>>, text: string): T | undefined
}

/** Waits for the jobs of one run. */
export interface JobPolling {
  /**
   * Polls an address until the job is complete; undefined if the server does not know it, or no longer does. Throws
   * the codes of the kind, `invalid` of the server's use, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
   */
  wait<T>(url: URL, completed: CompletedAnswer<T>): Promise<T | undefined>
}

const MIN_WAIT_MS = 1000
const MAX_WAIT_MS = MAX_ASKED_MS
const MAX_OTHER_BYTES = 2 ** 20
// A gateway's answer can look like the server's own, so only a repeated answer is believed.
const BELIEVED_AFTER = 3
// How long the nodes of a server may take to share a new job.
const UNKNOWN_WAIT_MS = 5000

export function pollJobs(server: FhirServer, kind: JobKind, options: PollOptions): JobPolling {
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
  return { wait: (url, completed) => wait(url, completed, { server, kind, options, retry, deadlineMs }) }
}

interface Polling {
  readonly server: FhirServer
  readonly kind: JobKind
  readonly options: PollOptions
  readonly retry: Retry
  readonly deadlineMs: number
}

async function wait<T>(
  url: URL,
  completed: CompletedAnswer<T>,
  { server, kind, options, retry, deadlineMs }: Polling,
): Promise<T | undefined> {
  const { intervalMs, limitMs, onProgress } = options
  const at = server.base.href
  const seen: Seen = { notFound: 0, failed: 0 }
  const { accept, timeoutMs } = kind
  const request = {
    headers: { accept, 'accept-encoding': 'gzip' },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  for (;;) {
    const poll = await translated(at, server.use, () =>
      retry.run({ at }, async () =>
        readStatus(await server.send(url, request), completed, { server, kind, seen }),
      ),
    )
    if (poll.kind === 'completed') return poll.result
    if (poll.kind === 'lost') return undefined
    onProgress(poll.progress)
    const waitMs = clamp(poll.retryAfterMs ?? intervalMs, Math.max(MAX_WAIT_MS, intervalMs))
    if (server.clock.nowMs() + waitMs > deadlineMs)
      throw sluiceError(kind.overdue, {
        at,
        message: `has not completed the ${kind.name} after ${Math.round(limitMs / 60_000)} min`,
      })
    await server.clock.sleep(waitMs, server.retry.signal)
    retry.attempts({ at }).checkInterrupted()
  }
}

const clamp = (ms: number, max: number): number => Math.min(max, Math.max(MIN_WAIT_MS, ms))

type Status<T> =
  | {
      readonly kind: 'running'
      readonly progress: string | undefined
      readonly retryAfterMs: number | undefined
    }
  | { readonly kind: 'completed'; readonly result: T }
  | { readonly kind: 'lost' }

/** Answers so far that may still change. */
interface Seen {
  notFound: number
  failed: number
}

interface Reading {
  readonly server: FhirServer
  readonly kind: JobKind
  readonly seen: Seen
}

/** Interprets one poll. Throws RequestFailure for an answer that may change, a SluiceError for any other failure. */
async function readStatus<T>(
  answer: HttpAnswer,
  completed: CompletedAnswer<T>,
  { server, kind, seen }: Reading,
): Promise<Status<T>> {
  const status = statusOf(answer, kind)
  const isComplete = (kind.completedStatuses ?? [200]).includes(status)
  const text = await textOf(answer, isComplete ? completed.maxBytes : MAX_OTHER_BYTES)
  if (status === 202)
    return {
      kind: 'running',
      progress: printable(answer.header('x-progress')),
      retryAfterMs: retryAfterMs(answer.header),
    }
  const body = parseObject(text)
  const result = isComplete && body !== undefined ? completed.read(body, text) : undefined
  if (result !== undefined) return { kind: 'completed', result }
  const issues = issuesOf(body)
  const kept = await server.answers.keep({ call: 'poll', answer, text })
  const failure = (what: string) =>
    sluiceError(kind.failed, {
      at: server.base.href,
      message: `the ${kind.name} failed on the server (${what})`,
      help: `see the log of the server${kept}`,
    })
  if (status === 200) {
    if (issues !== undefined) throw failure(`status 200, ${issueText(issues)}`)
    if (body === undefined) checkWebPage(answer, text)
    checkOtherData(answer, body)
    const message = `answered 200 with something other than ${kind.result}${kept}`
    throw sluiceError(server.use.invalid, { at: server.base.href, message })
  }
  const isJobsOwn = kind.isJobsOwn?.(status, issues) === true
  if ((status === 401 || status === 403) && !isJobsOwn) throw refusedAccess(server, answer, kept)
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
  throw failure(`status ${status}${issues === undefined ? '' : `, ${issueText(issues)}`}`)
}

const statusOf = ({ status, header }: HttpAnswer, { statusHeader }: JobKind): number =>
  Number((statusHeader === undefined ? undefined : header(statusHeader))?.match(/^\d{3}/)?.[0] ?? status)

/** A server that names a time is still working, so only the overall limit ends the wait. Throws RequestFailure. */
function busy(answer: HttpAnswer, status: number): Status<never> {
  const waitMs = retryAfterMs(answer.header)
  if (waitMs === undefined || (status !== 429 && status !== 503))
    throw failureOf(answer, { isRetryable: true })
  return { kind: 'running', progress: undefined, retryAfterMs: waitMs }
}

/** Makes the text short and safe to show on a terminal. */
const printable = (text: string | undefined): string | undefined =>
  text?.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100)
