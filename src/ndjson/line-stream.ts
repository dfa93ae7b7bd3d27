import { LineBlocks, type LineOptions, type Read } from './line-blocks.js'
import { LineCursor } from './line-cursor.js'

/** One line of a stream. */
export interface StreamLine {
  /** Its content, valid until the next line is asked for; undefined for a line that is longer than the limit. */
  readonly bytes: Buffer | undefined
  /** Where it begins in the stream. */
  readonly offset: number
  readonly lengthBytes: number
}

/** The lines of a stream one by one (INVARIANT line). Throws what reading throws. */
export async function* lineStream(read: Read, options: LineOptions = {}): AsyncGenerator<StreamLine> {
  const blocks = new LineBlocks(read, options)
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
    if (block.kind === 'too-long') {
      yield { bytes: undefined, offset: block.offset, lengthBytes: block.lengthBytes }
      continue
    }
    const { bytes, offset } = block
    const line = new LineCursor(bytes, options)
    while (line.advance())
      yield {
        bytes: bytes.subarray(line.start, line.end),
        offset: offset + line.start,
        lengthBytes: line.end - line.start,
      }
  }
}

/** The lines of bytes that arrive in pieces. Each line is given out as soon as its LF arrives. */
export async function* linesOfPieces(
  pieces: AsyncIterable<Uint8Array | string>,
  options: LineOptions = {},
): AsyncGenerator<StreamLine> {
  const iterator = pieces[Symbol.asyncIterator]()
  try {
    yield* lineStream(readPieces(iterator), options)
  } finally {
    await iterator.return?.()
  }
}

/** Reads pieces as a stream of bytes, of one piece at a time. */
export function readPieces(pieces: AsyncIterator<Uint8Array | string>): Read {
  let piece: Uint8Array = new Uint8Array(0)
  return async (target) => {
    while (piece.length === 0) {
      const next = await pieces.next()
      if (next.done === true) return 0
      piece = typeof next.value === 'string' ? Buffer.from(next.value) : next.value
    }
    const taken = piece.subarray(0, target.length)
    target.set(taken)
    piece = piece.subarray(taken.length)
    return taken.length
  }
}
