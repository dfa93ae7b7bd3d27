import type { AnonymizedChunk } from './chunks/chunk-result.js'
import type { Chunk } from './chunks/chunks.js'
import { InOrder } from './chunks/in-order.js'
import type { RunContext } from './context.js'

/** The two ends of the loop, and the work between them. */
export interface LoopEnds {
  /** Returns the next chunk, or undefined at the end. The loop gives its slab back. */
  readonly next: () => Promise<Chunk | undefined>
  /** Has a worker anonymize a chunk. Called in the order of the chunks; the answers may come in any order. */
  readonly anonymize: (chunk: Chunk) => Promise<AnonymizedChunk>
  /** Writes a result. Called in the order of the chunks, one at a time; the slab is used again afterwards. */
  readonly deliver: (chunk: AnonymizedChunk) => Promise<void>
}

/**
 * The main loop: read a chunk, have a worker anonymize it, put the results in order, deliver them. An item of a source
 * (`item.ts`), a stream (`stream.ts`) and a Bundle in batches (`bundle/bundle-batches.ts`) give it their ends. Many
 * chunks are under way at once. Ends when all of them are delivered or dropped; throws the failure that comes first in
 * the order of the chunks.
 */
export async function anonymizeChunks(
  { next, anonymize, deliver }: LoopEnds,
  { slabs, limits }: Pick<RunContext, 'slabs' | 'limits'>,
  /** Called once, as soon as a chunk fails. */
  onFailure?: (reason: unknown) => void,
): Promise<void> {
  const inOrder = new InOrder<AnonymizedChunk>(deliver, onFailure)
  const release = (chunk: Chunk): void => {
    if (chunk.kind === 'lines') slabs.give(chunk.slab)
  }
  try {
    for (;;) {
      await inOrder.roomFor(limits.chunksPerItem)
      const chunk = await next()
      if (chunk === undefined) break
      if (inOrder.failed) {
        release(chunk)
        break
      }
      inOrder.push(anonymize(chunk), () => release(chunk))
    }
  } finally {
    await inOrder.drain()
  }
}
