import { closeSync, openSync, writeSync } from 'node:fs'

/** Writes pieces one after the other into a new or emptied file. Returns the bytes written. */
export function writePieces(path: string, pieces: Iterable<Uint8Array>): number {
  const file = openSync(path, 'w')
  let written = 0
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at, piece.length - at)
      written += piece.length
    }
  } finally {
    closeSync(file)
  }
  return written
}
