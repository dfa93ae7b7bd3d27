import { literalTarget, referencesIn } from './references.js'
import type { Resource } from './resource.js'
import type { SearchIndex } from './search-index.js'
import { searchParameter } from './search-parameters.js'
import type { SearchQuery } from './search-query.js'
import { spanOf, targetOf, valuesOf } from './search-values.js'
import type { ResourceStore, Version } from './store.js'

export interface Searchable {
  readonly store: ResourceStore
  readonly index: SearchIndex
}

/** All that match, in the order that is asked for, else in the order in which they came. */
export function matches(searched: Searchable, query: SearchQuery): readonly Version[] {
  const found: Version[] = []
  for (const version of candidates(searched, query))
    if (version.resource !== undefined && passesAll(version.resource, query)) found.push(version)
  return sorted(found, query)
}

const passesAll = (resource: Resource, { filters }: SearchQuery): boolean =>
  filters.every(({ passes }) => passes(resource))

/** As few as an index can tell: by id, by what is referred to, by identifier; else the whole type. */
function candidates({ store, index }: Searchable, { type, filters }: SearchQuery): Iterable<Version> {
  const ofKeys = (keys: Iterable<string>): Version[] =>
    [...new Set(keys)].flatMap((key) =>
      key.startsWith(`${type}/`) ? (store.current(type, key.slice(type.length + 1)) ?? []) : [],
    )
  for (const { name, texts, targets, parameter } of filters) {
    if (name === '_id') return ofKeys(texts.map((id) => `${type}/${id}`))
    if (targets !== undefined) return ofKeys(targets.flatMap((target) => [...index.referrers(target)]))
    const values = texts.map((text) => text.slice(text.indexOf('|') + 1))
    if (name === 'identifier' && parameter.kind === 'token' && !values.includes(''))
      return ofKeys(values.flatMap((value) => [...index.withIdentifier(value)]))
  }
  return store.ofType(type)
}

function sorted(found: Version[], { type, sort }: SearchQuery): readonly Version[] {
  for (const key of [...sort].reverse()) {
    const name = key.replace(/^-/, '')
    const sign = key.startsWith('-') ? -1 : 1
    const orderOf = sortValue(type, name)
    if (orderOf === undefined) continue
    found.sort((left, right) => {
      const [a, b] = [orderOf(left), orderOf(right)]
      return a < b ? -sign : a > b ? sign : 0
    })
  }
  return found
}

function sortValue(type: string, name: string): ((version: Version) => number | string) | undefined {
  if (name === '_id') return ({ id }) => id
  if (name === '_lastUpdated') return ({ updatedMs }) => updatedMs
  const parameter = searchParameter(type, name)
  if (parameter?.kind !== 'date') return undefined
  return ({ resource }) =>
    (resource && spanOf(String(valuesOf(resource, parameter)[0]))?.from) ?? Number.POSITIVE_INFINITY
}

/** What a page includes besides its matches. */
export function included(
  { store, index }: Searchable,
  page: readonly Version[],
  { includes, revincludes }: SearchQuery,
): readonly Version[] {
  const found = new Map<string, Version>()
  const add = (key: string, type?: string): void => {
    const [ofType = '', id = ''] = key.split('/')
    const version = store.current(ofType, id)
    if (version?.resource !== undefined && (type === undefined || type === ofType)) found.set(key, version)
  }
  for (const text of includes) {
    const [source, name = '', target] = text.split(':')
    for (const { type, resource } of page)
      if (resource !== undefined && (source === type || text === '*'))
        for (const key of targetsOf(resource, text === '*' ? undefined : name)) add(key, target)
  }
  for (const text of revincludes) {
    const [source = '', name = ''] = text.split(':')
    for (const { key } of page)
      for (const referrer of index.referrers(key)) {
        const [type = '', id = ''] = referrer.split('/')
        const resource = type === source ? store.current(type, id)?.resource : undefined
        if (resource !== undefined && targetsOf(resource, name).includes(key)) add(referrer)
      }
  }
  for (const { key } of page) found.delete(key)
  return [...found.values()]
}

/** What a resource refers to by one parameter, or at all. */
function targetsOf(resource: Resource, name: string | undefined): readonly string[] {
  if (name === undefined) return referencesIn(resource).flatMap((text) => literalTarget(text) ?? [])
  const parameter = searchParameter(resource.resourceType, name)
  return parameter === undefined
    ? []
    : valuesOf(resource, parameter).flatMap((value) => targetOf(value) ?? [])
}
