import type { LinesResult } from '../../workers/protocol.js'

/** A chunk anonymized: what to write, and what became of its lines. */
export interface AnonymizedChunk {
  readonly offset: number
  readonly endOffset: number
  readonly output: readonly Uint8Array[]
  /** Each with its offset in the item. */
  readonly parts: readonly { readonly offset: number; readonly result: LinesResult }[]
}
