import { requestOf } from './bundle-entry.js'
import type { EntryFault } from './faults.js'
import { checkReferences, type Done, onlyMatch, perform, type Service } from './interactions.js'
import { isConditional, mapReferences } from './references.js'
import { Refusal, refusalOf } from './refusal.js'
import type { BundleEntry, EntryRequest, Resource } from './resource.js'

/** The order in which the specification has the entries of a transaction done. */
const ORDER = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET', 'HEAD']

interface Planned {
  readonly place: number
  readonly request: EntryRequest
  readonly resource: Resource | undefined
  /** An `ifNoneExist` has found this: nothing is written. */
  readonly found?: Done
}

/**
 * Does all entries or none. References to the `fullUrl` of an entry become `Type/id`, conditional ones what their
 * search finds before anything is written.
 */
export function transaction(
  service: Service,
  entries: readonly BundleEntry[],
  faults: readonly (EntryFault | undefined)[],
): readonly Done[] {
  const fault = faults.find((found) => found !== undefined)
  if (fault !== undefined)
    throw new Refusal(
      Number.parseInt(fault.status, 10),
      'processing',
      fault.diagnostics ?? 'refused by script',
    )
  return service.store.atomically(() => {
    const ids = new Map<string, string>()
    const planned = entries.map((entry, place) => at(place, () => plan(service, entry, place, ids)))
    const resolve = resolver(service, ids)
    const resolved = planned.map((entry) => ({
      ...entry,
      resource: entry.resource && at(entry.place, () => mapReferences(entry.resource as Resource, resolve)),
    }))
    const unchecked = { ...service, options: { ...service.options, checksReferences: false } }
    const done: Done[] = []
    for (const { place, request, resource, found } of inOrder(resolved))
      done[place] = at(place, () => found ?? perform(unchecked, request, resource))
    done.forEach(({ version }, place) => {
      at(place, () => version?.resource && checkReferences(service, version.resource))
    })
    return done
  })
}

/** Chooses the id of an entry, so that others can refer to it: a POST becomes a PUT of an id that the server chose. */
function plan(service: Service, entry: BundleEntry, place: number, ids: Map<string, string>): Planned {
  const request = requestOf(entry)
  const { fullUrl, resource } = entry
  const [type = '', id] = request.url.replace(/\?.*/s, '').split('/')
  const remember = (key: string): void => {
    if (fullUrl === undefined) return
    if (ids.has(fullUrl)) throw new Refusal(400, 'invalid', 'two entries have the same fullUrl')
    ids.set(fullUrl, key)
  }
  if (request.method === 'POST' && resource !== undefined) {
    const existing = request.ifNoneExist && onlyMatch(service, type, request.ifNoneExist)
    if (existing) {
      remember(existing.key)
      return { place, request, resource, found: { status: 200, version: existing } }
    }
    const url = `${type}/${service.store.newId()}`
    remember(url)
    const { id: _, ...withoutId } = resource
    return { place, request: { ...request, method: 'PUT', url }, resource: withoutId as Resource }
  }
  if (request.method === 'PUT' && id !== undefined) remember(`${type}/${id}`)
  if (request.method === 'PUT' && id === undefined) {
    const found = onlyMatch(service, type, request.url)
    const url = found?.key ?? `${type}/${resource?.id ?? service.store.newId()}`
    remember(url)
    return { place, request: { ...request, url }, resource }
  }
  return { place, request, resource }
}

/** Sorted by the order of the methods as they were asked for. Throws 400 where two entries write the same resource. */
function inOrder(planned: readonly Planned[]): readonly Planned[] {
  const written = new Set<string>()
  for (const { place, request } of planned)
    if (request.method === 'PUT' || request.method === 'DELETE')
      at(place, () => {
        if (written.has(request.url)) throw new Refusal(400, 'invalid', 'two entries write the same resource')
        written.add(request.url)
      })
  return [...planned].sort(
    (left, right) => ORDER.indexOf(left.request.method) - ORDER.indexOf(right.request.method),
  )
}

function resolver(service: Service, ids: ReadonlyMap<string, string>): (reference: string) => string {
  const conditional = new Map<string, string>()
  return (reference) => {
    const known = ids.get(reference) ?? conditional.get(reference)
    if (known !== undefined) return known
    if (reference.startsWith('urn:uuid:'))
      throw new Refusal(400, 'processing', 'a urn:uuid is of no entry of the transaction')
    if (!isConditional(reference)) return reference
    const [type = ''] = reference.split('?')
    const match = onlyMatch(service, type, reference)
    if (match === undefined) throw new Refusal(400, 'processing', 'a conditional reference matches nothing')
    conditional.set(reference, match.key)
    return match.key
  }
}

/** Says at which entry something was refused. */
function at<T>(place: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { status, code, message } = refusalOf(error)
    throw new Refusal(status, code, `Bundle.entry[${place}]: ${message}`)
  }
}
