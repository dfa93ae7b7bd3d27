import { JsonError, skipSpace, skipValue } from '../../json/scanner.js'
import { isBlank, LF } from '../../ndjson/line.js'
import { type LineBlock, LineBlocks } from '../../ndjson/line-blocks.js'
import { LineCursor } from '../../ndjson/line-cursor.js'
import { lengthOfMark } from '../../pipeline/chunks/chunks.js'
import { isDocumentName } from '../../storage/names.js'
import type { PromisedContent } from '../../storage/store.js'
import type { LoadUnit, UnitsOptions } from '../unit.js'
import { documentUnits } from './document-units.js'
import { tooLong } from './faults.js'
import type { SettledLimits } from './limits.js'
import { promisedUnits } from './promised-units.js'
import { bundleTextUnits, textUnit } from './text-units.js'
import { UnitRun } from './unit-run.js'
import { type OpenAt, Window } from './window.js'

/** An item that can be read any number of times. */
export interface ItemBytes {
  readonly name: string
  readonly open: OpenAt
  readonly promised?: PromisedContent | undefined
  /** Called if it is a Bulk Data manifest, which is no resource. */
  readonly onManifest?: () => void
}

/** The units of an item. Throws SOURCE_*, INTERRUPTED. */
export async function* itemUnits(
  { name, open, promised = {}, onManifest = () => {} }: ItemBytes,
  limits: SettledLimits,
  options: UnitsOptions,
): AsyncGenerator<LoadUnit, void> {
  const run = new UnitRun(limits, options)
  const window = new Window(open, limits.pieceBytes)
  try {
    await fillToLine(window)
    window.at = lengthOfMark(window.bytes.subarray(0, window.end), name)
    const isLines = holdsLines(window, isDocumentName(name))
    const units = isLines ? lineUnits(window, run) : documentUnits(window, run, onManifest)
    yield* promisedUnits(units, run, { name, promised })
  } finally {
    await window.close()
  }
}

/** Reads the first line, or as much of it as is worth a look. */
async function fillToLine(window: Window): Promise<void> {
  for (let searched = 0; ; searched = window.end) {
    await window.fill()
    const hasLine = window.bytes.subarray(searched, window.end).includes(LF)
    if (window.isEnded || hasLine || window.end >= window.heldBytes) return
  }
}

/**
 * Whether an item holds lines or documents. The first line says so where it can, whatever the name says: NDJSON is also
 * delivered as `.json`, and a document as `.ndjson`.
 */
function holdsLines({ bytes, at, end, isEnded }: Window, isDocument: boolean): boolean {
  const start = skipSpace(bytes, at, end)
  const newline = bytes.subarray(0, end).indexOf(LF, start)
  if (newline < 0) return !isDocument
  const after = skipSpace(bytes, newline, end)
  try {
    const valueEnd = skipValue(bytes, start, newline, 0)
    // Another value follows, or nothing does.
    return isBlank(bytes, valueEnd, newline) && (after < end || !isEnded || !isDocument)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    if (isDocument) return false
    // A document of several lines goes on with a key; after a line that breaks off comes another object.
    return error.offset < newline || after >= end || bytes[after] === OPEN
  }
}

const OPEN = 0x7b

async function* lineUnits(window: Window, run: UnitRun): AsyncGenerator<LoadUnit, void> {
  const { maxEntryBytes } = run.limits
  const { bytes, at, end, offset } = window
  if (window.isEnded && end - at <= maxEntryBytes) {
    yield* blockUnits({ bytes: bytes.subarray(at, end), offset: offset + at }, run)
    return
  }
  const lines = new LineBlocks((target) => window.take(target), { maxLineBytes: maxEntryBytes })
  for (let block = await lines.next(); block !== undefined; block = await lines.next()) {
    run.check()
    if (block.kind === 'lines') yield* blockUnits(block, run)
    else {
      run.textCount += 1
      const rejected = run.rejected(tooLong(maxEntryBytes), block.offset, block.lengthBytes)
      if (rejected !== undefined) yield rejected
    }
  }
}

async function* blockUnits(
  { bytes, offset }: Pick<LineBlock, 'bytes' | 'offset'>,
  run: UnitRun,
): AsyncGenerator<LoadUnit, void> {
  const line = new LineCursor(bytes)
  while (line.advance()) {
    const { start, end } = line
    if (isBlank(bytes, start, end)) continue
    run.textCount += 1
    const text = { bytes, start, end, offset: offset + start }
    const unit = textUnit(text, run)
    if (unit === 'bundle') yield* bundleTextUnits(text, run)
    else if (unit !== undefined) yield unit
  }
}
