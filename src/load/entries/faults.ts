/** Why something in the input is never sent. The message completes "the entry …" and holds nothing of its content. */
export interface Fault {
  readonly code: string
  readonly message: string
}

const fault = (code: string, message: string): Fault => ({ code, message })

export const NOT_A_RESOURCE = fault('NOT_A_RESOURCE', 'is not a JSON object')
export const NO_TYPE = fault('NO_TYPE', 'has no resourceType')
export const BAD_ID = fault('BAD_ID', 'has an id that FHIR does not allow')
export const TWICE = fault('DUPLICATE_KEY', 'has a duplicate of a property that decides where it is loaded')
export const NO_RESOURCE = fault('NO_RESOURCE', 'has neither a resource nor a request')
export const BAD_REQUEST = fault('INVALID_REQUEST', 'has a request without a method or a url')
export const BAD_FULL_URL = fault('INVALID_REQUEST', 'has a fullUrl that is not a string')
export const INVALID_UTF8 = fault('INVALID_UTF8', 'is not valid UTF-8')
export const TEXT_AFTER = fault('INVALID_JSON', 'has text after its end')
export const TRANSACTION_TOO_LARGE = fault(
  'TRANSACTION_TOO_LARGE',
  'belongs to a transaction that is larger than the server takes; split it with --split-transactions',
)
export const TRANSACTION_BROKEN = fault(
  'TRANSACTION_BROKEN',
  'belongs to a transaction in which another entry cannot be read',
)

export const tooLong = (maxBytes: number): Fault => fault('LINE_TOO_LONG', `is longer than ${maxBytes} bytes`)

/** The other types that FHIR has. Anything else is a value of the input, which no message quotes. */
const NAMED_TYPES = new Set(['document', 'message', 'history', 'batch-response', 'transaction-response'])

export function wrongBundle(type: string | undefined): Fault {
  if (type === undefined) return fault('BUNDLE_TYPE', 'is a Bundle without a type')
  if (!NAMED_TYPES.has(type)) return fault('BUNDLE_TYPE', 'is a Bundle whose type FHIR does not define')
  return fault('BUNDLE_TYPE', `is a Bundle of the type ${type}, which cannot be loaded`)
}

/** For a fault of the JSON itself. */
export const jsonFault = (error: { readonly code: string; readonly message: string }): Fault =>
  fault(error.code, error.code === 'TOO_DEEP' ? `is ${error.message}` : `is not JSON: ${error.message}`)
