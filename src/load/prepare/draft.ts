import { idOfEntry, isId, isTypeName } from '../identity.js'
import type { EntryMethod, Prepared } from '../prepared.js'
import type { EntryRequest, LoadEntry } from '../unit.js'
import { type Fault, fault } from './faults.js'
import { addressText, parseAddress, type RequestAddress } from './request-address.js'
import { withId, withoutVersions } from './resource-edit.js'

/** How entries become requests. */
export interface DraftOptions {
  /**
   * `put`: what has an id is PUT by it. `post`: requests stay as the input has them, and what has none is POSTed, so
   * that the server gives ids.
   */
  readonly method: 'put' | 'post'
  /** Whether `meta.lastUpdated` and `meta.versionId` are sent. */
  readonly keepVersions: boolean
}

/** An entry on its way to a request. */
export interface Draft {
  readonly kind: 'draft'
  readonly entry: LoadEntry
  readonly method: EntryMethod
  readonly address: RequestAddress
  readonly conditions: Pick<EntryRequest, 'ifNoneExist' | 'ifMatch' | 'ifNoneMatch'>
  /** The resource, with the id of `address`; empty for a request without one. */
  readonly body: Buffer
}

/** Decides what is asked of the server for an entry. */
export function draftOf(entry: LoadEntry, options: DraftOptions): Draft | Fault {
  const { request } = entry
  switch (request?.method) {
    case 'DELETE':
    case 'PATCH':
      return changeDraft(entry, request, request.method)
    case 'PUT':
    case 'POST':
    case undefined:
      break
    default:
      return fault('REQUEST_UNSUPPORTED')
  }
  if (entry.resource.length === 0) return fault('NO_RESOURCE')
  if (!isTypeName(entry.type)) return fault('BAD_TYPE')
  if (request?.method === 'PUT') return updateDraft(entry, request)
  if (request !== undefined && !namesType(request.url, entry.type)) return fault('URL_MISMATCH')
  return creationDraft(entry, options)
}

function changeDraft(entry: LoadEntry, request: EntryRequest, method: 'DELETE' | 'PATCH'): Draft | Fault {
  const address = parseAddress(request.url)
  if (address === undefined || address.kind === 'type') return fault('URL_MISMATCH')
  if (address.kind === 'instance' && !isId(address.id)) return fault('BAD_ID')
  if (method === 'PATCH' && entry.resource.length === 0) return fault('NO_RESOURCE')
  const { ifMatch } = request
  const body = method === 'PATCH' ? entry.resource : NOTHING
  return { kind: 'draft', entry, method, address, conditions: { ifMatch }, body }
}

const NOTHING = Buffer.alloc(0)

function updateDraft(entry: LoadEntry, request: EntryRequest): Draft | Fault {
  const address = parseAddress(request.url)
  if (address === undefined || address.kind === 'type' || address.type !== entry.type)
    return fault('URL_MISMATCH')
  const { ifMatch, ifNoneMatch } = request
  const conditions = { ifMatch, ifNoneMatch }
  if (address.kind === 'search') {
    if (entry.id !== undefined && !isId(entry.id)) return fault('BAD_ID')
    return { kind: 'draft', entry, method: 'PUT', address, conditions, body: entry.resource }
  }
  if (!isId(address.id)) return fault('BAD_ID')
  if (entry.id !== undefined && entry.id !== address.id) return fault('URL_MISMATCH')
  return { kind: 'draft', entry, method: 'PUT', address, conditions, body: bodyWithId(entry, address.id) }
}

const bodyWithId = ({ id, resource }: LoadEntry, wanted: string): Buffer =>
  id === wanted ? resource : withId(resource, wanted)

function namesType(url: string, type: string): boolean {
  const address = parseAddress(url)
  return address?.kind === 'type' && address.type === type
}

function creationDraft(entry: LoadEntry, { method }: DraftOptions): Draft | Fault {
  const { type, request, resource } = entry
  const ifNoneExist = request?.ifNoneExist
  // An empty condition is none.
  if ((ifNoneExist !== undefined && ifNoneExist !== '') || method === 'post') {
    const conditions = ifNoneExist === '' ? {} : { ifNoneExist }
    return {
      kind: 'draft',
      entry,
      method: 'POST',
      address: { kind: 'type', type },
      conditions,
      body: resource,
    }
  }
  const id = idOfEntry(entry)
  if (id === undefined) return fault('NO_ID')
  if (!isId(id)) return fault('BAD_ID')
  const address = { kind: 'instance', type, id } as const
  return { kind: 'draft', entry, method: 'PUT', address, conditions: {}, body: bodyWithId(entry, id) }
}

/** What is sent for a draft. `fullUrl` only where references of the same transaction may name it. */
export function preparedOf(draft: Draft, options: DraftOptions, fullUrl?: string): Prepared {
  const { entry, method, address, conditions, body } = draft
  const { ordinal, offset } = entry
  const id = address.kind === 'instance' ? address.id : entry.id
  const isWhole = method === 'PUT' || method === 'POST'
  return {
    entry: { ordinal, offset, type: address.type, id },
    method,
    url: addressText(address),
    ...conditions,
    ...(fullUrl === undefined ? {} : { fullUrl }),
    body: isWhole && !options.keepVersions ? withoutVersions(body) : body,
    isRepeatable: isRepeatable(draft),
  }
}

/**
 * Whether a second request would leave the server as the first did, and be answered as a success. One that depends on a
 * version would be refused, although the first one was accepted.
 */
function isRepeatable({ method, conditions }: Draft): boolean {
  if (conditions.ifMatch !== undefined || conditions.ifNoneMatch !== undefined) return false
  return method === 'PUT' || method === 'DELETE' || conditions.ifNoneExist !== undefined
}
