export const QUOTE = 0x22
export const BACKSLASH = 0x5c

/**
 * Makes a table over byte values: 1 where `holds`, otherwise 0. Reading past the source gives undefined, which
 * matches no entry.
 */
export function byteTable(holds: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (holds(byte) ? 1 : 0))
}

export const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39
const isLetter = (c: number): boolean => (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)

export const DIGIT = byteTable(isDigit)
export const LETTER = byteTable(isLetter)
export const HEX = byteTable((c) => isDigit(c) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66))
/** Bytes that may follow a backslash, except `u`: the quote, the backslash, and `/bfnrt`. */
export const ESCAPED = byteTable((c) => c !== 0 && '"\\/bfnrt'.includes(String.fromCharCode(c)))
/** White space between tokens. */
export const SPACE = byteTable((c) => c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09)
