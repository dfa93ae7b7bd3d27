import type { StoreEvent } from '../../storage/store.js'
import type { UnpackLimits } from '../archive/unpacked-file.js'

/** How large parts of the input may be, and what is done with them. */
export interface EntryLimits extends UnpackLimits {
  /** A longer line, resource or entry of a Bundle is rejected. Default 64 MiB. */
  readonly maxEntryBytes?: number
  /** A transaction of more entries is not sent as one. Default 500. */
  readonly maxTransactionEntries?: number
  /** A transaction of more bytes is not sent as one. Default 8 MiB. */
  readonly maxTransactionBytes?: number
  /** Hand out the entries of a larger transaction one by one, instead of rejecting them. */
  readonly splitTransactions?: boolean
  /** `post`: the server gives ids to what is POSTed, so nothing is known of them. Default `put`. */
  readonly method?: 'put' | 'post'
  /** Bytes read at once; a document of up to four times as many is read once, a longer one twice. Default 1 MiB. */
  readonly pieceBytes?: number
  /** Called for each file that is left out. */
  readonly onEvent?: (event: StoreEvent) => void
}

export type SettledLimits = Required<Omit<EntryLimits, 'onEvent' | keyof UnpackLimits>>

const MIB = 2 ** 20

export const settleLimits = (limits: EntryLimits): SettledLimits => ({
  maxEntryBytes: limits.maxEntryBytes ?? 64 * MIB,
  maxTransactionEntries: limits.maxTransactionEntries ?? 500,
  maxTransactionBytes: limits.maxTransactionBytes ?? 8 * MIB,
  splitTransactions: limits.splitTransactions ?? false,
  method: limits.method ?? 'put',
  pieceBytes: limits.pieceBytes ?? MIB,
})
