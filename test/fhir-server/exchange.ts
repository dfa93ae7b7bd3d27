import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, refusedAnswer, throttledAnswer } from './answer.js'
import { answerOf } from './api.js'
import { bundleFrom, type SentBundle } from './bundles.js'
import { countedAnswer, scannedLines } from './counting.js'
import { type Act, entryFaults, type FaultScript } from './faults.js'
import { faultyAnswer, isInstead } from './faulty-answer.js'
import type { Service } from './interactions.js'
import type { TokenBucket } from './rate.js'
import { Refusal } from './refusal.js'
import { readBody } from './request-body.js'
import type { RequestLog, SeenRequest } from './request-log.js'
import { type TokenOffice, unauthorizedAnswer } from './tokens.js'
import { jsonFrom } from './validation.js'
import { breakOff, writeAnswer } from './write-answer.js'

/** What the requests to a server have in common. */
export interface Exchange {
  readonly service: Service
  readonly log: RequestLog
  readonly faults: FaultScript
  readonly bucket: TokenBucket | undefined
  readonly tokens: TokenOffice | undefined
  /** Answers to what is not FHIR: the token endpoint and the announcement of it. */
  readonly besides: (path: string) => Answer | undefined
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024
const DEFAULT_MAX_ENTRIES = 500
const DEFAULT_MAX_URL_BYTES = 8_192

/** One request and its answer. */
export async function exchange(
  server: Exchange,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', headers } = request
  const seen = server.log.begin({ method, path, headers })
  response.setHeader('x-request-id', `request-${seen.number}`)
  try {
    const [act] = server.faults.actsOn({ method, path, entries: [] }, 'head')
    if (act !== undefined) {
      seen.faults = [act.kind]
      if (act.kind === 'early-answer') seen.status = act.status
      return await breakOff(request, response, act)
    }
    await answerRequest(server, seen, request, response)
  } catch {
    request.socket.destroy()
  } finally {
    server.log.end(seen)
  }
}

async function answerRequest(
  server: Exchange,
  seen: SeenRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let acts: readonly Act[] = []
  let own: Answer | undefined
  try {
    const body = await readBody(request, server.service.options.maxBytes ?? DEFAULT_MAX_BYTES)
    const sent = understood(server, seen, body)
    const { method, path } = seen
    acts = server.faults.actsOn({ method, path, entries: sent.lines }, 'body')
    seen.faults = acts.map(({ kind }) => kind)
    own = await workOf(server, seen, sent, acts)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    own = { ...refusedAnswer(error), ...(error.status === 413 && { headers: { connection: 'close' } }) }
  }
  const answer = faultyAnswer(own, acts)
  const isLost = acts.some(({ kind }) => kind === 'reset' || kind === 'hang')
  if (answer !== undefined && !isLost) seen.status = answer.status
  await writeAnswer(response, answer, acts)
}

interface Sent {
  readonly body: Buffer
  readonly bundle: SentBundle | undefined
  readonly lines: readonly string[]
}

/** What a body holds, as far as the log and the faults want to know it before anything is done. */
function understood({ service }: Exchange, seen: SeenRequest, body: Buffer): Sent {
  const { keeps, logsEntries = true, logsBodies = false } = service.options
  const { method, path, headers } = seen
  const isToBase = method === 'POST' && path === ''
  seen.bytes = body.length
  if (logsBodies || headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
    seen.body = body.toString()
  const bundle = isToBase && keeps !== 'count' ? bundleFrom(jsonFrom(body.toString())) : undefined
  const lines = bundle?.lines ?? (isToBase ? scannedLines(body) : [])
  seen.entryCount = lines.length
  if (logsEntries) seen.entries = lines
  return { body, bundle, lines }
}

async function workOf(
  server: Exchange,
  seen: SeenRequest,
  { body, bundle, lines }: Sent,
  acts: readonly Act[],
): Promise<Answer | undefined> {
  const refused = refusedAtDoor(server, seen, lines)
  if (refused !== undefined) return refused
  if (acts.some(isInstead)) return undefined
  const { latencyMs = 0, entryLatencyMs = 0, keeps } = server.service.options
  const serviceMs = latencyMs + entryLatencyMs * lines.length
  if (serviceMs > 0) await wait(serviceMs)
  if (keeps === 'count' && lines.length > 0) return countedAnswer(lines)
  const { method, path, headers } = seen
  const header = (name: string): string | undefined => headers[name]?.toString()
  const faults = entryFaults([...acts, ...tooFast(server, lines)], lines)
  return (
    server.besides(path) ??
    answerOf(server.service, { method, path, header, body: body.toString(), bundle, faults })
  )
}

/** What is refused whatever it asks for. */
function refusedAtDoor(
  { service, log, bucket, tokens, besides }: Exchange,
  { path, headers }: SeenRequest,
  lines: readonly string[],
): Answer | undefined {
  const { options } = service
  const { authorization } = headers
  const { maxUrlBytes = DEFAULT_MAX_URL_BYTES, maxEntries = DEFAULT_MAX_ENTRIES } = options
  if (path.length > maxUrlBytes) return refusedAnswer(new Refusal(414, 'too-long', 'the URL is too long'))
  if (besides(path) === undefined && path !== 'metadata') {
    if (tokens !== undefined && !tokens.isAlive(authorization)) return unauthorizedAnswer()
    if (options.authorization !== undefined && options.authorization !== authorization)
      return unauthorizedAnswer()
  }
  if (options.maxConcurrent !== undefined && log.running > options.maxConcurrent) return throttledAnswer()
  if (bucket !== undefined && options.rate?.unit !== 'entries' && bucket.take(1) === 0)
    return throttledAnswer(options.rate?.retryAfterMs)
  if (lines.length > maxEntries)
    return refusedAnswer(new Refusal(options.tooManyStatus ?? 413, 'too-costly', 'too many entries'))
  return undefined
}

/** With a rate of entries, the first that is too many and all behind it are refused. */
function tooFast({ service, bucket }: Exchange, lines: readonly string[]): readonly Act[] {
  if (bucket === undefined || service.options.rate?.unit !== 'entries') return []
  const taken = bucket.take(lines.length)
  return taken === lines.length ? [] : [{ kind: 'entry', at: taken, tail: true, status: '429' }]
}
