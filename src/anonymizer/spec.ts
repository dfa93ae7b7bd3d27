import type { CodeSystemsSetting } from '../fhir/codes/code-verdicts.js'
import type { FhirVersion } from '../fhir/version.js'
import type { MethodSettings } from './methods/table.js'
import type { Parameters } from './parameters.js'

/** A checked configuration with its keys. It is plain data, because workers receive it by structured clone. */
export interface AnonymizerSpec {
  readonly fhirVersion: FhirVersion
  /** The day on which ages are computed to decide who is over 89, `YYYY-MM-DD`. */
  readonly asOf: string
  readonly processingErrors: 'raise' | 'skip'
  readonly unknownElements: 'quarantine' | 'drop'
  /** Whether a mandatory element of which nothing is left gets a data-absent-reason, if its parent stays. */
  readonly mandatoryElements: 'remove' | 'mask'
  readonly rules: readonly Rule[]
  readonly parameters: Parameters
  /** The systems whose codes stay where rules leave them; undefined if all codes stay (law 18). */
  readonly codeSystems?: CodeSystemsSetting
  /** Absolute module URLs (`file:`) of custom methods, by lower-case method name. */
  readonly customMethods: Readonly<Record<string, string>>
  /**
   * Whether to check the structure of input and output (elements, JSON kinds, cardinality, duplicate keys, empty
   * values). Off by default.
   */
  readonly validateInput: boolean
  readonly validateOutput: boolean
}

/** One rule. Messages and reports name it by `number`, which counts from 1 in file order. */
export type Rule = {
  readonly number: number
  readonly path: string
  /**
   * Runs before the rules without this flag, whatever its number, and treats its values as references
   * (`deletion-rules.ts`).
   */
  readonly goesFirst?: true
} & MethodSettings

/** The place of a line. Keyed randomness differs from place to place; the place also gives the date-shift prefix. */
export interface LineContext {
  /** The item's name relative to the input, with `/` as separator. */
  readonly item: string
  /** Where the line begins in its item, in bytes. */
  readonly record: number
  /**
   * Number of bytes to add to offsets in the line to get offsets in the record; 0 unless a document is split into
   * parts.
   */
  readonly baseOffset: number
  /** The file or folder name for the scopes `file` and `folder`, otherwise ''. */
  readonly dateShiftPrefix: string
  /**
   * Whether the caller has already found the whole chunk to be valid UTF-8 (`buffer.isUtf8`), so that the line need
   * not be checked.
   */
  readonly isValidUtf8?: boolean
}

/** The reason why a line is not delivered (law 2.2, 16.2, 16.4). This list is complete. */
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

/**
 * The reason and the place of a rejection. `offset` is in bytes from the start of the line. `message` names elements
 * and rules, never values.
 */
export interface Rejection {
  readonly code: RejectionCode
  readonly offset: number
  readonly message: string
}
