import type { IncomingMessage } from 'node:http'
import { RequestFailure } from './request-failure.js'
import { retryAfterMs } from './retry-after.js'

export interface HttpAnswer {
  readonly status: number
  /** The first value of a header; names in lower case. */
  header(name: string): string | undefined
  /** Where the answer came from, after redirects. */
  readonly url: URL
  /** Whether the whole request has gone out; a server may answer before. Its body is not read any more then. */
  readonly isRequestSent: boolean
  /** The body as sent, not decoded. Ends with an error where it is cut short. */
  readonly body: IncomingMessage
}

/** Makes a failure of an answer, with the wait that the server asks for. Retried by its status if not said otherwise. */
export const failureOf = (
  { status, header }: Pick<HttpAnswer, 'status' | 'header'>,
  { code = 'HTTP', isRetryable }: { readonly code?: string; readonly isRetryable?: boolean | undefined } = {},
): RequestFailure => new RequestFailure({ status, code, retryAfterMs: retryAfterMs(header), isRetryable })

/** Makes a failure of an answer that another attempt would not change. */
export const wrongAnswer = (code: string, status?: number): RequestFailure =>
  new RequestFailure({ code, status, isRetryable: false })

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

/** Where an answer redirects to; undefined if it does not. */
export function redirectOf({ status, header, url }: HttpAnswer): URL | undefined {
  const location = REDIRECTS.includes(status) ? header('location') : undefined
  return location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined
}

/** Whether an answer says that it is an HTML page. */
export const isLabelledWebPage = ({ header }: Pick<HttpAnswer, 'header'>): boolean =>
  /^\s*(?:text\/html|application\/xhtml)/i.test(header('content-type') ?? '')
