import type { FileHandle } from 'node:fs/promises'
import type { FhirVersion } from '../../fhir/version.js'
import type { SourceReader } from '../../storage/store.js'
import { type ElementsByType, withElements } from './elements-filter.js'

interface WriteOptions {
  readonly signal: AbortSignal
  readonly onBytes: (bytes: number) => void
  /** Export only these elements of the resources, all of which are of `type`. */
  readonly elements?: ElementsByType
  readonly version?: FhirVersion
  readonly type?: string
}

const PIECE_BYTES = 1024 * 1024
const LF = 0x0a

/** Writes the lines of a reader to a file, adding a missing last line break. Returns their number. */
export async function writeSelection(
  reader: SourceReader,
  file: FileHandle,
  options: WriteOptions,
): Promise<number> {
  const { signal, onBytes } = options
  const { elements, version, type } = options
  const change =
    elements === undefined || version === undefined || type === undefined
      ? undefined
      : (line: Buffer): Buffer => withElements(line, type, { elements, version })
  let piece: Buffer = Buffer.allocUnsafe(PIECE_BYTES)
  let kept = 0
  let readBytes = 0
  let lineCount = 0
  for (;;) {
    signal.throwIfAborted()
    if (kept === piece.length) piece = Buffer.concat([piece, Buffer.allocUnsafe(piece.length)])
    const wanted = piece.length - kept
    const bytes = await reader.read(piece.subarray(kept))
    readBytes += bytes
    onBytes(readBytes)
    const filled = kept + bytes
    const isEnd = bytes < wanted
    const until = isEnd ? filled : piece.lastIndexOf(LF) + 1
    lineCount += await writeLines(file, piece.subarray(0, until), change)
    piece.copyWithin(0, until, filled)
    kept = filled - until
    if (isEnd) break
  }
  await reader.verify()
  return lineCount
}

/** Yields whole lines; only the last one may lack its line break. */
async function writeLines(
  file: FileHandle,
  lines: Buffer,
  change: ((line: Buffer) => Buffer) | undefined,
): Promise<number> {
  if (lines.length === 0) return 0
  if (change === undefined) {
    await writeAll(file, lines)
    const lineCount = breaksIn(lines)
    if (lines[lines.length - 1] === LF) return lineCount
    await writeAll(file, Buffer.from('\n'))
    return lineCount + 1
  }
  const changed: Buffer[] = []
  for (let at = 0; at < lines.length; ) {
    const newline = lines.indexOf(LF, at)
    const end = newline < 0 ? lines.length : newline
    changed.push(withBreak(change(lines.subarray(at, end))))
    at = end + 1
  }
  await writeAll(file, Buffer.concat(changed))
  return changed.length
}

function breaksIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count += 1
  return count
}

const withBreak = (line: Buffer): Buffer =>
  line[line.length - 1] === LF ? line : Buffer.concat([line, Buffer.from('\n')])

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
}
