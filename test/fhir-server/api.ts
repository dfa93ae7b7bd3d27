import { type Answer, jsonAnswer, refusedAnswer } from './answer.js'
import { performBundle, type SentBundle } from './bundles.js'
import { capabilities } from './capabilities.js'
import { everything } from './everything.js'
import { exactText } from './exact-json.js'
import type { EntryFault } from './faults.js'
import { type Done, find, perform, type Service } from './interactions.js'
import { PAGE_PARAMETER } from './paging.js'
import { Refusal, refusalOf } from './refusal.js'
import type { Resource } from './resource.js'
import { checkType, resourceFrom } from './validation.js'

/** A request to the FHIR API, its body read. */
export interface ApiRequest {
  readonly method: string
  /** Path and query, without the base. */
  readonly path: string
  readonly header: (name: string) => string | undefined
  readonly body: string
  /** Of a POST to the base. */
  readonly bundle: SentBundle | undefined
  readonly faults: readonly (EntryFault | undefined)[]
}

/** What the server answers when nothing goes wrong; never throws. */
export function answerOf(service: Service, request: ApiRequest): Answer {
  try {
    return answered(service, request)
  } catch (error) {
    return refusedAnswer(refusalOf(error))
  }
}

function answered(service: Service, request: ApiRequest): Answer {
  const { method, path, header, body, bundle } = request
  const [route = '', query = ''] = path.split(/\?(.*)/s)
  if (bundle !== undefined) return jsonAnswer(200, performBundle(service, bundle, request.faults))
  const page = route === '' && method === 'GET' ? new URLSearchParams(query).get(PAGE_PARAMETER) : null
  if (page !== null) return jsonAnswer(200, service.pages.next(page))
  if (route === 'metadata' && method === 'GET') return jsonAnswer(200, capabilities(service.base()))
  const [type = '', id = '', operation] = route.split('/')
  if (method === 'POST' && id === '_search') return jsonAnswer(200, formSearch(service, type, query, request))
  if (method === 'GET' && operation === '$everything')
    return jsonAnswer(200, everything(service, type, decodeURIComponent(id)))
  if (route.startsWith('$') || operation?.startsWith('$'))
    throw new Refusal(404, 'not-supported', 'the server has no such operation')
  checkType(type)
  const resource = bodyOf(method, header('content-type'), body)
  const url = query === '' ? decodeURIComponent(route) : `${decodeURIComponent(route)}?${query}`
  const conditions = {
    ifNoneExist: header('if-none-exist'),
    ifMatch: header('if-match'),
    ifNoneMatch: header('if-none-match'),
  }
  return doneAnswer(service, perform(service, { method, url, ...conditions }, resource), header('prefer'))
}

/** The resource of a request; a JSON Patch is one as a Bundle carries it. */
function bodyOf(method: string, contentType: string | undefined, body: string): Resource | undefined {
  if (method === 'PATCH')
    return { resourceType: 'Binary', contentType, data: Buffer.from(body).toString('base64') }
  return method === 'POST' || method === 'PUT' ? resourceFrom(body) : undefined
}

function formSearch(service: Service, type: string, query: string, { header, body }: ApiRequest): object {
  checkType(type)
  if (header('content-type')?.startsWith('application/x-www-form-urlencoded') !== true)
    throw new Refusal(415, 'not-supported', 'a search by POST takes a form')
  return find(
    service,
    type,
    new URLSearchParams([...new URLSearchParams(query), ...new URLSearchParams(body)]),
  )
}

function doneAnswer(service: Service, { status, version, body }: Done, prefer = ''): Answer {
  const headers: Record<string, string> = {}
  if (version !== undefined) {
    headers.etag = `W/"${version.version}"`
    headers['last-modified'] = new Date(version.updatedMs).toUTCString()
    if (body === undefined) headers.location = `${service.base()}/${version.key}/_history/${version.version}`
  }
  if (status === 204 || prefer.includes('return=minimal')) return { status, headers }
  const shown = body ?? version?.resource
  return shown === undefined
    ? { status, headers }
    : {
        status,
        headers: { 'content-type': 'application/fhir+json; charset=utf-8', ...headers },
        body: exactText(shown),
      }
}
