import type { ItemReader } from '../../pipeline/chunks/unpack.js'

/** A line in `source[start, end)`, without its line break; the next one begins at `endOffset`. */
export interface ScannedLine {
  readonly source: Buffer
  readonly start: number
  readonly end: number
  /** Offset of the line's first byte in the decompressed item. */
  readonly offset: number
  readonly endOffset: number
}

const PIECE_BYTES = 1024 * 1024
const LF = 0x0a
const CR = 0x0d

/**
 * Calls `onLine` for every line, including blank ones, and `onLongLine` for a line of more than `maxLineBytes`, which is
 * not held in memory. Returns the number of decompressed bytes. Throws what reading throws.
 */
export async function scanLines(
  reader: Pick<ItemReader, 'read'>,
  maxLineBytes: number,
  { onLine, onLongLine }: { onLine: (line: ScannedLine) => void; onLongLine: () => void },
): Promise<number> {
  let buffer: Buffer = Buffer.allocUnsafe(PIECE_BYTES)
  let filled = 0
  let offset = 0
  let isSkipping = false
  for (let isEnd = false; !isEnd; ) {
    if (filled === buffer.length) buffer = grown(buffer)
    const wanted = Math.min(buffer.length - filled, PIECE_BYTES)
    const bytes = await reader.read(buffer.subarray(filled, filled + wanted))
    const seen = filled
    filled += bytes
    isEnd = bytes < wanted
    let start = 0
    const give = (end: number, next: number): void => {
      if (isSkipping) onLongLine()
      else
        onLine({
          source: buffer,
          start,
          end: lineEnd(buffer, start, end),
          offset: offset + start,
          endOffset: offset + next,
        })
      isSkipping = false
      start = next
    }
    for (let at = buffer.indexOf(LF, seen); at >= 0 && at < filled; at = buffer.indexOf(LF, at + 1))
      give(at, at + 1)
    if (isEnd && (start < filled || isSkipping)) give(filled, filled)
    if (isSkipping || filled - start > maxLineBytes) {
      isSkipping = true
      start = filled
    }
    buffer.copyWithin(0, start, filled)
    offset += start
    filled -= start
  }
  return offset
}

const lineEnd = (source: Buffer, start: number, end: number): number =>
  end > start && source[end - 1] === CR ? end - 1 : end

function grown(buffer: Buffer): Buffer {
  const larger = Buffer.allocUnsafe(buffer.length * 2)
  buffer.copy(larger)
  return larger
}
