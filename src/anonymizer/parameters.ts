/** The scope within which all dates shift by the same days. */
export type DateShiftScope = 'resource' | 'file' | 'folder' | 'patient'

/** Parameters of a configuration. Keys are resolved text; a key that no rule needs may be absent. */
export interface Parameters {
  readonly dateShiftKey?: string
  readonly dateShiftScope: DateShiftScope
  readonly dateShiftFixedOffsetInDays?: number | undefined
  /** Minimum and maximum shift in days; default −50 and 50, as in the original. */
  readonly dateShiftRangeInDays?: readonly [min: number, max: number] | undefined
  /** Whether a shift of 0 days is excluded, so that no date keeps its true day. */
  readonly dateShiftExcludeZero?: boolean
  /** Whether dates move by whole weeks, so that every date keeps its day of the week. */
  readonly dateShiftKeepWeekday?: boolean
  /**
   * `remove` turns a shifted dateTime into a date and an instant into midnight UTC; `keep` leaves the offset as
   * written.
   */
  readonly dateShiftTimeZone?: 'keep' | 'remove'
  readonly cryptoHashKey?: string
  /** `relative`: cryptoHash reduces a reference to `Type/hash`, without the server's address and the version. */
  readonly absoluteReferences?: 'keep' | 'relative'
  /** `references`: cryptoHash treats every URL that names a resource as a reference. */
  readonly urls?: 'whole' | 'references'
  /** The AES key: 16, 24 or 32 bytes in UTF-8. */
  readonly encryptKey?: string
  /** Key for the noise of perturb and the IV of encrypt; derived from the other keys by default. */
  readonly perturbKey?: string
  readonly enablePartialAgesForRedact: boolean
  readonly enablePartialDatesForRedact: boolean
  readonly enablePartialZipCodesForRedact: boolean
  /** What redact leaves of an instant: the year, as in the original, or a whole instant, the first of that year. */
  readonly redactedInstants?: 'year' | 'whole'
  /** When a date is over 89: from the 90th birthday, as in the original, or from the 1st of January of its year. */
  readonly over89From?: 'birthday' | 'year'
  readonly restrictedZipCodeTabulationAreas: readonly string[]
  readonly customSettings?: unknown
}

export const KEY_NAMES = ['dateShiftKey', 'cryptoHashKey', 'encryptKey', 'perturbKey'] as const
export type KeyName = (typeof KEY_NAMES)[number]
