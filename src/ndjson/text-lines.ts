/** One line of a text. */
export interface TextLine {
  /** Its content. */
  readonly text: string
  /** It has its LF: the writer was not cut off within it. */
  readonly isEnded: boolean
  /** Where its ending ends, in bytes of UTF-8 from the start of the text. */
  readonly endBytes: number
}

const MARK = '\ufeff'

/** The lines of a whole small file that was read as a text (INVARIANT line). */
export function* textLines(text: string): Generator<TextLine> {
  let at = text.startsWith(MARK) ? MARK.length : 0
  let endBytes = at === 0 ? 0 : Buffer.byteLength(MARK)
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    const isEnded = newline >= 0
    const end = isEnded ? newline : text.length
    const next = isEnded ? newline + 1 : end
    endBytes += Buffer.byteLength(text.slice(at, next))
    const contentEnd = end > at && text[end - 1] === '\r' ? end - 1 : end
    yield { text: text.slice(at, contentEnd), isEnded, endBytes }
    at = next
  }
}

/** The text without a last line that lacks its LF. */
export const endedLines = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1)
