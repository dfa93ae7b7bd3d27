import type { RetryEvent } from '../http/retry.js'

/** What events say of a retry: never an address with ids. */
export const retryFields = ({ at, code, status, attempt, waitMs }: RetryEvent) => ({
  item: at,
  reason: status ?? code,
  attempt,
  waitMs: Math.round(waitMs),
})
