import { randomUUID } from 'node:crypto'
import type { FhirServerOptions } from './options.js'
import { Refusal } from './refusal.js'
import type { Resource } from './resource.js'
import { included, matches, type Searchable } from './search.js'
import type { SearchQuery } from './search-query.js'
import type { Version } from './store.js'

export interface Link {
  readonly relation: string
  readonly url: string
}

export interface SearchSet {
  readonly resourceType: 'Bundle'
  readonly id: string
  readonly type: 'searchset'
  readonly total?: number
  readonly link: readonly Link[]
  readonly entry?: readonly object[]
}

/** A search under way: what it found when it began, so that its pages do not shift. */
interface Snapshot {
  readonly query: SearchQuery
  readonly keys: readonly string[]
}

const MAX_SNAPSHOTS = 1_000
/** The parameter of a `next` link. Its value means something to this server only. */
export const PAGE_PARAMETER = 'ct'

/** Searches, page by page. */
export class Pages {
  readonly #searched: Searchable
  readonly #options: FhirServerOptions
  readonly #base: () => string
  readonly #snapshots = new Map<string, Snapshot>()
  #shuffled = 0

  constructor(searched: Searchable, options: FhirServerOptions, base: () => string) {
    this.#searched = searched
    this.#options = options
    this.#base = base
  }

  first(query: SearchQuery): SearchSet {
    const found = matches(this.#searched, query)
    if (query.isCountOnly) return { ...searchSet([]), total: found.length }
    const name = randomUUID()
    const snapshot = { query, keys: found.map(({ key }) => key) }
    if (found.length > this.#sizeOf(query)) this.#keep(name, snapshot)
    return this.#page(name, snapshot, 0)
  }

  /** The page of a token. Throws 410 where its search is forgotten, as after a restart. */
  next(token: string): SearchSet {
    const [name = '', offset = ''] = Buffer.from(token, 'base64url').toString().split(' ')
    const snapshot = this.#snapshots.get(name)
    if (snapshot === undefined) throw new Refusal(410, 'not-found', 'the page is not kept any more')
    return this.#page(name, snapshot, Number(offset))
  }

  #keep(name: string, snapshot: Snapshot): void {
    this.#snapshots.set(name, snapshot)
    const [oldest] = this.#snapshots.keys()
    if (this.#snapshots.size > MAX_SNAPSHOTS && oldest !== undefined) this.#snapshots.delete(oldest)
  }

  #sizeOf({ count }: SearchQuery): number {
    const { pageSize = 10, maxPageSize = 1_000 } = this.#options
    return Math.min(count ?? pageSize, maxPageSize)
  }

  #page(name: string, { query, keys }: Snapshot, offset: number): SearchSet {
    const size = this.#sizeOf(query)
    const page = keys.slice(offset, offset + size).flatMap((key) => this.#current(key) ?? [])
    const others = included(this.#searched, page, query)
    const link = (relation: string, at: number): Link => ({ relation, url: this.#url(query, name, at) })
    const links = [link('self', offset)]
    if (offset + size < keys.length) links.push(link('next', offset + size))
    if (offset > 0) links.push(link('first', 0), link('previous', Math.max(0, offset - size)))
    const entry = (mode: string) => (version: Version) => this.#entry(version, mode, query)
    const entries = [...page.map(entry('match')), ...others.map(entry('include'))]
    return {
      ...searchSet(this.#ordered(links)),
      ...(this.#options.totals !== false && { total: keys.length }),
      ...(entries.length > 0 && { entry: entries }),
    }
  }

  #current(key: string): Version | undefined {
    const [type = '', id = ''] = key.split('/')
    const version = this.#searched.store.current(type, id)
    return version?.resource === undefined ? undefined : version
  }

  #url({ type, text }: SearchQuery, name: string, offset: number): string {
    const query = new URLSearchParams(text)
    const token = Buffer.from(`${name} ${offset}`).toString('base64url')
    if (offset > 0 && this.#options.nextAt === 'base') return `${this.#base()}?${PAGE_PARAMETER}=${token}`
    if (offset > 0) query.set(PAGE_PARAMETER, token)
    const search = query.toString()
    return `${this.#base()}/${type}${search === '' ? '' : `?${search}`}`
  }

  #ordered(links: readonly Link[]): readonly Link[] {
    const { links: order = 'self-first' } = this.#options
    if (order === 'self-first') return links
    const next = links.filter(({ relation }) => relation === 'next')
    if (order === 'next-first') return [...next, ...links.filter((link) => !next.includes(link))]
    this.#shuffled += 1
    const turn = this.#shuffled % links.length
    return [...links.slice(turn), ...links.slice(0, turn)]
  }

  #entry({ key, resource }: Version, mode: string, { elements }: SearchQuery): object {
    const shown = resource && elements !== undefined ? onlyElements(resource, elements) : resource
    return { fullUrl: `${this.#base()}/${key}`, resource: shown, search: { mode } }
  }
}

const searchSet = (link: readonly Link[]): SearchSet => ({
  resourceType: 'Bundle',
  id: randomUUID(),
  type: 'searchset',
  link,
})

function onlyElements(resource: Resource, elements: readonly string[]): Resource {
  const kept = new Set(['resourceType', 'id', 'meta', ...elements])
  const tag = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' }]
  const shown = Object.fromEntries(Object.entries(resource).filter(([key]) => kept.has(key)))
  return { ...shown, resourceType: resource.resourceType, meta: { ...resource.meta, tag } }
}
