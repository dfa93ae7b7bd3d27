import type { LinesResult } from '../../workers/protocol.js'

/** Result of a chunk: the bytes to write and what became of its lines. */
export interface AnonymizedChunk {
  readonly offset: number
  readonly endOffset: number
  readonly output: readonly Uint8Array[]
  /** Rejected lines with their offsets in the item. */
  readonly parts: readonly { readonly offset: number; readonly result: LinesResult }[]
}
