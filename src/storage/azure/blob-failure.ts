import { FAILED, RequestFailure } from '../../http/request-failure.js'
import { retryAfterMs } from '../../http/retry-after.js'

/** Codes of temporary failures whose status does not say so. */
const PASSING = /^(?:ContainerBeingDeleted|AccountBeingCreated|PARSE_ERROR)$/

interface RestErrorShape {
  readonly name: string
  readonly code?: string
  readonly statusCode?: number
  readonly details?: { readonly errorCode?: string }
  readonly response?: { readonly headers: { get(name: string): string | undefined } }
}

/**
 * What is known of a failed request, without its address, headers and texts: they hold signatures, and
 * `error.request.url` a whole SAS. Throws what is no failed request.
 */
export function failureOf(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error
  const { name, code, statusCode, details, response } = error as RestErrorShape
  // The SDK throws this for an answer that is not the service's, such as a web page.
  if (error instanceof RangeError && /content length/.test(error.message)) return wrongAnswer()
  if (name === 'AbortError') return new RequestFailure({ code: FAILED.aborted })
  if (name !== 'RestError' && typeof code !== 'string') throw error
  const header = (field: string) => response?.headers.get(field)
  const known = header('x-ms-error-code') ?? details?.errorCode ?? code ?? 'UNKNOWN'
  if (statusCode !== undefined && statusCode < 300 && known === 'UNKNOWN') return wrongAnswer()
  return new RequestFailure({
    status: statusCode,
    code: /^\w{1,80}$/.test(known) ? known : 'UNKNOWN',
    retryAfterMs: retryAfterMs((field) => header(field)),
    requestId: header('x-ms-request-id'),
    serviceTimeMs: Date.parse(header('date') ?? '') || undefined,
    isRetryable: PASSING.test(known) ? true : undefined,
  })
}

/** Whether the answer is from another program: a gateway, a login page. */
export const wrongAnswer = (): RequestFailure => new RequestFailure({ code: FAILED.wrongAnswer })

/**
 * Returns the answer if the service gave it: every answer of Azure Storage names its request. A login page with
 * status 200 would otherwise pass for an empty block list or a renewed lease. Throws RequestFailure.
 */
export function fromService<T extends { readonly requestId?: string }>(answer: T): T {
  if (answer.requestId === undefined) throw wrongAnswer()
  return answer
}

/** Failed conditions and missing blocks. A lease held by someone else is not a refusal. */
export const isRefusal = (status: number | undefined, code: string): boolean =>
  !code.startsWith('Lease') &&
  (status === 412 ||
    code === 'BlobAlreadyExists' ||
    code === 'UnauthorizedBlobOverwrite' ||
    code === 'InvalidBlockList')

export const isMissingBlob = ({ status, code }: RequestFailure): boolean =>
  status === 404 && code !== 'ContainerNotFound' && code !== 'FilesystemNotFound'

/** The service received other bytes than were sent; Azurite 3.35 uses another code for it. */
export function flippedBit(error: unknown): never {
  const failure = failureOf(error)
  if (failure.status !== 400 || !/^(?:Md5Mismatch|InvalidOperation)$/.test(failure.code)) throw failure
  throw new RequestFailure({ ...failure, status: 400, code: 'Md5Mismatch', isRetryable: true })
}
