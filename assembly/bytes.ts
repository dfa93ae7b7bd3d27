/** Bytes that have a meaning in JSON. */
export const QUOTE: u8 = 0x22
export const BACKSLASH: u8 = 0x5c
export const COMMA: u8 = 0x2c
export const COLON: u8 = 0x3a
export const OPEN_BRACE: u8 = 0x7b
export const CLOSE_BRACE: u8 = 0x7d
export const OPEN_BRACKET: u8 = 0x5b
export const CLOSE_BRACKET: u8 = 0x5d
export const SPACE: u8 = 0x20
export const LF: u8 = 0x0a
export const CR: u8 = 0x0d
export const DASH: u8 = 0x2d
export const DOT: u8 = 0x2e
export const SLASH: u8 = 0x2f
export const HASH_SIGN: u8 = 0x23

@inline
export function byteAt(p: usize): u8 {
  return load<u8>(p)
}

@inline
export function isDigit(c: u8): bool {
  return <u8>(c - 0x30) < 10
}

export function isHexDigit(c: u8): bool {
  return isDigit(c) || <u8>((c | 0x20) - 0x61) < 6
}
