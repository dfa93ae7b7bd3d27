import { createHash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import { invalid, type SearchClient, SearchRefusal } from './client.js'
import { isOfServer } from './links.js'
import type { Page } from './page.js'
import { byPost, isTooLong, type SearchRequest, searchRequest } from './request.js'

/** A search with some of the ids. */
export interface Search {
  readonly text: string
  readonly ids: readonly string[]
  /** What it is called in messages. */
  readonly at: string
}

// How a server answers that does not take a search by POST, and one that finds an address too long.
const NO_POST: ReadonlySet<number> = new Set([400, 404, 405, 406, 415, 422, 501])
const TOO_LONG: ReadonlySet<number> = new Set([413, 414, 431])
const NOT_BY_GET: ReadonlySet<number> = new Set([405, ...TOO_LONG])
// Pages that bring nothing new are rare; a chain of them has no end.
const MAX_REPEATED_PAGES = 10
const MAX_EMPTY_PAGES = 1000

/**
 * All pages of a search. One that is too long for an address goes by POST, or where the server refuses that, with fewer
 * ids at a time. Throws what `SearchClient.ask` throws.
 */
export async function* searchPages(client: SearchClient, search: Search): AsyncGenerator<Page> {
  const { ids, text, at } = search
  const request = searchRequest(client.server.base, text, ids)
  if (!isTooLong(request)) {
    const first = await tried(client, request, { at, unless: TOO_LONG })
    if (first !== undefined) return yield* pagesFrom(client, first, { at, request })
  }
  const posted = client.acceptsPost ? byPost(request) : undefined
  if (posted !== undefined) {
    const first = await tried(client, posted, { at, unless: NO_POST })
    if (first !== undefined) return yield* pagesFrom(client, first, { at, request: posted })
    client.acceptsPost = false
  }
  if (ids.length < 2) return yield* pagesFrom(client, await client.ask(request, at), { at, request })
  const half = Math.ceil(ids.length / 2)
  yield* searchPages(client, { ...search, ids: ids.slice(0, half) })
  yield* searchPages(client, { ...search, ids: ids.slice(half) })
}

/** The first page; undefined where the server answers with one of these statuses. */
async function tried(
  client: SearchClient,
  request: SearchRequest,
  { at, unless }: { readonly at: string; readonly unless: ReadonlySet<number> },
): Promise<Page | undefined> {
  try {
    return await client.ask(request, at)
  } catch (error) {
    if (error instanceof SearchRefusal && unless.has(error.status)) return undefined
    throw error
  }
}

interface Chain {
  readonly at: string
  readonly request: SearchRequest
}

/** Follows `next` to its end, on the same server only. */
async function* pagesFrom(client: SearchClient, first: Page, { at, request }: Chain): AsyncGenerator<Page> {
  const addresses = new Set([digestOf(request.url.href + (request.form ?? ''))])
  const contents = new Set<string>()
  let repeatedCount = 0
  let emptyCount = 0
  let foundCount = 0
  let from = request.url
  for (let page = first, number = 1; ; number += 1) {
    yield page
    foundCount += page.resources.length
    if (page.next === undefined) {
      checkTotal(client, page, { at, foundCount })
      return
    }
    const url = nextAddress(page.next, from, client, at)
    const content = contentOf(page)
    emptyCount = content === undefined ? emptyCount + 1 : 0
    repeatedCount = content !== undefined && contents.has(content) ? repeatedCount + 1 : 0
    if (content !== undefined) contents.add(content)
    const address = digestOf(url.href)
    if (addresses.has(address) || repeatedCount >= MAX_REPEATED_PAGES || emptyCount >= MAX_EMPTY_PAGES)
      throw invalid(at, `leads in a circle: the pages have no end (page ${number})`)
    addresses.add(address)
    page = await askNext(client, url, `${at}, page ${number + 1}`)
    from = url
  }
}

/** Throws SOURCE_INCOMPLETE where the last page counts more resources than all pages brought. */
function checkTotal(
  { onMismatch }: SearchClient,
  { total }: Page,
  { at, foundCount }: { readonly at: string; readonly foundCount: number },
): void {
  if (total === undefined || foundCount >= total) return
  const error = sluiceError('SOURCE_INCOMPLETE', {
    at,
    message: `the server counts ${total} resources, but its pages returned ${foundCount}`,
    help: 'run it again, or accept the mismatch with --on-mismatch warn',
  })
  if (onMismatch === 'fail') throw error
  onMismatch(error)
}

/** The page at an address. That of a search by POST may be too long for a GET, or be one that is only taken by POST. */
async function askNext(client: SearchClient, url: URL, at: string): Promise<Page> {
  try {
    return await client.ask({ url }, at)
  } catch (error) {
    const form = byPost({ url })
    if (form === undefined || !(error instanceof SearchRefusal) || !NOT_BY_GET.has(error.status)) throw error
    return client.ask(form, at)
  }
}

function nextAddress(next: string, from: URL, { server }: SearchClient, at: string): URL {
  // Relative addresses are those of resources, from the base, or only the parameters.
  const start = /^[?#/]/.test(next) ? from : server.base
  const url = URL.canParse(next, start.href) ? new URL(next, start) : undefined
  if (url === undefined) throw invalid(at, 'links to its next page with an invalid address')
  url.hash = ''
  if (isOfServer(url, server)) return url
  throw invalid(at, `has its next page elsewhere (${url.origin}), which is not followed`)
}

/** A digest of what a page holds; undefined for an empty one. */
function contentOf({ resources }: Page): string | undefined {
  if (resources.length === 0) return undefined
  return digestOf(resources.map(({ type, id }) => `${type}/${id}`).join('\n'))
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)
