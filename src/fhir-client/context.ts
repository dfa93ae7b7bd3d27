import type { ErrorCode } from '../errors.js'
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
  readonly use: ServerUse
}

/** What a caller does with the server. */
export interface ServerUse {
  /** Which scopes are requested where the client asks for its own. */
  readonly access: 'read' | 'write'
  /** Resource types; empty for all. */
  readonly types: readonly string[]
  /** The code of a server that refuses what it is asked. */
  readonly refused: ErrorCode
  /** The code of a server that does not answer as its specification says. */
  readonly invalid: ErrorCode
}
