import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { sluiceError } from '../../errors.js'
import { Refusal } from '../refusal.js'
import { clientAddress, type TrustedProxies } from './client-address.js'
import {
  failureAnswer,
  type HttpAnswer,
  type HttpRequest,
  outcomeAnswer,
  type Route,
} from './http-message.js'
import { answerExpectation, answerMalformed } from './malformed-request.js'
import { checkAddressing, type OwnHosts } from './own-hosts.js'

export interface HttpLimits {
  /** Maximum size of a request's body. */
  readonly maxBodyBytes: number
  /** Time for a request's headers to arrive. */
  readonly headersTimeoutMs: number
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number
  /** Time for an answer that is not a download. */
  readonly answerTimeoutMs: number
  /** Idle time after which a connection is closed. */
  readonly idleTimeoutMs: number
  readonly maxConnections: number
}

export const HTTP_LIMITS: HttpLimits = {
  maxBodyBytes: 1024 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  answerTimeoutMs: 60_000,
  idleTimeoutMs: 120_000,
  maxConnections: 4096,
}

/** How a request ended, for metrics. */
export interface RequestDone {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly seconds: number
}

export interface HttpServer {
  readonly port: number
  /** Stops listening, closes idle connections, and closes the others at the deadline. */
  close(graceMs: number): Promise<void>
}

const MAX_HEADER_BYTES = 32 * 1024
/** Interval at which connections with incomplete requests are checked. */
const CHECK_EVERY_MS = 2000

/** Serves routes. Throws SYSTEM_ERROR if it cannot listen on the address. */
export async function serveHttp(options: {
  readonly host: string
  readonly port: number
  readonly routes: readonly Route[]
  readonly limits: HttpLimits
  readonly hosts: OwnHosts
  readonly isTrustedProxy: TrustedProxies
  readonly onDone: (done: RequestDone) => void
  readonly onFailure: (error: unknown, route: string) => void
}): Promise<HttpServer> {
  const { limits } = options
  const app = fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    keepAliveTimeout: 10_000,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      connectionsCheckingInterval: CHECK_EVERY_MS,
      // The addressing check refuses such a request with an OperationOutcome.
      requireHostHeader: false,
    },
    clientErrorHandler: answerMalformed,
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: true, querystringParser: () => ({}) },
    frameworkErrors: (_error, _request, reply) => void send(reply, badUrl()),
  })
  app.server.maxConnections = limits.maxConnections
  app.server.on('checkExpectation', answerExpectation)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setNotFoundHandler((_request, reply) =>
    send(reply, outcomeAnswer(404, { severity: 'error', code: 'not-found', text: 'There is nothing here.' })),
  )
  app.setErrorHandler((error, request, reply) => {
    const answer = answerTo(error)
    if (answer.status >= 500) options.onFailure(error, request.routeOptions.url ?? '')
    return send(reply, answer)
  })
  app.addHook('onRequest', async ({ raw }) =>
    checkAddressing(
      {
        target: raw.url ?? '',
        rawHeaders: raw.rawHeaders,
        localAddress: raw.socket.localAddress ?? '',
      },
      options.hosts,
    ),
  )
  for (const route of options.routes) mount(app, route, options)
  await listen(app, options)
  return { port: (app.server.address() as AddressInfo).port, close: (graceMs) => close(app, graceMs) }
}

function mount(
  app: FastifyInstance,
  { method, path, name, maxBodyBytes, admit, handle }: Route,
  { limits, isTrustedProxy, onDone }: Parameters<typeof serveHttp>[0],
): void {
  app.route({
    method,
    url: path,
    bodyLimit:
      admit === undefined
        ? Math.min(maxBodyBytes ?? limits.maxBodyBytes, limits.maxBodyBytes)
        : (maxBodyBytes ?? limits.maxBodyBytes),
    ...(admit === undefined
      ? {}
      : { onRequest: async (request: FastifyRequest) => admit(requestOf(request, isTrustedProxy)) }),
    onResponse: async (request, reply) =>
      onDone({
        route: name,
        method: request.method,
        status: reply.statusCode,
        seconds: reply.elapsedTime / 1000,
      }),
    handler: async (request, reply) => {
      const work = handle(requestOf(request, isTrustedProxy))
      const answer = await withinTime(work, limits.answerTimeoutMs).catch((error: unknown) => {
        void work.then(discard).catch(() => undefined)
        throw error
      })
      return send(reply, answer)
    },
  })
}

function requestOf(request: FastifyRequest, isTrustedProxy: TrustedProxies): HttpRequest {
  const { url = '' } = request.raw
  const query = url.indexOf('?')
  return {
    method: request.method,
    query: new URLSearchParams(query < 0 ? '' : url.slice(query + 1)),
    header: (name) => joined(request.headers, name),
    params: request.params as Record<string, string>,
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
    address: clientAddress(
      request.socket.remoteAddress ?? '',
      joined(request.headers, 'x-forwarded-for'),
      isTrustedProxy,
    ),
  }
}

function joined(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function send(reply: FastifyReply, { status, headers: own = {}, body = '' }: HttpAnswer): FastifyReply {
  const headers = { 'x-content-type-options': 'nosniff', ...own }
  if (typeof body === 'string' || body instanceof Readable)
    return reply.code(status).headers(headers).send(body)
  reply.hijack()
  reply.raw.writeHead(status, headers)
  void writeAll(reply.raw, body)
  return reply
}

/** Releases what a late answer holds. A generator releases it only after it was started. */
async function discard({ body = '' }: HttpAnswer): Promise<void> {
  if (typeof body === 'string') return
  if (body instanceof Readable) {
    body.destroy()
    return
  }
  const pieces = body[Symbol.asyncIterator]()
  await pieces.next()
  await pieces.return?.()
}

/** Writes pieces one by one. A failure cuts the connection, so that the client sees a truncated body. */
async function writeAll(response: ServerResponse, pieces: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const piece of pieces) await written(response, piece)
    response.end()
  } catch {
    response.destroy()
  }
}

const written = (response: ServerResponse, piece: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const onClose = (): void => reject(new Error('the client went away'))
    if (response.destroyed) return onClose()
    response.once('close', onClose)
    response.write(piece, (error) => {
      response.off('close', onClose)
      if (error === null || error === undefined) resolve()
      else reject(error)
    })
  })

/** Makes the refusal of a handler, or of fastify before a handler ran, such as for a body that is too large. */
function answerTo(error: unknown): HttpAnswer {
  const status = (error as { statusCode?: unknown }).statusCode
  if (error instanceof Refusal || typeof status !== 'number' || status < 400 || status >= 500)
    return failureAnswer(error)
  const text = status === 413 ? 'The request is too large.' : 'The request is not understood.'
  return outcomeAnswer(status, { severity: 'error', code: status === 413 ? 'too-costly' : 'invalid', text })
}

const badUrl = (): HttpAnswer =>
  outcomeAnswer(400, { severity: 'error', code: 'invalid', text: 'The URL is not understood.' })

async function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Refusal('The answer takes too long; ask again.', {
            status: 503,
            code: 'transient',
            retryAfterSeconds: 10,
          }),
        ),
      ms,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw sluiceError('SYSTEM_ERROR', {
      at: `${host}:${port}`,
      message: `the server cannot listen here (${code})`,
      help: 'choose another port or host',
      cause,
    })
  }
}

async function close(app: FastifyInstance, graceMs: number): Promise<void> {
  const server: Server = app.server
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs)
  await app.close()
  clearTimeout(deadline)
}
