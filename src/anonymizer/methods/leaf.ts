/** What a method did, as bits; the order of the bits is the order of the labels (law 14.1). */
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

/** In the order of their bits. */
export const RECORD_NAMES = Object.keys(RECORD) as readonly RecordName[]

/**
 * A primitive value as a method sees it. One with an empty value never reaches a method: the caller knows that it
 * has no effect and no record.
 */
export interface Leaf {
  /** The element's name without choice suffix. */
  readonly name: string
  /** FHIR type: `date`, `decimal`, `code`, `xhtml`. */
  readonly type: string
  /** FHIR type of the element it stands in: `Age`, `Reference`, `BackboneElement`. */
  readonly parentType: string
  /** JSON kind in the source. */
  readonly kind: 'string' | 'number' | 'boolean'
  /** The text of law 2.5: trimmed unescaped string; `numberText` of a number; `True` or `False`. */
  readonly text: string
  /** The element `reference` of a Reference. */
  readonly isReferenceValue: boolean
}

/** Whose value it is and where it stands: what dates shift by, and the identity for keyed randomness. */
export interface LeafPlace {
  /** Date-shift prefix in the rule set's scope; called only when a date is shifted. */
  readonly prefix: () => string
  readonly item: string
  /** Line number in the item. */
  readonly record: number
  /** In bytes, in the record. */
  readonly offset: number
}

/** `json` is the JSON token to write; null: the value is removed; undefined: it stays as it is. */
export interface LeafChange {
  /** Bits of RECORD; 0 where nothing is recorded. */
  readonly record: number
  readonly json: string | null | undefined
}

/** A rule that cannot be applied to the value. The message says why without quoting it. */
export interface LeafFailure {
  readonly failed: string
  /** Whether `processingErrors: skip` covers it. */
  readonly skippable: boolean
}

export type LeafMethod = (leaf: Leaf, place: LeafPlace) => LeafChange | LeafFailure

export const isFailure = (outcome: LeafChange | LeafFailure): outcome is LeafFailure => 'failed' in outcome

/** Whether an element is the one that holds a reference's target. */
export const isReferenceElement = ({ name, parentType }: Pick<Leaf, 'name' | 'parentType'>): boolean =>
  name === 'reference' && parentType === 'Reference'

/** Removed, with the record of redact. */
export const REMOVED: LeafChange = { record: RECORD.REDACT, json: null }

/** No effect and no record. */
export const UNCHANGED: LeafChange = { record: 0, json: undefined }
