/** Bits for what a method did; their order is the order of the labels (law 14.1). */
export const RECORD = {
  REDACT: 1,
  ABSTRACT: 2,
  CRYPTOHASH: 4,
  ENCRYPT: 8,
  PERTURB: 16,
  SUBSTITUTE: 32,
  GENERALIZE: 64,
} as const

export type RecordName = keyof typeof RECORD

/** Names of the records in the order of their bits. */
export const RECORD_NAMES = Object.keys(RECORD) as readonly RecordName[]

/**
 * A primitive value as a method sees it. An empty value never reaches a method, because it has no effect and no
 * record.
 */
export interface Leaf {
  /** The element's name without choice suffix. */
  readonly name: string
  /** FHIR type: `date`, `decimal`, `code`, `xhtml`. */
  readonly type: string
  /** FHIR type of the parent element: `Age`, `Reference`, `BackboneElement`. */
  readonly parentType: string
  /** JSON kind in the source. */
  readonly kind: 'string' | 'number' | 'boolean'
  /** Text by law 2.5: a trimmed unescaped string, the `numberText` of a number, `True` or `False`. */
  readonly text: string
  /** Whether this is the element `reference` of a Reference. */
  readonly isReferenceValue: boolean
}

/** The owner and the place of a value: they decide how dates shift and identify the value for keyed randomness. */
export interface LeafPlace {
  /** Returns the date-shift prefix in the configured scope. Called only when a date is shifted. */
  readonly prefix: () => string
  readonly item: string
  /** Where the line begins in the item, in bytes. */
  readonly record: number
  /** Offset of the value in the line, in bytes. */
  readonly offset: number
}

/** The result of a method. `json` is the JSON token to write: null removes the value, undefined keeps it. */
export interface LeafChange {
  /** Bits of RECORD; 0 if nothing is recorded. */
  readonly record: number
  readonly json: string | null | undefined
}

/** The result if a rule cannot be applied to the value. `failed` gives the reason without quoting the value. */
export interface LeafFailure {
  readonly failed: string
  /** Whether `processingErrors: skip` covers this failure. */
  readonly skippable: boolean
}

export type LeafMethod = (leaf: Leaf, place: LeafPlace) => LeafChange | LeafFailure

export const isFailure = (outcome: LeafChange | LeafFailure): outcome is LeafFailure => 'failed' in outcome

/** Whether an element contains the target of a reference. */
export const isReferenceElement = ({ name, parentType }: Pick<Leaf, 'name' | 'parentType'>): boolean =>
  name === 'reference' && parentType === 'Reference'

/** Removes the value, with the record of redact. */
export const REMOVED: LeafChange = { record: RECORD.REDACT, json: null }

/** Keeps the value, without a record. */
export const UNCHANGED: LeafChange = { record: 0, json: undefined }
