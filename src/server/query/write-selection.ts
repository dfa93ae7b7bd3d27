import type { FileHandle } from 'node:fs/promises'
import type { FhirVersion } from '../../fhir/version.js'
import { countLines, LF } from '../../ndjson/line.js'
import { LineBlocks } from '../../ndjson/line-blocks.js'
import { LineCursor } from '../../ndjson/line-cursor.js'
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
  let readBytes = 0
  let lineCount = 0
  const blocks = new LineBlocks(async (target) => {
    signal.throwIfAborted()
    const bytes = await reader.read(target)
    readBytes += bytes
    onBytes(readBytes)
    return bytes
  })
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next())
    if (block.kind === 'lines') lineCount += await writeLines(file, block.bytes, change)
  await reader.verify()
  return lineCount
}

/** Yields whole lines; only the last one may lack its line break. */
async function writeLines(
  file: FileHandle,
  lines: Buffer,
  change: ((line: Buffer) => Buffer) | undefined,
): Promise<number> {
  if (change === undefined) {
    await writeAll(file, lines)
    if (lines[lines.length - 1] !== LF) await writeAll(file, Buffer.from('\n'))
    return countLines(lines)
  }
  const changed: Buffer[] = []
  const line = new LineCursor(lines)
  while (line.advance()) changed.push(withBreak(change(lines.subarray(line.start, line.next))))
  await writeAll(file, Buffer.concat(changed))
  return changed.length
}

const withBreak = (line: Buffer): Buffer =>
  line[line.length - 1] === LF ? line : Buffer.concat([line, Buffer.from('\n')])

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
}
