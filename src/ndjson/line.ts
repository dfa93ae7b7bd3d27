/**
 * INVARIANT line: what a line of NDJSON is. Every reader of lines in this program goes by it.
 *
 * - LF ends a line, and nothing else does: no CR by itself, no NUL, no U+2028.
 * - One CR right before that LF, or at the end of the text, belongs to the line's ending.
 * - The last line may lack its LF. After a final LF no further line begins.
 * - A UTF-8 byte order mark at the start of the text belongs to no line.
 * - A line of white space only is blank. It still counts as a line.
 * - The length of a line is that of its content: what it holds without its ending.
 */
export const LF = 0x0a
const CR = 0x0d
const MARK = [0xef, 0xbb, 0xbf] as const

/** Where the line after the first LF at or after `from` begins; 0 where no LF comes before `until`. */
export function lineStartAfter(bytes: Buffer, from: number, until = bytes.length): number {
  const newline = from < until ? bytes.subarray(0, until).indexOf(LF, from) : -1
  return newline + 1
}

/** Where the last line that begins before `until` begins, looked for backwards: after an LF, else 0. */
export const lastLineStart = (bytes: Buffer, until: number): number =>
  until < 2 ? 0 : bytes.lastIndexOf(LF, until - 2) + 1

/** Where the last LF of `bytes[from, until)` ends; `from` where it holds none. */
export function wholeLinesEnd(bytes: Buffer, from: number, until: number): number {
  const newline = until > from ? bytes.subarray(from, until).lastIndexOf(LF) : -1
  return from + newline + 1
}

/** Where the content of the line `bytes[start, end)` ends: before its LF and one CR. */
export function contentEnd(bytes: Uint8Array, start: number, end: number): number {
  const beforeLf = end > start && bytes[end - 1] === LF ? end - 1 : end
  return beforeLf > start && bytes[beforeLf - 1] === CR ? beforeLf - 1 : beforeLf
}

/** How many lines `bytes` has, a last one without LF included. */
export function countLines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) count += 1
  return bytes.length > 0 && bytes[bytes.length - 1] !== LF ? count + 1 : count
}

/** Tab, LF, VT, FF, CR and space. */
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

export function isBlank(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  for (let at = start; at < end; at += 1) if (!isSpace(bytes[at] ?? 0)) return false
  return true
}

/** The length of the byte order mark that `bytes` begins with: 3, or 0 for none. */
export const markLength = (bytes: Uint8Array): 0 | 3 =>
  MARK.every((byte, index) => bytes[index] === byte) ? 3 : 0

/** Whether `bytes`, the first of a text, may become a byte order mark with those that follow. */
export const mayBecomeMark = (bytes: Uint8Array): boolean =>
  bytes.length < MARK.length && bytes.every((byte, index) => byte === MARK[index])
