import { setTimeout as wait } from 'node:timers/promises'
import { sluiceError } from '../errors.js'
import { failureOf } from '../http/answer.js'
import type { HttpClient } from '../http/client.js'
import { REQUEST_MS, type RequestLimits, withinLimit } from '../http/request-limits.js'
import type { Retry } from '../http/retry.js'
import type { Secret } from '../secret.js'
import { blobError } from '../storage/azure/blob-errors.js'
import type { SharePermission, ShareTarget } from './scope.js'

/** A link to try with plain requests, as its recipient would. */
export interface Trial {
  /** Address of the blob service, without a trailing `/`. */
  readonly endpoint: string
  readonly container: string
  readonly target: ShareTarget
  /** A blob that the link should read. */
  readonly sample: string
  readonly permissions: readonly SharePermission[]
  readonly query: Secret
  /** IP range of the link; this machine may be outside it. */
  readonly ip?: string | undefined
  /** A new stored access policy takes up to 30 s to take effect everywhere. */
  readonly patienceMs: number
}

export interface TrialRequests {
  readonly http: HttpClient
  readonly retry: Retry
  readonly limits?: RequestLimits | undefined
  /** Name for messages. */
  readonly place: string
}

/** Name of a blob that does not exist, so that requests for it change nothing. */
const NOBODY = 'sluice-verify-0b5d6c1e'
const NO_ETAG = '"0x0"'

/**
 * Proves by real requests that the link does what it should and nothing else: writing, deleting, listing where that is
 * not allowed, and what lies outside must be denied. Nothing is changed even where a link could. Throws SOURCE_DENIED
 * for a link that does too little, USAGE for one that does too much (of a public container), SERVICE_UNAVAILABLE.
 */
export async function verifyLink(trial: Trial, requests: TrialRequests): Promise<void> {
  const deadlineMs = performance.now() + trial.patienceMs
  for (const { does, isAllowed, request } of probes(trial)) {
    let answer = await ask(request, requests)
    while (isAllowed && answer.isDenied && performance.now() < deadlineMs) {
      await wait(2000)
      answer = await ask(request, requests)
    }
    if (isAllowed && !answer.isDone) throw tooLittle(does, answer, trial, requests.place)
    if (!isAllowed && !answer.isDenied) throw tooMuch(does, answer, requests.place)
  }
}

interface Probe {
  readonly does: string
  readonly isAllowed: boolean
  readonly request: ProbeRequest
}

interface ProbeRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

function probes({ endpoint, container, target, sample, permissions, query }: Trial): readonly Probe[] {
  const base = `${endpoint}/${encodeURIComponent(container)}`
  const at = (path: string): string => `${base}/${pathInUrl(path)}?${query.reveal()}`
  const written = target.resource === 'blob' ? target.path : inside(target.path, NOBODY)
  const sees = permissions.includes('list')
  return [
    {
      does: 'read',
      isAllowed: permissions.includes('read'),
      request: { method: 'GET', url: at(sample), headers: { range: 'bytes=0-0' } },
    },
    {
      does: 'list',
      isAllowed: sees && target.resource !== 'directory',
      request: { method: 'GET', url: `${base}?restype=container&comp=list&maxresults=1&${query.reveal()}` },
    },
    ...(target.resource === 'directory'
      ? [
          {
            does: 'list',
            isAllowed: sees,
            request: {
              method: 'GET' as const,
              url: `${listUrl(endpoint, container, target)}&${query.reveal()}`,
            },
          },
        ]
      : []),
    {
      does: 'write',
      isAllowed: false,
      request: {
        method: 'PUT',
        url: at(written),
        headers: { 'x-ms-blob-type': 'BlockBlob', 'if-match': NO_ETAG },
      },
    },
    {
      does: 'delete',
      isAllowed: false,
      request: { method: 'DELETE', url: at(written), headers: { 'if-match': NO_ETAG } },
    },
    ...(target.resource === 'container'
      ? []
      : [
          {
            does: 'read outside',
            isAllowed: false,
            request: { method: 'GET' as const, url: at(NOBODY), headers: { range: 'bytes=0-0' } },
          },
        ]),
  ]
}

/** Address for listing; the last parameters, the SAS, are appended after `&`. */
export function listUrl(endpoint: string, container: string, target: ShareTarget, prefix = ''): string {
  const name = encodeURIComponent(container)
  if (target.resource !== 'directory')
    return `${endpoint}/${name}?restype=container&comp=list${prefix === '' ? '' : `&prefix=${encodeURIComponent(prefix)}`}`
  const lake = endpoint.replace(/^(https:\/\/[^/]*?)\.blob\./, '$1.dfs.')
  return `${lake}/${name}?resource=filesystem&recursive=true&directory=${encodeURIComponent(target.path)}`
}

export const pathInUrl = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

const inside = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`)

interface Answer {
  readonly status: number
  readonly code: string
  readonly isDone: boolean
  readonly isDenied: boolean
}

async function ask(
  request: ProbeRequest,
  { http, retry, limits = {}, place }: TrialRequests,
): Promise<Answer> {
  const limited = { limitMs: limits.requestMs ?? REQUEST_MS, signals: [retry.signal] }
  try {
    return await retry.run({ at: place }, () =>
      withinLimit(limited, (signal) => answerTo(http, request, signal)),
    )
  } catch (error) {
    throw blobError(error, { role: 'source', place, identity: 'sas' }, { at: place, needs: 'read' })
  }
}

/** Throws RequestFailure, without the address, for failures that may be temporary. */
async function answerTo(
  http: HttpClient,
  { method, url, headers = {} }: ProbeRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const answer = await http.send(new URL(url), { method, headers, signal, redirects: 'none' })
  answer.body.destroy()
  const { status } = answer
  const named = answer.header('x-ms-error-code') ?? ''
  const failure = failureOf(answer, { code: /^\w{1,80}$/.test(named) ? named : 'UNKNOWN' })
  if (failure.isRetryable) throw failure
  return {
    status,
    code: failure.code,
    // An empty blob has no first byte, so the answer is 416.
    isDone: (status >= 200 && status < 300) || (status === 416 && headers.range !== undefined),
    isDenied: status === 401 || status === 403,
  }
}

function tooLittle(does: string, { status, code }: Answer, { ip }: Trial, place: string) {
  const from = ip === undefined ? '' : `; it is for ${ip}, and this machine may have another address`
  return sluiceError('SOURCE_DENIED', {
    at: place,
    message: `the link does not ${does} (${status} ${code})${from}; it was not handed out`,
  })
}

const tooMuch = (does: string, { status, code }: Answer, place: string) =>
  sluiceError('USAGE', {
    at: place,
    message: `the link allows what it must not: ${does} (${status} ${code}); it was not handed out`,
    help: 'check whether the container allows public access',
  })
