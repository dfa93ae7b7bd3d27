import { BACKSLASH, byteTable, DIGIT, LETTER, QUOTE, SPACE } from '../../json/byte-classes.js'

/** Bytes of numbers and words. Two of them separated by white space belong to two tokens. */
const WORD = byteTable((c) => DIGIT[c] === 1 || LETTER[c] === 1 || c === 0x2d || c === 0x2b || c === 0x2e)

const isWord = (c: number | undefined): boolean => c !== undefined && WORD[c] === 1
const isBlank = (c: number): boolean => c === 0x20 || (c >= 0x09 && c <= 0x0d)

// INVARIANT loop-reads (`scan.ts`).

/**
 * Copies `source[start, end)` to the start of `target` without the white space between JSON tokens. Returns the
 * length, or -1 if white space alone separates two tokens, which is not JSON. `target` must be as long as the source.
 */
export function compactJson(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let at = 0
  let inString = false
  for (let p = start; p < end; p++) {
    const c = source[p] as number
    if (inString) {
      target[at++] = c
      if (c === BACKSLASH && p + 1 < end) target[at++] = source[++p] as number
      else if (c === QUOTE) inString = false
      continue
    }
    if (SPACE[c] === 1) {
      let next = p + 1
      while (next < end && isBlank(source[next] as number)) next++
      if (at > 0 && next < end && isWord(target[at - 1]) && isWord(source[next])) return -1
      continue
    }
    if (c === QUOTE) inString = true
    target[at++] = c
  }
  return at
}
