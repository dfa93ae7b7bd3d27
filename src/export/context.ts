import type { HttpClient } from '../http/client.js'
import type { Retry } from '../http/retry.js'
import type { RetryClock } from '../http/retry-clock.js'
import type { AnswerLog } from './answers.js'

/** Context shared by all calls of a run. */
export interface ServerContext {
  /** FHIR base address, ending in a slash. */
  readonly base: URL
  readonly http: HttpClient
  readonly retry: Retry
  readonly clock: RetryClock
  /** How long calls keep retrying while the server fails. */
  readonly outageMs: number
  readonly answers: AnswerLog
  /** Requested resource types; empty for all. */
  readonly types: readonly string[]
}
