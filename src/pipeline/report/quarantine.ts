import { isUtf8 } from 'node:buffer'
import { present } from '../../invariant.js'
import { parseJson } from '../../json/parse.js'
import { linesOfPieces } from '../../ndjson/line-stream.js'
import type { LinesResult } from '../../workers/protocol.js'
import { rejectionsOf } from '../../workers/rejections.js'

/** One rejected line. */
export interface QuarantinedLine {
  readonly item: string
  /** Offset in bytes from the start of the decompressed item. */
  readonly offset: number
  readonly length: number
  /** Line number from 1, counting blank lines. */
  readonly line: number
  readonly code: string
  /** Offset of the faulty element, in bytes from the start of the line. */
  readonly elementOffset: number
  /** Describes the fault by elements and rules, never by values. */
  readonly message: string
  /** The line itself, only on request; in base64 if it is not UTF-8. */
  readonly content?: string
  readonly contentBase64?: string
}

/** Position of a part of an item. */
export interface PartPlace {
  readonly item: string
  readonly offset: number
  /** Number of lines of the item before this part. */
  readonly linesBefore: number
}

/** Yields the rejected lines of one answer, in input order. */
export function* quarantined(result: LinesResult, place: PartPlace): Iterable<QuarantinedLine> {
  let contentAt = 0
  for (const { offset, length, line, code, message, elementOffset } of rejectionsOf(result.rejected)) {
    const held = result.content !== undefined && code !== 'LINE_TOO_LONG'
    yield {
      item: place.item,
      offset: place.offset + offset,
      length,
      line: place.linesBefore + line + 1,
      code,
      elementOffset,
      message,
      ...(held ? contentOf(result.content.subarray(contentAt, contentAt + length)) : {}),
    }
    if (held) contentAt += length
  }
}

const TEXT_LENGTH = 2 ** 18

/** Yields them as NDJSON, in pieces of bounded size. */
export function* quarantineText(result: LinesResult, place: PartPlace): Iterable<string> {
  let text = ''
  for (const line of quarantined(result, place)) {
    text += `${JSON.stringify(line)}\n`
    if (text.length < TEXT_LENGTH) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

/** Yields the NDJSON of a part of an item as that of the item, which has `linesBefore` lines before the part. */
export async function* renumbered(
  pieces: AsyncIterable<Uint8Array>,
  linesBefore: number,
): AsyncIterable<string> {
  let text = ''
  for await (const { bytes } of linesOfPieces(pieces)) {
    const line = present(bytes, 'a line of the quarantine').toString()
    text += `${linesBefore === 0 ? line : JSON.stringify(moved(line, linesBefore))}\n`
    if (text.length < TEXT_LENGTH) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

function moved(text: string, linesBefore: number): Pick<QuarantinedLine, 'line'> {
  const rejected = parseJson(text) as QuarantinedLine
  return { ...rejected, line: rejected.line + linesBefore }
}

export function countByCode({ rejected }: LinesResult): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { code } of rejectionsOf(rejected)) counts[code] = (counts[code] ?? 0) + 1
  return counts
}

function contentOf(bytes: Uint8Array): Pick<QuarantinedLine, 'content' | 'contentBase64'> {
  const buffer = Buffer.from(bytes)
  return isUtf8(buffer) ? { content: buffer.toString('utf8') } : { contentBase64: buffer.toString('base64') }
}
