import { parseObject } from '../../http/body.js'
import type { Source, SourceReader, State } from '../../storage/store.js'
import { addIssues, type IssueCounts, issuesOf } from '../outcomes.js'

const OUTCOMES_NAME = 'export/outcomes.ndjson'

// A longer line is not an OperationOutcome and must not fill the memory.
const MOST_LINE_BYTES = 4 * 2 ** 20
const PIECE_BYTES = 256 * 1024

/**
 * Counts the issues in the manifest's `error` (version 4: `outcome`) files and keeps their texts only in the state,
 * because they may name patients. Throws what reading throws.
 */
export async function readOutcomes(source: Source, state: State): Promise<IssueCounts> {
  let counts: IssueCounts = {}
  const kept = await state.appender(OUTCOMES_NAME, 0)
  try {
    for await (const item of source.list(() => {})) {
      const reader = await source.open(item, 0)
      try {
        for await (const line of linesOf(reader)) {
          counts = addIssues(counts, issuesOf(parseObject(line ?? '')) ?? UNREADABLE)
          await kept.append(`${line ?? '{}'}\n`)
        }
      } finally {
        await reader.close()
      }
    }
    await kept.flush()
  } finally {
    await kept.close()
  }
  return counts
}

const UNREADABLE: IssueCounts = { 'unknown/unknown': 1 }

/** Yields non-blank lines, and undefined for one that is too long. */
async function* linesOf(reader: SourceReader): AsyncIterable<string | undefined> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  let held: Buffer[] = []
  let heldBytes = 0
  const take = (): string | undefined => {
    const text = heldBytes > MOST_LINE_BYTES ? undefined : Buffer.concat(held).toString('utf8')
    held = []
    heldBytes = 0
    return text
  }
  for (let bytes = await reader.read(piece); bytes > 0; bytes = await reader.read(piece)) {
    for (let from = 0; from < bytes; ) {
      const newline = piece.subarray(0, bytes).indexOf(0x0a, from)
      const end = newline < 0 ? bytes : newline
      heldBytes += end - from
      if (heldBytes <= MOST_LINE_BYTES) held.push(Buffer.from(piece.subarray(from, end)))
      from = end + 1
      if (newline < 0) continue
      const line = take()
      if (line?.trim() !== '') yield line
    }
  }
  const last = take()
  if (last?.trim() !== '') yield last
}
