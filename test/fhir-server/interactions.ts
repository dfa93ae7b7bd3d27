import { operationsOf, patched } from './json-patch.js'
import type { FhirServerOptions } from './options.js'
import { PAGE_PARAMETER, type Pages, type SearchSet } from './paging.js'
import { isConditional, literalTarget, referencesIn } from './references.js'
import { Refusal } from './refusal.js'
import type { EntryRequest, Resource } from './resource.js'
import { matches, type Searchable } from './search.js'
import { parseQuery } from './search-query.js'
import type { ResourceStore, Version } from './store.js'
import { checkId, checkIsNotFuture, checkResource, checkType } from './validation.js'

/** What interactions work on. */
export interface Service extends Searchable {
  readonly store: ResourceStore
  readonly pages: Pages
  readonly options: FhirServerOptions
  readonly now: () => number
  /** The base address, without a slash at its end. */
  readonly base: () => string
}

/** What an interaction came to. */
export interface Done {
  readonly status: 200 | 201 | 204
  /** The version written or read. */
  readonly version?: Version
  readonly body?: Resource | SearchSet
}

interface Target {
  readonly type: string
  readonly id: string | undefined
  readonly version: number | undefined
  readonly search: URLSearchParams
}

/** Does one request, or one entry of a Bundle. Throws a Refusal. */
export function perform(service: Service, request: EntryRequest, resource: Resource | undefined): Done {
  const target = targetOf(request.url)
  checkType(target.type)
  switch (request.method) {
    case 'GET':
      return get(service, target)
    case 'POST':
      return create(service, target, request, resource)
    case 'PUT':
      return update(service, target, request, resource)
    case 'PATCH':
      return patch(service, target, request, resource)
    case 'DELETE':
      return remove(service, target)
    default:
      throw new Refusal(405, 'not-supported', 'the server does not support this method')
  }
}

function targetOf(url: string): Target {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const [type = '', id, history, version, ...more] = path.replace(/^\//, '').split('/')
  const isVersion = history === '_history' && /^\d+$/.test(version ?? '')
  if (more.length > 0 || (history !== undefined && !isVersion))
    throw new Refusal(404, 'not-supported', 'the server has no such operation')
  return { type, id, version: isVersion ? Number(version) : undefined, search: new URLSearchParams(query) }
}

function get(service: Service, { type, id, version, search }: Target): Done {
  if (id === undefined) {
    const token = search.get(PAGE_PARAMETER)
    return { status: 200, body: token === null ? find(service, type, search) : service.pages.next(token) }
  }
  const found =
    version === undefined ? service.store.current(type, id) : service.store.version(type, id, version)
  if (found === undefined) throw new Refusal(404, 'not-found', 'no such resource')
  if (found.resource === undefined) throw new Refusal(410, 'deleted', 'the resource was deleted')
  return { status: 200, version: found, body: found.resource }
}

/** A search; its parameters may come from a form. */
export function find({ pages, options }: Service, type: string, search: URLSearchParams): SearchSet {
  return pages.first(parseQuery(type, search, options.unknownParameters === 'strict'))
}

/** What one conditional request means: undefined where nothing matches. Throws 412 where several do. */
export function onlyMatch(service: Searchable, type: string, query: string): Version | undefined {
  const search = new URLSearchParams(query.replace(/^.*\?/, ''))
  const [first, second] = matches(service, parseQuery(type, search, true))
  if (second !== undefined) throw new Refusal(412, 'multiple-matches', 'several resources match')
  return first
}

function create(
  service: Service,
  target: Target,
  request: EntryRequest,
  resource: Resource | undefined,
): Done {
  const { type } = target
  if (target.id !== undefined) throw new Refusal(405, 'not-supported', 'POST takes a type, not an id')
  const checked = checkWritable(service, resource, type)
  const existing = request.ifNoneExist && onlyMatch(service, type, request.ifNoneExist)
  if (existing) return { status: 200, version: existing }
  return { status: 201, version: service.store.write(type, service.store.newId(), checked) }
}

function update(
  service: Service,
  target: Target,
  request: EntryRequest,
  resource: Resource | undefined,
): Done {
  const { type, search } = target
  const checked = checkWritable(service, resource, type)
  if (target.id === undefined && [...search].length === 0)
    throw new Refusal(405, 'not-supported', 'PUT needs an id')
  const found = target.id === undefined ? onlyMatch(service, type, search.toString()) : undefined
  const id = target.id ?? found?.id ?? checked.id ?? service.store.newId()
  checkId(id)
  if (checked.id !== undefined && checked.id !== id)
    throw new Refusal(400, 'invalid', 'the id of the resource is not that of the URL')
  const before = service.store.current(type, id)
  checkIfMatch(request.ifMatch, before)
  const version = service.store.write(type, id, checked)
  return { status: before?.resource === undefined ? 201 : 200, version }
}

function patch(service: Service, { type, id }: Target, request: EntryRequest, resource?: Resource): Done {
  const before = id === undefined ? undefined : service.store.current(type, id)
  if (id === undefined || before?.resource === undefined)
    throw new Refusal(404, 'not-found', 'no such resource')
  checkIfMatch(request.ifMatch, before)
  const changed = checkWritable(service, patched(before.resource, operationsOf(resource)), type)
  return { status: 200, version: service.store.write(type, id, changed) }
}

function checkIfMatch(ifMatch: string | undefined, before: Version | undefined): void {
  if (ifMatch !== undefined && ifMatch.replace(/^W\/|"/g, '') !== String(before?.version))
    throw new Refusal(412, 'conflict', 'the version is not the current one')
}

function remove(service: Service, { type, id, search }: Target): Done {
  const key = id ?? ([...search].length > 0 ? onlyMatch(service, type, search.toString())?.id : undefined)
  const before = key === undefined ? undefined : service.store.current(type, key)
  if (key === undefined || before?.resource === undefined) return { status: 204 }
  if (service.options.checksReferences === true && service.index.referrers(`${type}/${key}`).size > 0)
    throw new Refusal(409, 'conflict', 'other resources refer to this one')
  service.store.write(type, key, undefined)
  return { status: 204 }
}

function checkWritable(service: Service, resource: Resource | undefined, type: string): Resource {
  checkResource(resource, type)
  if (service.options.refusesFuture === true) checkIsNotFuture(resource, service.now())
  checkReferences(service, resource)
  return resource
}

/** Throws 400 where a resource refers to one that is not there; a reference that is no literal one is not there either. */
export function checkReferences({ store, options }: Service, resource: Resource): void {
  if (options.checksReferences !== true) return
  for (const reference of referencesIn(resource)) {
    if (reference.startsWith('#')) continue
    const target = isConditional(reference) ? undefined : literalTarget(reference)
    const [type = '', id = ''] = target?.split('/') ?? []
    if (store.current(type, id)?.resource === undefined)
      throw new Refusal(400, 'processing', 'a resource that is referred to was not found')
  }
}
