import type { HttpClient } from '../http/client.js'
import type { Retry } from '../retry.js'

/** What all calls of a run share. */
export interface ServerContext {
  /** The FHIR base with a slash at its end. */
  readonly base: URL
  readonly http: HttpClient
  readonly retry: Retry
}
