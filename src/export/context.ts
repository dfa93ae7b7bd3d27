import type { HttpClient } from '../http/client.js'
import type { Retry, RetryClock } from '../http/retry.js'
import type { AnswerLog } from './answers.js'

/** What all calls of a run share. */
export interface ServerContext {
  /** The FHIR base with a slash at its end. */
  readonly base: URL
  readonly http: HttpClient
  readonly retry: Retry
  readonly clock: RetryClock
  /** How long a server may fail before a call gives up. */
  readonly outageMs: number
  readonly answers: AnswerLog
  /** Resource types that are asked for; empty for all. */
  readonly types: readonly string[]
}
