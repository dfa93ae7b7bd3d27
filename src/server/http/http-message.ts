import type { Readable } from 'node:stream'
import { type Issue, operationOutcome, Refusal } from '../refusal.js'

/** A request as the handlers see it. */
export interface HttpRequest {
  readonly method: string
  readonly query: URLSearchParams
  /** Headers by lower-case name; repeated ones are joined by commas. */
  header(name: string): string | undefined
  /** Parameters of the route, such as `:id`. */
  readonly params: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
  /** The client's address: the peer of the connection, or what a trusted proxy reports. */
  readonly address: string
}

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Pieces are valid until the next one is requested, because their memory is reused. */
  readonly body?: string | Readable | AsyncIterable<Buffer>
}

export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  readonly path: string
  /** Label for metrics: the path without its variable parts. */
  readonly name: string
  /** Maximum body size; default: the server's limit. A larger one needs `admit`. */
  readonly maxBodyBytes?: number
  /** Decides before the body is read whether the client may send it. Throws Refusal. */
  readonly admit?: (request: HttpRequest) => Promise<void>
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer>
}

/** The media type of a request's body in lower case, without parameters; empty if it has none. */
export const mediaTypeOf = ({ header }: Pick<HttpRequest, 'header'>): string =>
  (header('content-type') ?? '').replace(/;.*$/s, '').trim().toLowerCase()

export const FHIR_JSON = 'application/fhir+json; charset=utf-8'

export const jsonAnswer = (
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
  body: JSON.stringify(value),
})

export const outcomeAnswer = (
  status: number,
  issue: Issue,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => jsonAnswer(status, operationOutcome([issue]), { 'content-type': FHIR_JSON, ...headers })

/** Makes the answer to a failed request. The text of a foreign error may quote data and is not shown. */
export function failureAnswer(error: unknown): HttpAnswer {
  if (error instanceof Refusal)
    return outcomeAnswer(
      error.status,
      { severity: 'error', code: error.code, text: error.message },
      error.headers,
    )
  return outcomeAnswer(500, {
    severity: 'fatal',
    code: 'exception',
    text: 'The server failed; its log says more.',
  })
}
