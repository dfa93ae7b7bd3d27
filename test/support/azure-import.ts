import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ContainerClient } from '@azure/storage-blob'
import type { Test } from 'tap'
import { ACCOUNT, type Azurite } from './azurite.js'

type Json = Readonly<Record<string, unknown>>

/** What the service does otherwise than well. Each may be changed while it runs. */
export interface AzureImportPlan {
  /** Polls that are answered 202 first; every second one with a partial result. */
  pollsBefore?: number
  /** How long the answer about a finished job is held back: the service's 60 s, scaled. */
  delayMs?: number
  /** Bytes that a part of a file reads. */
  unitBytes?: number
  /** Answers each poll so. */
  poll?: (count: number) => Answer | undefined
  kickOff?: (count: number) => Answer | undefined
  cancel?: () => Answer | undefined
  /** The text of the error for a resource that is refused. */
  refuse?: (resource: Json) => string | undefined
  /** Resources that are counted nowhere. */
  lose?: (resource: Json) => boolean
  /** Changes the result. */
  result?: (result: Json) => Json
}

export interface Answer {
  readonly status: number
  readonly body?: object | string
  readonly headers?: Readonly<Record<string, string>>
}

export interface AzureImport {
  readonly base: string
  plan: AzureImportPlan
  /** What was imported, by `Type/id`, with how often. */
  readonly stored: Map<string, { resource: Json; times: number }>
  /** `POST /$import`, `GET /status`, `DELETE /status`. */
  readonly asked: string[]
  /** The inputs of each job that was accepted. */
  readonly jobs: { readonly mode: string; readonly urls: readonly string[]; readonly parameters: Json }[]
  /** How long each answer about a finished job took. */
  close(): Promise<void>
}

const ID = /^[A-Za-z0-9.-]{1,64}$/
const FUTURE_MS = 10_000
const LOGS = 'fhirlogs'

/**
 * Microsoft's `$import` as fhir-server's source and docs/BulkImport.md describe it: what it checks of a request, the
 * parts in which it reads a file, its results by file and by part, and its error files.
 */
export async function startAzureImport(
  t: Pick<Test, 'teardown'>,
  azurite: Azurite,
  plan: AzureImportPlan = {},
): Promise<AzureImport> {
  const stored: AzureImport['stored'] = new Map()
  const asked: string[] = []
  const jobs: { mode: string; urls: string[]; parameters: Json }[] = []
  const states: { polls: number; result?: Promise<Json>; isCancelled?: boolean }[] = []
  const logs = new ContainerClient(azurite.connectionString, LOGS)
  const counts = { kickOff: 0, poll: 0 }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      answer(request, Buffer.concat(chunks).toString('utf8')).then(
        (sent) => send(response, sent),
        (error: unknown) => send(response, outcome(500, String(error))),
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fhir`
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.teardown(close)
  const self: AzureImport = { base, plan, stored, asked, jobs, close }
  return self

  async function answer(request: IncomingMessage, body: string): Promise<Answer> {
    const { method = '', url = '' } = request
    asked.push(`${method} ${url.includes('_operations') ? '/status' : url.replace('/fhir', '')}`)
    if (method === 'POST' && url === '/fhir/$import') return kickOff(request, body)
    const id = Number(/^\/fhir\/_operations\/import\/(\d+)$/.exec(url)?.[1] ?? Number.NaN)
    if (states[id] === undefined) return outcome(404, `The requested "$import" job ${id} was not found.`)
    return method === 'DELETE' ? cancel(id) : poll(id)
  }

  async function kickOff({ headers }: IncomingMessage, body: string): Promise<Answer> {
    counts.kickOff += 1
    const scripted = self.plan.kickOff?.(counts.kickOff)
    if (scripted !== undefined) return scripted
    if (headers.prefer !== 'respond-async') return outcome(400, 'Prefer must be respond-async')
    if (!(headers['content-type'] ?? '').includes('application/fhir+json'))
      return outcome(400, 'Content-Type must be application/fhir+json')
    const parameters = JSON.parse(body) as { resourceType: string; parameter: Parameter[] }
    const fault = faultOf(parameters, azurite.url)
    if (fault !== undefined) return outcome(400, fault)
    const inputs = inputsOf(parameters.parameter)
    jobs.push({
      mode: textOf(parameters.parameter, 'mode') ?? 'IncrementalLoad',
      urls: inputs.map((input) => input.url),
      parameters: parameters as unknown as Json,
    })
    states.push({ polls: 0 })
    return { status: 202, headers: { 'content-location': `${base}/_operations/import/${states.length - 1}` } }
  }

  async function poll(id: number): Promise<Answer> {
    counts.poll += 1
    const state = states[id] as (typeof states)[number]
    const scripted = self.plan.poll?.(counts.poll)
    if (scripted !== undefined) return scripted
    if (state.isCancelled === true) return outcome(400, 'User requested cancellation.')
    state.polls += 1
    const { pollsBefore = 1, delayMs = 100 } = self.plan
    if (state.polls <= pollsBefore)
      return state.polls % 2 === 0
        ? { status: 202, body: { transactionTime: now(), request: base, output: [], error: [] } }
        : { status: 202 }
    state.result ??= importAll(id)
    const result = await state.result
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    return { status: 200, body: self.plan.result?.(result) ?? result }
  }

  function cancel(id: number): Answer {
    const scripted = self.plan.cancel?.()
    if (scripted !== undefined) return scripted
    const state = states[id] as (typeof states)[number]
    if (state.result !== undefined) return outcome(409, 'The job is finished.')
    state.isCancelled = true
    return { status: 202 }
  }

  async function importAll(id: number): Promise<Json> {
    const job = jobs[id] as (typeof jobs)[number]
    const output: Json[] = []
    const error: Json[] = []
    await logs.createIfNotExists()
    for (const { url, type } of inputsOf(
      (job.parameters as unknown as { parameter: Parameter[] }).parameter,
    )) {
      const bytes = await blobAt(azurite, url)
      let loaded = 0
      const { unitBytes = 10_000_000 } = self.plan
      for (let offset = 0; offset === 0 || offset < bytes.length; offset += unitBytes) {
        const errors: string[] = []
        for (const [index, line] of unitLines(bytes, offset, unitBytes).entries()) {
          const text = importLine(line, type, job.mode)
          if (text === undefined) loaded += 1
          else if (text !== LOST) errors.push(errorLine(text, index + 1, offset))
        }
        if (errors.length === 0) continue
        const name = `${type ?? 'any'}${id}_${error.length}.ndjson`
        const text = errors.join('')
        await logs.getBlockBlobClient(name).upload(text, Buffer.byteLength(text))
        const logUrl = `${azurite.url}/${ACCOUNT}/${LOGS}/${name}`
        error.push({ type, count: errors.length, inputUrl: url, url: logUrl })
      }
      output.push({ type, count: loaded, inputUrl: url })
    }
    return { transactionTime: now(), request: `${base}/$import`, output, error }
  }

  /** The text of its error; undefined if it is stored. */
  function importLine(line: string, type: string | undefined, mode: string): string | undefined {
    let resource: Json
    try {
      resource = JSON.parse(line) as Json
    } catch {
      return 'Failed to parse the resource.'
    }
    const { resourceType, id, meta } = resource as {
      resourceType?: string
      id?: string
      meta?: { lastUpdated?: string }
    }
    if (type !== undefined && resourceType !== type) return 'Resource type not match.'
    if (typeof id !== 'string' || !ID.test(id)) return `Invalid resource id: '${id}'.`
    if (Date.parse(meta?.lastUpdated ?? '') > Date.now() + FUTURE_MS)
      return 'LastUpdated in the resource cannot be in the future.'
    if (mode === 'InitialLoad' && /"reference":"\w+\?/.test(line))
      return 'Given conditional reference does not resolve to a resource.'
    const refused = self.plan.refuse?.(resource)
    if (refused !== undefined) return refused
    if (self.plan.lose?.(resource) === true) return LOST
    const key = `${resourceType}/${id}`
    stored.set(key, { resource, times: (stored.get(key)?.times ?? 0) + 1 })
    return undefined
  }
}

const LOST = 'lost'
const now = (): string => new Date().toISOString()

interface Parameter {
  readonly name: string
  readonly part?: readonly Parameter[]
  readonly valueString?: string
  readonly valueUri?: string
}

const textOf = (parameters: readonly Parameter[], name: string): string | undefined => {
  const found = parameters.find((parameter) => parameter.name === name)
  return found?.valueString ?? found?.valueUri
}

const inputsOf = (parameters: readonly Parameter[]) =>
  parameters
    .filter(({ name }) => name === 'input')
    .map(({ part = [] }) => ({ type: textOf(part, 'type'), url: textOf(part, 'url') ?? '' }))

function faultOf(
  { resourceType, parameter }: { resourceType: string; parameter: readonly Parameter[] },
  account: string,
): string | undefined {
  if (resourceType !== 'Parameters') return 'the body must be Parameters'
  if (textOf(parameter, 'inputFormat') !== 'application/fhir+ndjson') return 'inputFormat'
  if (!['InitialLoad', 'IncrementalLoad', undefined].includes(textOf(parameter, 'mode'))) return 'mode'
  const inputs = inputsOf(parameter)
  if (inputs.length === 0) return 'input'
  if (new Set(inputs.map(({ url }) => url)).size < inputs.length) return 'duplicate urls'
  for (const { url, type } of inputs) {
    if (type === 'SearchParameter') return 'SearchParameter cannot be imported'
    if (!URL.canParse(url) || !url.startsWith(`${account}/`)) return 'url outside the storage account'
    if (new URL(url).search !== '') return 'url with a query'
  }
  return undefined
}

async function blobAt(azurite: Azurite, url: string): Promise<Buffer> {
  const [, , container = '', ...path] = new URL(url).pathname.split('/').map(decodeURIComponent)
  const client = new ContainerClient(azurite.connectionString, container)
  return client.getBlobClient(path.join('/')).downloadToBuffer()
}

/** The lines of one part of a file, as ImportResourceLoader.ReadLines of fhir-server reads them. */
function unitLines(bytes: Buffer, offset: number, bytesToRead: number): string[] {
  const lines: string[] = []
  let at = offset
  let read = 0
  let isFirst = true
  while (read <= bytesToRead && at < bytes.length) {
    const newline = bytes.indexOf(0x0a, at)
    const end = newline < 0 ? bytes.length : newline
    const next = newline < 0 ? end : newline + 1
    if (offset === 0 || !isFirst) lines.push(bytes.toString('utf8', at, end))
    isFirst = false
    read += next - at
    at = next
  }
  return lines
}

const errorLine = (text: string, line: number, offset: number): string =>
  `${JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity: 'error',
        details: { text },
        diagnostics: `Failed to process resource at line: ${line} with stream start offset: ${offset}`,
      },
    ],
  })}\n`

export const outcome = (status: number, diagnostics: string, code = 'processing'): Answer => ({
  status,
  body: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, diagnostics }] },
})

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/fhir+json', ...headers }).end(text)
}
