import { exactText } from './exact-json.js'
import { operationOutcome, type Refusal } from './refusal.js'

/** An answer before it is written. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const FHIR_JSON = { 'content-type': 'application/fhir+json; charset=utf-8' }

export const jsonAnswer = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({ status, headers: { ...FHIR_JSON, ...headers }, body: exactText(body) })

export const refusedAnswer = ({ status, code, message }: Refusal): Answer =>
  jsonAnswer(status, operationOutcome(code, message))

/** 429, with the wait in milliseconds as Azure says it, besides whole seconds. */
export const throttledAnswer = (retryAfterMs?: number): Answer =>
  jsonAnswer(
    429,
    operationOutcome('throttled', 'too many requests'),
    retryAfterMs === undefined
      ? {}
      : {
          'retry-after': String(Math.ceil(retryAfterMs / 1000)),
          'x-ms-retry-after-ms': String(retryAfterMs),
        },
  )
