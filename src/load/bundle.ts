import type { Prepared } from './prepared.js'
import type { LoadItem } from './unit.js'

/** One entry of a bundle, and the item that it comes from. */
export interface BundleEntry {
  readonly item: Pick<LoadItem, 'name' | 'version'>
  readonly prepared: Prepared
}

/** What one request carries. Entries of several items may share it. */
export interface LoadBundle {
  readonly type: 'batch' | 'transaction'
  readonly entries: readonly BundleEntry[]
  /** About its length as JSON. */
  readonly bytes: number
  /** The resources that it changes, as sorted numbers (`resourceNumber`), where somebody has made them already. */
  readonly targets?: Int32Array
  /** What an earlier bundle creates, unless it is there, and this one too: it follows that one. As `targets`. */
  readonly awaits?: Int32Array
}

/** What became of one entry in one request. */
export type EntryOutcome =
  | { readonly kind: 'loaded'; readonly status: number }
  /** It is not sent again. `text` is the server's and may name patients. */
  | { readonly kind: 'failed'; readonly status: number; readonly text: string | undefined }
  /** The server may have acted on it, and a second time would do harm: it is not sent again. */
  | { readonly kind: 'ambiguous'; readonly status: number | undefined }
  /** It did not succeed for a passing reason and is sent again. */
  | { readonly kind: 'retry'; readonly status: number | undefined }

/** One request and what came of it. */
export interface Exchange {
  readonly bundle: LoadBundle
  /** One for each entry of the bundle, in its order. */
  readonly outcomes: readonly EntryOutcome[]
  /** Undefined where no answer came. */
  readonly httpStatus: number | undefined
  /** What the server calls the request. */
  readonly requestId: string | undefined
  /** Length of the request's body. */
  readonly bytes: number
  readonly ms: number
}

/** What a delivery tells, each before it continues. */
export interface Delivery {
  /** A bundle with entries that must not be sent twice is about to be sent. */
  sending(bundle: LoadBundle): Promise<void>
  /** After each request. Nothing of the bundle is sent again before. */
  settle(exchange: Exchange): Promise<void>
}

export interface Sender {
  /**
   * Sends a bundle, and again what did not succeed for a passing reason, until each entry is loaded, failed or
   * ambiguous. Several may be under way; two that change the same resource take turns, in the order of the calls.
   * Throws AUTH_FAILED, LOAD_REFUSED, LOAD_INVALID, SERVICE_UNAVAILABLE, CONNECTION_UNTRUSTED, INTERRUPTED, and what
   * the delivery throws; entries without an outcome are then open: sent or not.
   */
  deliver(bundle: LoadBundle, delivery: Delivery): Promise<void>
}
