import { FAILED, RequestFailure } from './retry.js'

/** An error of Node as one that says no more than its code. */
export function requestFailure(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ABORT_ERR') return new RequestFailure({ code: FAILED.aborted, isRetryable: false })
  return new RequestFailure({ code: typeof code === 'string' ? code : FAILED.wrongAnswer })
}
