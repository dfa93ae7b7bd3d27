import { type Chunk, type ChunkOptions, type ChunkSource, lengthOfMark } from './chunks.js'
import type { Slab, Slabs } from './slabs.js'
import type { ItemReader } from './unpack.js'

/** Reads a JSON document as one chunk, the whole item; none if an earlier run delivered it. */
export function documentChunks(reader: ItemReader, slabs: Slabs, options: ChunkOptions): ChunkSource {
  let endOffset = options.fromOffset
  let ended = false
  return {
    get endOffset() {
      return endOffset
    },
    async next() {
      if (ended) return undefined
      ended = true
      const chunk = await readWhole(reader, slabs, options)
      if (chunk !== undefined)
        endOffset = chunk.kind === 'lines' ? chunk.offset + chunk.end - chunk.start : chunk.endOffset
      return chunk
    },
  }
}

async function readWhole(
  reader: ItemReader,
  slabs: Slabs,
  options: ChunkOptions,
): Promise<Chunk | undefined> {
  let slab = await slabs.take()
  try {
    let filled = await reader.read(slab.bytes)
    if (filled === slab.bytes.length) {
      const long = await slabs.takeLong(Math.max(options.maxLineBytes + 4, slab.bytes.length * 2))
      long.bytes.set(slab.bytes)
      slabs.give(slab)
      slab = long
      filled += await reader.read(long.bytes.subarray(filled))
    }
    const start = lengthOfMark(slab.bytes.subarray(0, filled), options.item)
    if (filled === slab.bytes.length || filled - start > options.maxLineBytes)
      return await skipRest(reader, slabs, { slab, start, filled })
    if (filled > start) return { kind: 'lines', slab, start, end: filled, offset: start }
    slabs.give(slab)
    return undefined
  } catch (error) {
    slabs.give(slab)
    throw error
  }
}

async function skipRest(
  reader: ItemReader,
  slabs: Slabs,
  { slab, start, filled }: { readonly slab: Slab; readonly start: number; readonly filled: number },
): Promise<Chunk> {
  let endOffset = filled
  const piece = slab.bytes.subarray(0, 2 ** 20)
  for (;;) {
    const bytes = await reader.read(piece)
    if (bytes === 0) break
    endOffset += bytes
  }
  slabs.give(slab)
  return { kind: 'too-long', offset: start, lengthBytes: endOffset - start, endOffset }
}
