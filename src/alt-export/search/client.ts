import { type SluiceError, sluiceError } from '../../errors.js'
import { checkWebPage, isRetryableStatus, translated } from '../../fhir-client/failures.js'
import { hasErrors, type IssueCounts, issuesOf, issueText, isTransient } from '../../fhir-client/outcomes.js'
import type { Pace } from '../../fhir-client/pace.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import { failureOf, type HttpAnswer, redirectOf } from '../../http/answer.js'
import { parseObject, piecesOf } from '../../http/body.js'
import { FAILED, RequestFailure } from '../../http/request-failure.js'
import { retryAfterMs } from '../../http/retry-after.js'
import { isOfServer } from './links.js'
import { type Page, PageFault, parsePage } from './page.js'
import type { SearchRequest } from './request.js'

/** Asks one server for pages. All calls share its pace. */
export interface SearchClient {
  readonly server: FhirServer
  /**
   * Asks until there is a page. `at` names the call in messages: nothing of the address, which may hold ids. Throws
   * SearchRefusal, EXPORT_INVALID, AUTH_FAILED, SERVICE_UNAVAILABLE, INTERRUPTED.
   */
  ask(request: SearchRequest, at: string): Promise<Page>
  /** Whether the server takes searches by POST, as far as is known. */
  acceptsPost: boolean
  /** What happens where pages bring less than the server counts: an error, or a call. */
  readonly onMismatch: 'fail' | ((mismatch: SluiceError) => void)
}

/** An answer that another attempt would not change. */
export class SearchRefusal extends Error {
  constructor(
    readonly status: number,
    readonly issues: IssueCounts | undefined,
    /** Ends a message with where the answer is kept. */
    readonly kept: string,
  ) {
    super(`status ${status}${issues === undefined ? '' : ` (${issueText(issues)})`}`)
    this.name = 'SearchRefusal'
  }
}

export interface SearchClientOptions {
  readonly server: FhirServer
  readonly pace: Pace
  /** Let the server ignore parameters that it does not support. */
  readonly isLenient: boolean
  readonly onMismatch?: SearchClient['onMismatch']
  /** Called with the server's time of each answer, in milliseconds since 1970. */
  readonly onServerTime?: ((ms: number) => void) | undefined
}

const MAX_PAGE_BYTES = 256 * 2 ** 20
const MAX_REDIRECTS = 5
// A server that fails at one search, and says so itself, does not fail less later.
const BELIEVED_AFTER = 5

export function createSearchClient({
  server,
  pace,
  isLenient,
  onMismatch = 'fail',
  onServerTime = () => {},
}: SearchClientOptions): SearchClient {
  const headers = {
    accept: 'application/fhir+json, application/json;q=0.9',
    'accept-encoding': 'gzip',
    // A server that ignores the ids would send everybody's data.
    prefer: isLenient ? 'handling=lenient' : 'handling=strict',
  }
  const send = async ({ url, form }: SearchRequest, at: string): Promise<HttpAnswer> => {
    const request =
      form === undefined
        ? ({ headers, redirects: 'none' } as const)
        : ({
            method: 'POST',
            headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
            body: form,
            redirects: 'none',
          } as const)
    let target = url
    for (let redirects = 0; ; redirects += 1) {
      const answer = await server.send(target, request)
      const next = redirectOf(answer)
      if (next === undefined) return answer
      answer.body.destroy()
      // A body, and an address with ids in it, are for this server only.
      if (
        redirects === MAX_REDIRECTS ||
        !isOfServer(next, server) ||
        (form !== undefined && answer.status < 307)
      )
        throw invalid(at, 'redirects to another server, or redirects endlessly')
      target = next
    }
  }
  return {
    server,
    acceptsPost: true,
    onMismatch,
    ask: (request, at) =>
      translated(at, server.use, () =>
        server.retry.run({ at }, async (attempt) => {
          const turn = await pace.turn()
          let kind: 'ok' | 'throttled' | 'failed' = 'failed'
          let waitMs: number | undefined
          try {
            const answer = await send(request, at)
            const serverMs = Date.parse(answer.header('date') ?? '')
            if (!Number.isNaN(serverMs)) onServerTime(serverMs)
            if (answer.status === 429 || answer.status === 503) {
              kind = 'throttled'
              waitMs = retryAfterMs(answer.header)
            }
            const page = await readPage(server, { answer, at, attempt })
            kind = 'ok'
            return page
          } finally {
            turn.end({ kind, retryAfterMs: waitMs })
          }
        }),
      ),
  }
}

interface Answered {
  readonly answer: HttpAnswer
  readonly at: string
  readonly attempt: number
}

/** Throws RequestFailure for an answer that may change. */
async function readPage(server: FhirServer, answered: Answered): Promise<Page> {
  const { answer, at } = answered
  const { status } = answer
  const body = await bodyOf(answer, at)
  if (status < 200 || status >= 300) throw await refusal(server, answered, body)
  checkWebPage(answer, body.subarray(0, 4096).toString('utf8'))
  let page: Page
  try {
    page = parsePage(body)
  } catch (error) {
    if (!(error instanceof PageFault)) throw error
    // A gateway may answer so for a moment.
    if (answered.attempt < BELIEVED_AFTER && parseObject(body.toString('utf8'))?.resourceType === undefined)
      throw new RequestFailure({ status, code: FAILED.otherData, isRetryable: true })
    throw invalid(at, `gives an answer that ${error.message}`)
  }
  // A search that did not find what it was to find because something failed is not a complete one.
  if (hasErrors(page.issues) || (page.kind === 'resource' && page.resources.length === 0))
    throw await refusal(server, answered, body)
  return page
}

async function refusal(server: FhirServer, { answer, at, attempt }: Answered, body: Buffer): Promise<Error> {
  const { status } = answer
  const text = body.toString('utf8')
  const kept = await server.answers.keep({ call: 'search', item: at, answer, text })
  if (status === 401 || status === 403) return refusedAccess(server, answer, kept)
  const issues = issuesOf(parseObject(text))
  const isOwn = issues !== undefined && !isTransient(issues) && status !== 429 && status !== 503
  if (isRetryableStatus(status) && !(isOwn && attempt >= BELIEVED_AFTER))
    return failureOf(answer, { isRetryable: true })
  if (issues !== undefined && isTransient(issues) && attempt < BELIEVED_AFTER)
    return failureOf(answer, { isRetryable: true })
  return new SearchRefusal(status, issues, kept)
}

async function bodyOf(answer: HttpAnswer, at: string): Promise<Buffer> {
  const pieces = piecesOf(answer)
  const held: Uint8Array[] = []
  let bytes = 0
  try {
    for (let piece = await pieces.next(); piece !== undefined; piece = await pieces.next()) {
      bytes += piece.length
      if (bytes > MAX_PAGE_BYTES)
        throw sluiceError('EXPORT_INVALID', {
          at,
          message: `sends a page of more than ${MAX_PAGE_BYTES} bytes`,
          help: 'use a smaller _count in the search',
        })
      held.push(piece)
    }
  } finally {
    pieces.close()
  }
  return Buffer.concat(held)
}

export const invalid = (at: string, message: string) => sluiceError('EXPORT_INVALID', { at, message })
