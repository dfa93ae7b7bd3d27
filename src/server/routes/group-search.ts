import { findMember, skipSpace } from '../../json/scanner.js'
import type { Source } from '../../storage/store.js'
import { type Grant, permits } from '../auth/scopes.js'
import type { Catalog } from '../catalog/catalog.js'
import type { GroupPlace, ItemIndex } from '../catalog/item-index.js'
import { RunReader } from '../catalog/item-ranges.js'
import { isPacked } from '../catalog/packing.js'
import {
  FHIR_JSON,
  type HttpAnswer,
  type HttpRequest,
  jsonAnswer,
  mediaTypeOf,
} from '../http/http-message.js'
import { type CurrentSnapshot, currentGroups, findGroup, readGroup } from '../query/group.js'
import { filterTest, parseFilter, SearchRefusal } from '../query/search.js'
import { badRequest, notFound, onlyAnonymizedData, Refusal } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'
import { turns } from '../turns.js'
import { acceptsJson, currentState, isLenientRequest } from './kick-off.js'

export interface GroupOptions {
  readonly baseUrl: () => string
  readonly source: Source
  readonly catalog: Catalog
  /** Whether only anonymized data may leave. Groups name patients, so they count as raw data. */
  readonly onlyAnonymized: boolean
  readonly onEvent: (event: ServerEvent) => void
}

const MAX_PARAMETERS = 50
const DEFAULT_COUNT = 50
const MAX_COUNT = 100
/** Maximum size of a page, unless a single group is larger. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024
/** Time limit for a page, below that of an answer. */
const SEARCH_TIMEOUT_MS = 50_000

/** Answers `GET Group/[id]` with the group's newest version, byte for byte. Throws Refusal. */
export async function groupRead(
  options: GroupOptions,
  request: HttpRequest,
  grant: Grant,
): Promise<HttpAnswer> {
  checkAccess(options, request, grant)
  const group = findGroup(await currentState(options.catalog), request.params.id ?? '')
  if (group === undefined) throw notFound('The Group was not found.')
  const line = await readGroup(options.source, group)
  options.onEvent({ event: 'group.read', level: 'info', client: grant.client, address: request.address })
  return {
    status: 200,
    headers: { 'content-type': FHIR_JSON, 'cache-control': 'no-store' },
    body: line.toString('utf8').trim(),
  }
}

/** Answers `GET Group?…` and `POST Group/_search` with a page of a searchset. Throws Refusal. */
export async function groupSearch(
  options: GroupOptions,
  request: HttpRequest,
  grant: Grant,
): Promise<HttpAnswer> {
  checkAccess(options, request, grant)
  const query = readQuery(request)
  const state = await currentState(options.catalog)
  const page = await readPage(options.source, state, query)
  options.onEvent({
    event: 'group.searched',
    level: 'info',
    client: grant.client,
    address: request.address,
    count: page.entries.length,
  })
  return jsonAnswer(200, bundleOf(page, query, options.baseUrl()), { 'content-type': FHIR_JSON })
}

async function readPage(source: Source, state: CurrentSnapshot, query: Query): Promise<Page> {
  const page: Page = { entries: [], bytes: 0, isFull: false, total: 0 }
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(tooSlow()), SEARCH_TIMEOUT_MS)
  const turn = turns(late.signal)
  try {
    for await (const line of linesOfGroups(source, state)) {
      await turn()
      if (query.test(withoutMembers(line))) take(page, line, query)
    }
    return page
  } finally {
    clearTimeout(timer)
  }
}

const tooSlow = (): Refusal =>
  new Refusal('The search takes too long; ask again later, or read the Group by its id.', {
    status: 503,
    code: 'transient',
    retryAfterSeconds: 30,
  })

function checkAccess({ onlyAnonymized }: GroupOptions, request: HttpRequest, grant: Grant): void {
  if (!acceptsJson(request))
    throw new Refusal('Accept must allow application/fhir+json.', { status: 406, code: 'not-supported' })
  if (onlyAnonymized) throw onlyAnonymizedData()
  if (!permits(grant, 'Group'))
    throw new Refusal("The token's scopes do not allow reading Group.", { status: 403, code: 'forbidden' })
}

interface Query {
  /** Search criteria, without the paging parameters. */
  readonly search: URLSearchParams
  readonly test: (group: unknown) => boolean
  readonly count: number
  readonly offset: number
}

function readQuery(request: HttpRequest): Query {
  const given = [...request.query, ...formOf(request)].filter(([name]) => name !== '_format')
  if (given.length > MAX_PARAMETERS)
    throw badRequest(`A search may have at most ${MAX_PARAMETERS} parameters.`, 'too-costly')
  const search = new URLSearchParams()
  let count = DEFAULT_COUNT
  let offset = 0
  for (const [name, value] of given)
    if (name === '_count') count = Math.min(MAX_COUNT, numberOf(name, value))
    else if (name === '_offset') offset = numberOf(name, value)
    else if (isSupported(name, value, isLenientRequest(request))) search.append(name, value)
  const filters = search.size === 0 ? [] : [parseFilter(`Group?${search.toString()}`)]
  return { search, test: filters.length === 0 ? () => true : filterTest(filters), count, offset }
}

/** Throws Refusal for unsupported criteria, unless the client asked for lenient handling. */
function isSupported(name: string, value: string, isLenient: boolean): boolean {
  try {
    parseFilter(`Group?${new URLSearchParams([[name, value]]).toString()}`)
    return true
  } catch (error) {
    if (!(error instanceof SearchRefusal)) throw error
    if (isLenient) return false
    throw badRequest(`The search ${error.message}.`, 'not-supported')
  }
}

function formOf(request: HttpRequest): [string, string][] {
  if (request.body === undefined || request.body.length === 0) return []
  const type = mediaTypeOf(request)
  if (type !== 'application/x-www-form-urlencoded')
    throw new Refusal('The body must be application/x-www-form-urlencoded.', {
      status: 415,
      code: 'not-supported',
    })
  return [...new URLSearchParams(request.body.toString('utf8'))]
}

function numberOf(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw badRequest(`${name} must be a number.`, 'value')
  return Number(value)
}

/** Yields the newest version of every group; each is valid until the next is requested. */
async function* linesOfGroups(source: Source, state: CurrentSnapshot): AsyncGenerator<Buffer> {
  const byItem = new Map<ItemIndex, GroupPlace[]>()
  for (const { index, place } of currentGroups(state)) {
    const places = byItem.get(index) ?? []
    places.push(place)
    byItem.set(index, places)
  }
  for (const [index, places] of byItem) {
    const reader = new RunReader(source, index.item, isPacked(index), each(places))
    try {
      for (const { length } of places) {
        const line = Buffer.allocUnsafe(length)
        yield line.subarray(0, await reader.read(line))
      }
    } finally {
      await reader.close()
    }
  }
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

/** Returns the group without its members: there may be millions, and no search needs them. */
function withoutMembers(line: Buffer): unknown {
  const member = findMember(line, skipSpace(line, 0, line.length), line.length, 'member')
  if (member === undefined) return JSON.parse(line.toString('utf8'))
  const [before, after] = [line.subarray(0, member.start), line.subarray(member.end)]
  return JSON.parse(`${before.toString('utf8')}[]${after.toString('utf8')}`)
}

interface Page {
  readonly entries: string[]
  bytes: number
  isFull: boolean
  total: number
}

function take(page: Page, line: Buffer, { count, offset }: Query): void {
  page.total += 1
  if (page.total <= offset || page.isFull) return
  const isTooLarge = page.entries.length > 0 && page.bytes + line.length > MAX_PAGE_BYTES
  if (page.entries.length >= count || isTooLarge) {
    page.isFull = true
    return
  }
  page.entries.push(line.toString('utf8').trim())
  page.bytes += line.length
}

function bundleOf({ entries, total }: Page, { search, count, offset }: Query, baseUrl: string): object {
  const url = (at: number): string => {
    const parameters = new URLSearchParams(search)
    parameters.set('_count', String(count))
    if (at > 0) parameters.set('_offset', String(at))
    return `${baseUrl}/Group?${parameters.toString()}`
  }
  const next = offset + entries.length
  const resources = entries.map((text) => JSON.parse(text) as { readonly id?: unknown })
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total,
    link: [
      { relation: 'self', url: url(offset) },
      ...(entries.length > 0 && next < total ? [{ relation: 'next', url: url(next) }] : []),
    ],
    entry: resources.map((resource) => ({
      ...(typeof resource.id === 'string' ? { fullUrl: `${baseUrl}/Group/${resource.id}` } : {}),
      resource,
      search: { mode: 'match' },
    })),
  }
}
