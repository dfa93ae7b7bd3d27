import { lengthOfMark } from '../chunks/chunks.js'
import { openItem } from '../chunks/unpack.js'
import type { RunContext } from '../context.js'
import type { ItemWork } from '../item-list.js'
import { DocumentScanner, Malformed, type ScanVisitor } from './document-scanner.js'

const PIECE_BYTES = 256 * 1024

/** The Bundle but for its entries, and where it ends; undefined if even that is too long. */
export async function readShell(run: RunContext, work: ItemWork) {
  const pieces: Uint8Array[] = []
  let bytes = 0
  const { maxLineBytes } = run.limits
  const limit = Math.min(maxLineBytes, run.limits.slabBytes / 2)
  const { mark, endOffset, malformed } = await scanItem(run, work, {
    onShell(piece) {
      bytes += piece.length
      if (bytes <= limit) pieces.push(new Uint8Array(piece))
    },
    onEntryBytes() {},
    onEntryEnd() {},
  })
  return { shell: malformed ?? (bytes <= limit ? Buffer.concat(pieces) : undefined), mark, endOffset }
}

/** Reads the whole document through a scanner; `paced` is awaited between pieces. */
export async function scanItem(
  run: RunContext,
  { item }: ItemWork,
  visitor: ScanVisitor,
  paced?: () => Promise<void>,
) {
  const reader = await openItem(run.source, item, 0)
  try {
    const piece = Buffer.alloc(PIECE_BYTES)
    let endOffset = await reader.read(piece)
    const mark = lengthOfMark(piece.subarray(0, endOffset), item.name)
    const scanner = new DocumentScanner(visitor, mark)
    let malformed: Malformed | undefined
    for (let filled = endOffset, from = mark; filled > 0; from = 0) {
      run.checkStopped()
      malformed ??= scanned(() => scanner.scan(piece.subarray(from, filled)))
      await paced?.()
      filled = await reader.read(piece)
      endOffset += filled
    }
    malformed ??= scanned(() => scanner.finish())
    await reader.verify()
    return { mark, endOffset, malformed }
  } finally {
    await reader.close()
  }
}

function scanned(scan: () => void): Malformed | undefined {
  try {
    scan()
    return undefined
  } catch (error) {
    if (error instanceof Malformed) return error
    throw error
  }
}
