import { sluiceError } from '../../errors.js'
import { checkOtherData, checkRetryable, isRetryableStatus, translated } from '../../fhir-client/failures.js'
import type { Pace, TurnResult } from '../../fhir-client/pace.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import { objectsIn, parseObject, textOf } from '../../http/body.js'
import { retryAfterMs } from '../../http/retry-after.js'
import { isRecord } from '../../json/record.js'
import { isId } from '../identity.js'
import type { Search, SearchAnswer } from './search.js'
import { isCondition } from './search-query.js'

const MAX_BYTES = 32 * 2 ** 20
const MAX_PAGES = 10
/** A search that the server breaks on so often does not end the load: the others may succeed. */
const MAX_ERRORS = 5

const HEADERS = {
  accept: 'application/fhir+json',
  // A server that ignored a parameter would find others than were meant.
  prefer: 'handling=strict',
  // HAPI answers a search with what it found a minute ago.
  'cache-control': 'no-cache',
}

/** Searches a FHIR server, at its pace. */
export const serverSearch =
  (server: FhirServer, pace: Pace): Search =>
  async (type, query) => {
    if (!isCondition(query)) return { kind: 'refused' }
    const ids = new Set<string>()
    let url: URL | undefined = new URL(type, server.base)
    // Two matches are enough to know that the search is ambiguous.
    url.search = `?${query}&_count=2`
    for (let page = 0; url !== undefined; page += 1) {
      if (page === MAX_PAGES) return { kind: 'refused' }
      const found: Page | undefined = await readPage(server, pace, { type, url })
      if (found === undefined) return { kind: 'refused' }
      for (const id of found.ids) ids.add(id)
      if (ids.size > 1) break
      url = found.next
    }
    return { kind: 'found', ids: [...ids] } satisfies SearchAnswer
  }

interface Page {
  readonly ids: readonly string[]
  readonly next: URL | undefined
}

interface PageRequest {
  readonly type: string
  readonly url: URL
}

/** Undefined where the server refuses the search. */
function readPage(server: FhirServer, pace: Pace, { type, url }: PageRequest): Promise<Page | undefined> {
  // The query may name a patient.
  const at = new URL(type, server.base).href
  const attempt = async (attemptNumber: number): Promise<Page | undefined> => {
    const turn = await pace.turn()
    let result: TurnResult = { kind: 'failed' }
    try {
      const answer = await server.send(url, { headers: HEADERS })
      const { status } = answer
      const text = await textOf(answer, MAX_BYTES)
      result = turnResult(status, retryAfterMs(answer.header))
      if (status === 401 || status === 403) throw refusedAccess(server, answer)
      if (status === 500 && attemptNumber === MAX_ERRORS) return undefined
      checkRetryable(answer, text)
      const body = parseObject(text)
      if (status >= 400 && status < 500) return undefined
      checkOtherData(answer, body)
      if (status === 200 && body?.resourceType === 'Bundle') return pageOf(server, type, body)
      throw sluiceError(server.use.invalid, {
        at,
        message: `answers a search with status ${status} but without a Bundle`,
      })
    } finally {
      turn.end(result)
    }
  }
  return translated(at, server.use, () => server.retry.run({ at }, attempt))
}

function turnResult(status: number, waitMs: number | undefined): TurnResult {
  if (status === 429 || status === 503) return { kind: 'throttled', retryAfterMs: waitMs }
  return { kind: isRetryableStatus(status) ? 'failed' : 'ok' }
}

function pageOf(server: FhirServer, type: string, bundle: Readonly<Record<string, unknown>>): Page {
  const ids = objectsIn(bundle.entry).flatMap(({ resource, search }) => {
    const isMatch = !isRecord(search) || search.mode === undefined || search.mode === 'match'
    if (!isMatch || !isRecord(resource) || resource.resourceType !== type) return []
    return typeof resource.id === 'string' && isId(resource.id) ? [resource.id] : []
  })
  const link = objectsIn(bundle.link).find(({ relation }) => relation === 'next')
  if (link === undefined) return { ids, next: undefined }
  const next = server.addressOf(link.url, 'the next page')
  if (server.isTrusted(next)) return { ids, next }
  throw sluiceError(server.use.invalid, {
    at: server.base.href,
    message: `links to the next page of a search on another server, ${next.origin}`,
    help: 'if that origin belongs to the server, name it as a trusted origin',
  })
}
