/** What dates shift alike by: one resource, one file, one folder, one patient. */
export type DateShiftScope = 'resource' | 'file' | 'folder' | 'patient'

/** Keys are resolved text; one that no rule needs may be absent. */
export interface Parameters {
  readonly dateShiftKey?: string
  readonly dateShiftScope: DateShiftScope
  readonly dateShiftFixedOffsetInDays?: number | undefined
  /** Least and most days of a shift; the original's −50 and 50 by default. */
  readonly dateShiftRangeInDays?: readonly [min: number, max: number] | undefined
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

export const KEY_NAMES = ['dateShiftKey', 'cryptoHashKey', 'encryptKey', 'perturbKey'] as const
export type KeyName = (typeof KEY_NAMES)[number]
