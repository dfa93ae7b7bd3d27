import type { FhirVersion } from '../fhir/version.js'

/** A checked configuration with its keys, as plain data: it crosses to the workers by structured clone. */
export interface AnonymizerSpec {
  readonly fhirVersion: FhirVersion
  /** The day that decides who is over 89, `YYYY-MM-DD`. */
  readonly asOf: string
  readonly processingErrors: 'raise' | 'skip'
  readonly unknownElements: 'quarantine' | 'drop'
  readonly rules: readonly Rule[]
  readonly parameters: Parameters
  /** Custom methods: lower-case method name → absolute module URL (`file:`). */
  readonly customMethods: Readonly<Record<string, string>>
  /** Check the structure (cardinality, primitive formats) of what comes in and goes out; off by default. */
  readonly validateInput: boolean
  readonly validateOutput: boolean
}

export type DateShiftScope = 'resource' | 'file' | 'folder' | 'patient'

/** Keys are resolved text; one that no rule needs may be absent. */
export interface Parameters {
  readonly dateShiftKey?: string
  readonly dateShiftScope: DateShiftScope
  readonly dateShiftFixedOffsetInDays?: number
  /** Least and most days of a shift; the original's −50 and 50 by default. */
  readonly dateShiftRangeInDays?: readonly [least: number, most: number]
  /** No date keeps its true day. */
  readonly dateShiftExcludeZero?: boolean
  /** `remove`: a shifted dateTime becomes a date, an instant midnight UTC; `keep` leaves the offset as written. */
  readonly dateShiftTimeZone?: 'keep' | 'remove'
  readonly cryptoHashKey?: string
  /** `relative`: cryptoHash leaves of a reference only `Type/hash`, without the server's address and the version. */
  readonly absoluteReferences?: 'keep' | 'relative'
  /** `references`: cryptoHash treats every url that names a resource as a reference. */
  readonly urls?: 'whole' | 'references'
  /** UTF-8 length 16, 24 or 32 bytes. */
  readonly encryptKey?: string
  /** Keys the noise of perturb and the IV of encrypt; the configuration derives it from the other keys by default. */
  readonly perturbKey?: string
  readonly enablePartialAgesForRedact: boolean
  readonly enablePartialDatesForRedact: boolean
  readonly enablePartialZipCodesForRedact: boolean
  readonly restrictedZipCodeTabulationAreas: readonly string[]
  readonly customSettings?: unknown
}

/** One rule. `number` counts from 1 in file order: what messages and reports name. */
export type Rule = {
  readonly number: number
  readonly path: string
  /** Goes before the rules without it, whatever its number, and takes its values for references (`deletions.ts`). */
  readonly goesFirst?: true
} & MethodSettings

export type MethodSettings =
  | { readonly method: 'keep' | 'redact' | 'remove' | 'dateShift' | 'cryptoHash' | 'encrypt' }
  /** Text, number, boolean, null or object, as the configuration has it. */
  | { readonly method: 'substitute'; readonly replaceWith: unknown }
  | {
      readonly method: 'perturb'
      readonly span: number
      readonly rangeType: 'fixed' | 'proportional'
      /** 0 to 28 decimals. */
      readonly roundTo: number
    }
  | {
      readonly method: 'generalize'
      /** [FHIRPath condition, FHIRPath value], in file order (also for integer-like keys). */
      readonly cases: readonly (readonly [condition: string, value: string])[]
      readonly otherValues: 'redact' | 'keep'
    }
  | { readonly method: 'custom'; readonly name: string; readonly settings: Readonly<Record<string, unknown>> }

/** Where a line stands; makes keyed randomness differ from place to place and gives the date-shift prefix. */
export interface LineContext {
  /** The item's name, with `/`, relative to the input. */
  readonly item: string
  /** The line's number in its item, from 0, blank lines counted; 0 where the spec does not need it. */
  readonly record: number
  /** Added to offsets in the line to make them offsets in the record; 0 unless a document is cut in parts. */
  readonly baseOffset: number
  /** File name or folder name for the scopes `file` and `folder`, otherwise ''. */
  readonly dateShiftPrefix: string
  /** The caller has found the whole chunk to be valid UTF-8 (`buffer.isUtf8`), so the line need not be checked. */
  readonly isValidUtf8?: boolean
}

/** Why a line is not delivered (design 4.5). Closed. */
export type RejectionCode =
  | 'INVALID_UTF8'
  | 'INVALID_JSON'
  | 'TOO_DEEP'
  | 'NOT_A_RESOURCE'
  | 'UNKNOWN_RESOURCE_TYPE'
  | 'UNKNOWN_ELEMENT'
  | 'WRONG_KIND'
  | 'DUPLICATE_KEY'
  | 'RULE_FAILED'
  | 'NOT_VALID'

/** `offset` is in bytes from the start of the line. `message` names elements and rules, never values. */
export interface Rejection {
  readonly code: RejectionCode
  readonly offset: number
  readonly message: string
}
