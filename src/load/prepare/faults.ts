import type { DeferredEntry } from '../prepared.js'
import type { LoadEntry, RejectedEntry } from '../unit.js'

/** Why an entry is not sent, with what to do. */
const FAULTS = {
  NO_ID: 'has no id, and no UUID as its fullUrl; give it one, or an ifNoneExist, or load with --method post',
  BAD_ID: 'has an id that FHIR does not allow: 1 to 64 letters, digits, - and .',
  BAD_TYPE: 'has a resourceType that is not the name of a type',
  URL_MISMATCH: 'has a request.url that does not fit its method and its resource; correct one of them',
  REQUEST_UNSUPPORTED: 'has a request that loads nothing; only POST, PUT, PATCH and DELETE are sent',
  NO_RESOURCE: 'has a request without the resource that it needs',
  DUPLICATE_ID: 'is in its transaction more than once, which FHIR does not allow',
  DUPLICATE_FULL_URL: 'shares its fullUrl with another entry of its transaction',
  TRANSACTION_REJECTED: 'is in a transaction with an entry that is rejected',
  REFERENCE_UNRESOLVED: 'has a conditional reference that matches nothing on the server',
  REFERENCE_AMBIGUOUS: 'has a conditional reference that matches several resources on the server',
  REFERENCE_REFUSED: 'has a conditional reference that the server refuses to search for',
  REFERENCE_WITHOUT_ID:
    'refers by URN to a resource whose id the server may assign; load with --method put, or as a transaction',
  CONDITIONAL_NOT_ANONYMIZABLE:
    'has a conditional reference or request, whose search would show identifiers to the server; resolve it first, or load without --config',
  REQUEST_NOT_ANONYMIZABLE:
    'has a request that names what it changes by its identifier; only whole resources can be anonymized',
  REFERENCE_NOT_ANONYMIZABLE:
    'refers to an entry of its transaction that has no id; load with --method put, which gives it one',
} as const satisfies Readonly<Record<string, string>>

/** Messages where anonymizing is what made an id unusable. */
const ANONYMIZED_IDS = {
  NO_ID:
    'has no id after anonymization; let the configuration keep or hash Resource.id, or load with --method post',
  BAD_ID:
    'has an id that FHIR does not allow after anonymization; hash ids (cryptoHash) instead of encrypting them',
} as const

/** A reason, from the table or from the anonymizer. */
export interface Fault {
  readonly kind: 'fault'
  readonly code: string
  readonly message: string
}

export const fault = (code: keyof typeof FAULTS): Fault => ({ kind: 'fault', code, message: FAULTS[code] })

export const anonymizedIdFault = (code: keyof typeof ANONYMIZED_IDS): Fault => ({
  kind: 'fault',
  code,
  message: ANONYMIZED_IDS[code],
})

type FaultyEntry = Pick<LoadEntry, 'ordinal' | 'offset' | 'resource'>

export const rejected = (entry: FaultyEntry, { code, message }: Fault): RejectedEntry => ({
  kind: 'rejected',
  ...placeOf(entry),
  code,
  message,
})

export const deferred = (entry: FaultyEntry, { code, message }: Fault): DeferredEntry => ({
  kind: 'deferred',
  ...placeOf(entry),
  code,
  message,
})

const placeOf = ({ ordinal, offset, resource }: FaultyEntry) => ({
  ordinal,
  offset,
  lengthBytes: resource.length,
})
