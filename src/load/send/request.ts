import { translated } from '../../fhir-client/failures.js'
import type { FhirServer } from '../../fhir-client/server.js'
import { textOf } from '../../http/body.js'
import { FAILED, RequestFailure } from '../../http/request-failure.js'
import { retryAfterMs } from '../../http/retry-after.js'
import { interrupted } from '../../http/retry-error.js'
import type { LoadBundle } from '../bundle.js'
import type { BundleAnswer } from './verdict.js'

/** What came of one request. */
export type Reply =
  | {
      readonly kind: 'answer'
      readonly answer: BundleAnswer
      readonly requestId: string | undefined
      /** Nothing reads the body of the request any more. */
      readonly isRequestSent: boolean
    }
  /** None, or one that ended too early. */
  | { readonly kind: 'none'; readonly failure: RequestFailure }
  /** Another attempt would not help. */
  | { readonly kind: 'error'; readonly error: unknown; readonly isUnsent: boolean }

export interface RequestOptions {
  /** `x-bundle-processing-logic`, of Azure's servers. */
  readonly processingLogic?: 'parallel' | 'sequential' | undefined
  /** How long the server may say nothing. */
  readonly silenceMs?: number | undefined
}

// A gateway of Azure gives up after 230 s.
const DEFAULT_SILENCE_MS = 240_000
const MAX_ANSWER_BYTES = 64 * 2 ** 20

/** Sends a bundle once and reads the answer to its end. Never rejects. */
export async function requestBundle(
  server: FhirServer,
  bundle: Pick<LoadBundle, 'entries'>,
  body: Buffer,
  { processingLogic, silenceMs = DEFAULT_SILENCE_MS }: RequestOptions,
): Promise<Reply> {
  try {
    const answer = await server.send(addressOf(server.base), {
      method: 'POST',
      headers: {
        'content-type': 'application/fhir+json; charset=utf-8',
        accept: 'application/fhir+json',
        prefer: 'return=minimal',
        ...(processingLogic === undefined ? {} : { 'x-bundle-processing-logic': processingLogic }),
      },
      body,
      timeoutMs: silenceMs,
      redirects: 'none',
      connection: bundle.entries.every(({ prepared }) => prepared.isRepeatable) ? 'kept' : 'fresh',
    })
    const requestId = requestIdOf(answer.header)
    const text = await textOf(answer, MAX_ANSWER_BYTES)
    return {
      kind: 'answer',
      answer: { status: answer.status, text, retryAfterMs: retryAfterMs(answer.header) },
      requestId,
      isRequestSent: answer.isRequestSent,
    }
  } catch (error) {
    // The client of the server fails so before it sends anything.
    if (!(error instanceof RequestFailure)) return { kind: 'error', error, isUnsent: true }
    if (error.isRetryable) return { kind: 'none', failure: error }
    return { kind: 'error', error: await lasting(server, error), isUnsent: error.isUnsent }
  }
}

/** The base without its last slash, which some servers take for a resource type without a name. */
function addressOf(base: URL): URL {
  const address = new URL(base)
  if (address.pathname !== '/') address.pathname = address.pathname.replace(/\/$/, '')
  return address
}

async function lasting({ base, use }: FhirServer, failure: RequestFailure): Promise<unknown> {
  if (failure.code === FAILED.aborted) return interrupted(base.href)
  return translated(base.href, use, () => Promise.reject(failure)).catch((error: unknown) => error)
}

const REQUEST_IDS = ['x-request-id', 'x-ms-request-id', 'request-id', 'x-correlation-id']

/** What the server calls the request, if that can be printed. */
function requestIdOf(header: (name: string) => string | undefined): string | undefined {
  const id = REQUEST_IDS.map(header).find((value) => value !== undefined && value !== '')
  return id !== undefined && /^[\w.:|+/=-]{1,128}$/.test(id) ? id : undefined
}
