import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as requestOf,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Transform } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

/** What goes wrong with one request. */
export type Fault =
  /** The server never sees it. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is reset before an answer; the server never sees it. */
  | { readonly kind: 'reset' }
  /** Accepted and never answered; the server never sees it. */
  | { readonly kind: 'stall' }
  /** The server acts, its answer is lost by a reset. */
  | { readonly kind: 'lost-answer' }
  /** The body of the answer ends by a reset. */
  | { readonly kind: 'reset-body'; readonly afterBytes: number }
  /** The body ends early: by a FIN before its Content-Length, or `clean` with a Content-Length that fits. */
  | { readonly kind: 'short-body'; readonly afterBytes: number; readonly clean?: boolean }
  /** The body of the answer comes byte by byte. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** One bit of the body that goes up, or comes down, is another. */
  | { readonly kind: 'flip-up' | 'flip-down'; readonly atByte: number }
  /** The answer has other headers: a wrong ETag, a wrong Content-Range. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }

/** One request as the proxy saw it. Bytes are of bodies. */
export interface Seen {
  /** From 1, over all requests since the proxy began or was `reset`. */
  readonly nth: number
  /** Method and `comp` of the query: `GET`, `HEAD`, `PUT`, `PUT block`, `PUT blocklist`, `GET list`, `PUT appendblock`. */
  readonly operation: string
  readonly path: string
  /** Of `PUT block`. */
  readonly blockId: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Of `performance.now()`. */
  readonly atMs: number
  fault: Fault | undefined
  status: number | undefined
  upBytes: number
  downBytes: number
}

/** Bytes of blocks that the server has taken; sent again for an answer that was lost, a block counts once. */
export function stagedBytes(seen: readonly Seen[]): number {
  const blocks = new Map<string, number>()
  for (const { operation, status, path, blockId, upBytes } of seen)
    if (operation === 'PUT block' && status === 201) blocks.set(`${path} ${blockId}`, upBytes)
  return [...blocks.values()].reduce((sum, bytes) => sum + bytes, 0)
}

type Facts = Omit<Seen, 'fault' | 'status' | 'upBytes' | 'downBytes'>

/** Decides before a request goes on; what it waits for happens in between. */
export type Plan = (request: Facts) => Fault | undefined | Promise<Fault | undefined>

/** The nth request that `where` speaks of fails, and with `onwards` all of these that follow. */
export function nthFails(
  nth: number,
  fault: Fault,
  {
    onwards = false,
    where = () => true,
  }: { readonly onwards?: boolean | undefined; readonly where?: (request: Facts) => boolean } = {},
): (request: Facts) => Fault | undefined {
  let count = 0
  return (request) => {
    if (!where(request)) return undefined
    count += 1
    return count === nth || (onwards && count > nth) ? fault : undefined
  }
}

export interface FaultProxy {
  /** `http://127.0.0.1:port`. */
  readonly url: string
  /** Every request since the proxy began or was `reset`. */
  readonly seen: readonly Seen[]
  /** Forgets what was seen, counts from 1 again and goes on by another plan. */
  reset(plan?: Plan): void
}

/** A loopback HTTP proxy in front of `target` that does to each request what the plan says; it ends with the test. */
export async function startFaultProxy(t: Test, target: string): Promise<FaultProxy> {
  let seen: Seen[] = []
  let plan: Plan = () => undefined
  const agent = new Agent({ keepAlive: true })
  const ended = new AbortController()

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const entry: Seen = { ...factsOf(request, seen.length + 1), fault: undefined, ...NOTHING_YET }
    seen.push(entry)
    entry.fault = await plan(entry)
    request.on('data', (data: Buffer) => {
      entry.upBytes += data.length
    })
    await answer({ request, response, entry, target, agent, signal: ended.signal })
  }
  const server = createServer((request, response) => {
    const { socket } = request
    serve(request, response).catch(() => socket.destroy())
  })
  // A stalled request must not be ended by the proxy's own limits.
  server.requestTimeout = 0
  server.headersTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    ended.abort()
    agent.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get seen() {
      return seen
    },
    reset(next = () => undefined) {
      seen = []
      plan = next
    },
  }
}

const NOTHING_YET = { status: undefined, upBytes: 0, downBytes: 0 }

function factsOf(request: IncomingMessage, nth: number): Facts {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://proxy')
  const comp = searchParams.get('comp')
  const operation = `${request.method}${comp === null ? '' : ` ${comp}`}`
  return {
    nth,
    operation,
    path: decodeURI(pathname),
    blockId: searchParams.get('blockid') ?? undefined,
    headers: request.headers,
    atMs: performance.now(),
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly entry: Seen
  readonly target: string
  readonly agent: Agent
  readonly signal: AbortSignal
}

async function answer(exchange: Exchange): Promise<void> {
  const { request, response, entry } = exchange
  const { fault } = entry
  switch (fault?.kind) {
    case 'status':
      await consumed(request)
      entry.status = fault.status
      response.writeHead(fault.status, { 'content-length': 0, ...fault.headers }).end()
      return
    case 'reset':
      await consumed(request)
      request.socket.resetAndDestroy()
      return
    case 'stall':
      await consumed(request)
      return
    default:
      await forward(exchange)
  }
}

async function forward({ request, response, entry, target, agent, signal }: Exchange): Promise<void> {
  const { fault } = entry
  const { method, headers, socket } = request
  const upstream = requestOf(new URL(request.url ?? '/', target), { method, headers, agent })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.once('response', resolve)
    upstream.once('error', reject)
  })
  const up = fault?.kind === 'flip-up' ? [flipped(fault.atByte)] : []
  const [answer] = await Promise.all([answered, pipeline([request, ...up, upstream])])
  entry.status = answer.statusCode
  if (fault?.kind === 'lost-answer') {
    await consumed(answer)
    socket.resetAndDestroy()
    return
  }
  response.writeHead(answer.statusCode ?? 502, headersOf(answer, method, fault))
  await pipeline([answer, ...downOf(fault, socket, signal), counted(entry), response])
}

function headersOf(
  answer: IncomingMessage,
  method: string | undefined,
  fault: Fault | undefined,
): OutgoingHttpHeaders {
  const headers = { ...answer.headers, ...(fault?.kind === 'headers' ? fault.headers : {}) }
  const length = headers['content-length']
  // The length in the answer to HEAD is not that of a body.
  if (fault?.kind === 'short-body' && fault.clean === true && length !== undefined && method !== 'HEAD')
    headers['content-length'] = String(Math.min(fault.afterBytes, Number(length)))
  return headers
}

/** What the body of an answer goes through. */
function downOf(fault: Fault | undefined, socket: Socket, signal: AbortSignal): Transform[] {
  switch (fault?.kind) {
    case 'flip-down':
      return [flipped(fault.atByte)]
    case 'drip':
      return [dripping(fault.everyMs, signal)]
    case 'reset-body':
      return [cut(fault.afterBytes, () => setTimeout(() => socket.resetAndDestroy(), REACH_CLIENT_MS))]
    case 'short-body':
      return [
        cut(fault.afterBytes, (body) => {
          if (fault.clean === true) body.push(null)
          else setTimeout(() => socket.end(), REACH_CLIENT_MS)
        }),
      ]
    default:
      return []
  }
}

// What was written reaches the client before its connection ends.
const REACH_CLIENT_MS = 20

/** Lets so many bytes pass, calls `atEnd` once, and swallows the rest. */
function cut(afterBytes: number, atEnd: (body: Transform) => void): Transform {
  let left = afterBytes
  let ended = false
  return new Transform({
    transform(data: Buffer, _, done) {
      if (!ended) {
        if (left > 0) this.push(data.subarray(0, left))
        left -= data.length
        ended = left <= 0
        if (ended) atEnd(this)
      }
      done()
    },
  })
}

function flipped(atByte: number): Transform {
  let at = 0
  return new Transform({
    transform(data: Buffer, _, done) {
      const copy = Buffer.from(data)
      if (atByte >= at && atByte < at + data.length)
        copy.writeUInt8(copy.readUInt8(atByte - at) ^ 1, atByte - at)
      at += data.length
      done(null, copy)
    },
  })
}

const dripping = (everyMs: number, signal: AbortSignal): Transform =>
  new Transform({
    async transform(data: Buffer, _, done) {
      for (const byte of data) {
        if (this.destroyed || signal.aborted) break
        this.push(Buffer.of(byte))
        await wait(everyMs, undefined, { signal }).catch(() => {})
      }
      done()
    },
  })

const counted = (entry: Seen): Transform =>
  new Transform({
    transform(data: Buffer, _, done) {
      entry.downBytes += data.length
      done(null, data)
    },
  })

async function consumed(message: IncomingMessage): Promise<void> {
  message.resume()
  await finished(message)
}
