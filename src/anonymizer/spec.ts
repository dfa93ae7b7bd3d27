import type { FhirVersion } from '../fhir/version.js'
import type { MethodSettings } from './methods/table.js'
import type { Parameters } from './parameters.js'

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

/** One rule. `number` counts from 1 in file order: what messages and reports name. */
export type Rule = {
  readonly number: number
  readonly path: string
  /** Goes before the rules without it, whatever its number, and takes its values for references (`deletion-rules.ts`). */
  readonly goesFirst?: true
} & MethodSettings

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

/** Why a line is not delivered (law 2.2, 16.2, 16.4). Closed. */
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
