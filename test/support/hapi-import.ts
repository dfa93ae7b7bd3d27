import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

type Json = Readonly<Record<string, unknown>>

/** What the server does otherwise than well. Each may be changed while it runs. */
export interface HapiImportPlan {
  /** Polls that are answered 202 first. */
  pollsBefore?: number
  /** Answers each poll so. */
  poll?: (count: number) => { readonly status: number; readonly body?: object } | undefined
  /** Resources that it takes and does not store. */
  lose?: (resource: Json) => boolean
  /** Status of every search. */
  search?: number
}

export interface HapiImport {
  readonly base: string
  plan: HapiImportPlan
  /** What was imported, by `Type/id`. */
  readonly stored: Map<string, Json>
  /** Addresses of the files of each job, in the order in which they were fetched. */
  readonly fetched: string[][]
  readonly asked: string[]
}

// `ResourceOrderUtil` of HAPI: what others refer to comes first.
const ORDER = ['Organization', 'Practitioner', 'Patient', 'Encounter', 'Condition', 'Observation']
const PAGE_SIZE = 20

/**
 * The `$import` of HAPI FHIR as its BulkDataImportProvider answers: it fetches the files itself, and its answers hold a
 * text and no counts.
 */
export async function startHapiImport(
  t: Pick<Test, 'teardown'>,
  plan: HapiImportPlan = {},
): Promise<HapiImport> {
  const stored = new Map<string, Json>()
  const fetched: string[][] = []
  const asked: string[] = []
  const jobs: { readonly urls: readonly string[]; polls: number; work?: Promise<void> }[] = []
  let polls = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '' } = request
      asked.push(`${method} ${url}`)
      answer(request, Buffer.concat(chunks).toString('utf8'))
        .catch((error: unknown) => ({ status: 500, body: outcome('error', String(error)), headers: {} }))
        .then(({ status, body, headers }) =>
          response
            .writeHead(status, { 'content-type': 'application/fhir+json;charset=utf-8', ...headers })
            .end(body === undefined ? '' : JSON.stringify(body, null, 2)),
        )
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const base = `${origin}/fhir`
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const self: HapiImport = { base, plan, stored, fetched, asked }
  return self

  async function answer({ method, url = '', headers }: IncomingMessage, body: string): Promise<Answer> {
    const { pathname, searchParams } = new URL(url, origin)
    if (method === 'POST' && pathname === '/fhir/$import') return kickOff(String(headers.prefer), body)
    if (method === 'DELETE') return { status: 202 }
    if (pathname === '/fhir/$import-poll-status') return poll(Number(searchParams.get('_jobId')))
    if (method === 'POST' && /^\/fhir\/?$/.test(pathname)) return batch(body)
    if (pathname === '/fhir/metadata') return { status: 200, body: { resourceType: 'CapabilityStatement' } }
    const type = /^\/fhir\/(\w+)$/.exec(pathname)?.[1]
    return type === undefined ? { status: 404 } : search(type, searchParams, headers['cache-control'])
  }

  function kickOff(prefer: string, body: string): Answer {
    if (!prefer.split(/[\s,;]+/).includes('respond-async'))
      return { status: 400, body: outcome('error', 'Must request async processing') }
    const { parameter } = JSON.parse(body) as { parameter: Parameter[] }
    if (parameter.find(({ name }) => name === 'inputFormat')?.valueCode !== 'application/fhir+ndjson')
      return { status: 400, body: outcome('error', 'Input format') }
    const inputs = parameter
      .filter(({ name }) => name === 'input')
      .map(({ part = [] }) => ({
        type: part.find(({ name }) => name === 'type')?.valueCode ?? '',
        url: part.find(({ name }) => name === 'url')?.valueUri ?? '',
      }))
    if (inputs.length === 0 || inputs.some(({ type, url }) => type === '' || url === ''))
      return { status: 400, body: outcome('error', 'Missing type or url for input') }
    const urls = inputs
      .toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type))
      .map(({ url }) => url)
    jobs.push({ urls, polls: 0 })
    const location = `${base}/$import-poll-status?_jobId=${jobs.length - 1}`
    return {
      status: 202,
      headers: { 'content-location': location },
      body: outcome('information', `Bulk import job has been submitted. Use ${location}`),
    }
  }

  async function poll(id: number): Promise<Answer> {
    polls += 1
    const scripted = self.plan.poll?.(polls)
    if (scripted !== undefined) return scripted
    const job = jobs[id]
    if (job === undefined) return { status: 404, body: outcome('error', 'Unknown job') }
    job.polls += 1
    if (job.polls <= (self.plan.pollsBefore ?? 1))
      return {
        status: 202,
        headers: {
          'retry-after': '120',
          'x-progress': 'Job is in IN_PROGRESS state. Current completion: 50%',
        },
        body: outcome('information', 'Job is in IN_PROGRESS state.'),
      }
    job.work ??= importAll(job.urls)
    await job.work
    return { status: 200, body: outcome('information', 'Job is complete.\nBulk Import Report') }
  }

  async function importAll(urls: readonly string[]): Promise<void> {
    fetched.push([...urls])
    for (const url of urls)
      for (const line of (await fetchText(url)).split('\n').filter((text) => text !== '')) {
        const resource = JSON.parse(line) as Json
        if (self.plan.lose?.(resource) !== true)
          stored.set(`${resource.resourceType}/${resource.id}`, resource)
      }
  }

  function batch(body: string): Answer {
    const { entry } = JSON.parse(body) as { entry: { resource: Json; request: { url: string } }[] }
    for (const { resource, request } of entry) stored.set(request.url, resource)
    const answers = entry.map(({ request: { url } }) => ({
      response: { status: '201 Created', location: `${url}/_history/1` },
    }))
    return { status: 200, body: { resourceType: 'Bundle', type: 'batch-response', entry: answers } }
  }

  /** As HAPI does, it answers from an older search unless that is forbidden; here with nothing. */
  function search(type: string, query: URLSearchParams, cacheControl: string | undefined): Answer {
    if (self.plan.search !== undefined) return { status: self.plan.search, body: outcome('error', 'search') }
    const ids = query.get('_id')?.split(',')
    const identifier = query.get('identifier')?.split('|')
    const found = [...(cacheControl === 'no-cache' ? stored.values() : [])]
      .filter(({ resourceType, id }) => resourceType === type && ids?.includes(String(id)) !== false)
      .filter((resource) => identifier === undefined || isIdentified(resource, identifier))
      .map(({ id }) => id)
    const from = Number(query.get('_offset') ?? 0)
    const next = new URL(`${base}/${type}?${query}`)
    next.searchParams.set('_offset', String(from + PAGE_SIZE))
    return {
      status: 200,
      body: {
        resourceType: 'Bundle',
        type: 'searchset',
        entry: found.slice(from, from + PAGE_SIZE).map((id) => ({ resource: { resourceType: type, id } })),
        link: found.length > from + PAGE_SIZE ? [{ relation: 'next', url: next.href }] : [],
      },
    }
  }
}

interface Answer {
  readonly status: number
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

interface Parameter {
  readonly name: string
  readonly part?: readonly Parameter[]
  readonly valueCode?: string
  readonly valueUri?: string
}

const isIdentified = ({ identifier }: Json, [system, value]: readonly string[]): boolean =>
  (identifier as { system: string; value: string }[] | undefined)?.some(
    (one) => one.system === system && one.value === value,
  ) === true

const outcome = (severity: string, diagnostics: string): object => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity, code: 'processing', diagnostics }],
})

/** HAPI takes only a few content types. */
const fetchText = (url: string): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, (answer) => {
      const type = answer.headers['content-type'] ?? ''
      if (answer.statusCode !== 200 || !/^(?:application\/(?:fhir\+)?ndjson|text\/plain)/.test(type))
        reject(new Error(`status ${answer.statusCode}, type ${type}`))
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (data: string) => {
        text += data
      })
      answer.on('end', () => resolve(text))
    }).on('error', reject)
  })
