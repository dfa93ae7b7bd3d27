import type { RequestLimits } from '../http/request-limits.js'
import type { Retry } from '../http/retry.js'

/** What stores need beside an address to open it. */
export interface StoreAccess {
  /** Called only for stores that need credentials. Throws CONFIG_INVALID. */
  readonly credentials: () => CloudCredentials
  /** One for all stores of a run. */
  readonly retry: Retry
  readonly limits?: RequestLimits | undefined
  /** Held by a source, in addition to the memory budget, to fetch a large blob ahead of its reader. Default 32 MiB. */
  readonly readAheadBytes?: number | undefined
}

/** Keys and SAS by account, and where `azurite://` leads. */
export interface CloudCredentials {
  readonly accounts: readonly AccountCredentials[]
  readonly emulator?: AccountCredentials | undefined
}

export interface AccountCredentials {
  readonly account: string
  readonly endpoint?: string | undefined
  readonly key?: string | undefined
  readonly sas?: string | undefined
}
