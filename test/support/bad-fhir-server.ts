import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'

/** What the server was asked. */
export interface Asked {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** One answer; what is not said is as a good server has it. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
  /** Send this many bytes of the body, then break the connection. */
  readonly cutAfter?: number
  /** Send this many bytes of the body, then nothing. */
  readonly stallAfter?: number
}

/** `nth` counts from 1 for each kind of call and each file; undefined: what `good` gives, the answer of a good server. */
export type Script = (asked: Asked, nth: number, good: () => Answer) => Answer | undefined

export interface Plan {
  /** Content by type; each becomes a file. */
  readonly files: Readonly<Record<string, readonly (string | Uint8Array)[]>>
  readonly deleted?: readonly string[]
  readonly outcomes?: readonly string[]
  /** Polls that are answered with 202 first; default 1. */
  readonly pollsBefore?: number
  /** `strong`: with range requests (default); `none`: neither. */
  readonly tags?: 'strong' | 'none'
  readonly gzip?: boolean
  readonly kickOff?: Script
  readonly status?: Script
  readonly file?: Script
  readonly cancel?: Script
  readonly token?: Script
  readonly other?: Script | undefined
  /** Changes the manifest. */
  readonly manifest?: ((manifest: Record<string, unknown>, base: string) => unknown) | undefined
  /** Every call to the API needs this header; files only where the manifest says so. */
  readonly authorization?: () => string
  readonly requiresAccessToken?: boolean
  readonly tls?: { readonly key: string; readonly cert: string }
  /** What its links begin with, where clients know it by another name. */
  readonly publicOrigin?: string
}

/** A Bulk Data server on loopback that does what a test says, and remembers what it was asked. */
export interface BadServer {
  readonly base: string
  readonly origin: string
  /** May be changed while it runs. */
  plan: Plan
  readonly asked: Asked[]
  /** Calls of a kind, by method and path. */
  count(method: string, path: RegExp): number
  /** As after a restart without memory. */
  forgetJobs(): void
  close(): Promise<void>
}

export async function startBadServer(t: Test, plan: Plan, port = 0): Promise<BadServer> {
  const asked: Asked[] = []
  const counts = new Map<string, number>()
  const jobs = new Map<string, number>()
  let jobCount = 0
  const server: Server =
    plan.tls === undefined ? createServer(onRequest) : createSecureServer(plan.tls, onRequest)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const origin = `${plan.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  const self: BadServer = {
    base: `${origin}/fhir`,
    origin,
    plan,
    asked,
    count: (method, path) => asked.filter((one) => one.method === method && path.test(one.url)).length,
    forgetJobs: () => jobs.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  t.teardown(() => self.close())
  const publicOrigin = (): string => self.plan.publicOrigin ?? origin

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(pieces).toString(),
      }
      asked.push(one)
      send(response, answerTo(one))
    })
  }

  function answerTo(one: Asked): Answer {
    const { plan } = self
    const scripted = (kind: string, script: Script | undefined, good: () => Answer): Answer => {
      const nth = (counts.get(kind) ?? 0) + 1
      counts.set(kind, nth)
      return script?.(one, nth, good) ?? good()
    }
    const path = one.url.replace(/\?.*/, '')
    const isFile = path.startsWith('/files/')
    if (path === '/token') return scripted('token', plan.token, () => ({ status: 404 }))
    const isOpen = path.includes('.well-known') || path.endsWith('/metadata')
    const needsToken = isFile ? plan.requiresAccessToken === true : !isOpen
    if (plan.authorization !== undefined && needsToken && one.headers.authorization !== plan.authorization())
      return outcome(401, 'login')
    if (path.endsWith('/$export')) return scripted('kickOff', plan.kickOff, kickOff)
    if (path.startsWith('/status/')) {
      const id = path.slice('/status/'.length)
      if (one.method === 'DELETE') return scripted('cancel', plan.cancel, () => cancel(id))
      return scripted('status', plan.status, () => status(id))
    }
    if (isFile) return scripted(`file ${path}`, plan.file, () => file(path, one))
    return scripted('other', plan.other, () => outcome(404, 'not-found'))
  }

  function kickOff(): Answer {
    jobCount += 1
    jobs.set(String(jobCount), 0)
    return { status: 202, headers: { 'content-location': `${publicOrigin()}/status/${jobCount}` } }
  }

  function status(id: string): Answer {
    const polls = jobs.get(id)
    if (polls === undefined) return outcome(404, 'not-found')
    jobs.set(id, polls + 1)
    if (polls < (self.plan.pollsBefore ?? 0))
      return { status: 202, headers: { 'x-progress': `${polls} polls`, 'retry-after': '1' } }
    const manifest = manifestOf()
    const body = JSON.stringify(self.plan.manifest?.(manifest, origin) ?? manifest)
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }

  function cancel(id: string): Answer {
    return jobs.delete(id) ? { status: 202 } : outcome(404, 'not-found')
  }

  function manifestOf(): Record<string, unknown> {
    const { files, deleted = [], outcomes = [], requiresAccessToken = false } = self.plan
    const list = (type: string, contents: readonly (string | Uint8Array)[]) =>
      contents.map((content, at) => ({
        type,
        url: `${publicOrigin()}/files/${type}/${at}`,
        count: countOf(content),
      }))
    return {
      transactionTime: '2026-11-21T01:00:00.000Z',
      request: `${publicOrigin()}/fhir/$export`,
      requiresAccessToken,
      output: Object.entries(files).flatMap(([type, contents]) => list(type, contents)),
      ...(deleted.length > 0 ? { deleted: list('Bundle', deleted) } : {}),
      error: list('OperationOutcome', outcomes),
    }
  }

  function file(path: string, { headers }: Asked): Answer {
    const [, , type = '', at = ''] = path.split('/')
    const { files, deleted = [], outcomes = [], tags = 'strong', gzip = false } = self.plan
    const content = { ...files, Bundle: deleted, OperationOutcome: outcomes }[type]?.[Number(at)]
    if (content === undefined) return outcome(404, 'not-found')
    const whole = Buffer.from(content)
    const etag = `"${createHash('sha256').update(whole).digest('hex').slice(0, 16)}"`
    const base = { 'content-type': 'application/fhir+ndjson', ...(tags === 'strong' ? { etag } : {}) }
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? Number.NaN)
    if (tags === 'strong' && from >= whole.length)
      return { status: 416, headers: { 'content-range': `bytes */${whole.length}` } }
    if (tags === 'strong' && from >= 0 && headers['if-range'] === etag)
      return {
        status: 206,
        headers: { ...base, 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` },
        body: whole.subarray(from),
      }
    if (gzip && /gzip/.test(String(headers['accept-encoding'])))
      return { status: 200, headers: { ...base, 'content-encoding': 'gzip' }, body: gzipSync(whole) }
    return { status: 200, headers: base, body: whole }
  }

  return self
}

export const outcome = (status: number, code: string, severity = 'error'): Answer => ({
  status,
  headers: { 'content-type': 'application/fhir+json' },
  body: JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [{ severity, code, diagnostics: 'CANARY-DIAGNOSTICS of CANARY-PATIENT' }],
  }),
})

const countOf = (content: string | Uint8Array): number =>
  Buffer.from(content)
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '').length

function send(response: ServerResponse, { status = 200, headers = {}, body = '', ...break_ }: Answer): void {
  const bytes = Buffer.from(body)
  const { cutAfter, stallAfter } = break_
  const isChunked = headers['transfer-encoding'] === 'chunked'
  response.writeHead(status, { ...headers, ...(isChunked ? {} : { 'content-length': String(bytes.length) }) })
  const sent = cutAfter ?? stallAfter
  if (sent === undefined) {
    response.end(bytes)
    return
  }
  response.write(bytes.subarray(0, sent), () => {
    if (cutAfter !== undefined) setTimeout(() => response.destroy(), 100)
  })
}
