import {
  BACKSLASH,
  byteAt,
  CLOSE_BRACE,
  COLON,
  COMMA,
  CR,
  DASH,
  DOT,
  isDigit,
  isHexDigit,
  LF,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from './bytes'

/**
 * Scans JSON tokens. Each function takes the address where a token begins and returns the one after it, or 0 if there
 * is no such token. They may read up to 64 bytes past the window; the zeros there end every token.
 */

/** Maximum nesting depth of objects and arrays, as in the interpreter. */
export const MAX_DEPTH: u32 = 256

/** Whether newlines are white space: in a document, not in a line. */
let newlineIsSpace: bool = false

export function setNewlineIsSpace(value: bool): void {
  newlineIsSpace = value
}

/** Returns the first address at or after `p` that holds no white space. */
export function spaceEnd(p: usize): usize {
  while (true) {
    const c = byteAt(p)
    if (c != SPACE && c != 0x09 && c != CR && !(c == LF && newlineIsSpace)) return p
    p++
  }
}

/** Returns the address of the first quote, backslash or control character at or after `p`. */
@inline
function ordinaryEnd(p: usize): usize {
  while (true) {
    const v = v128.load(p)
    // `le_u` takes two instructions on x64, `lt_u` four.
    const stops = v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      i8x16.le_u(v, i8x16.splat(0x1f)),
    )
    const mask = i8x16.bitmask(stops)
    if (mask != 0) return p + ctz(mask)
    p += 16
  }
}

/** Scans a string, blank or not. */
@inline
export function anyString(p: usize): usize {
  p = ordinaryEnd(p + 1)
  return byteAt(p) == QUOTE ? p + 1 : restOfString(p)
}

/** Scans the rest of a string from its first backslash, or from what ends it wrongly. */
function restOfString(p: usize): usize {
  while (true) {
    const c = byteAt(p)
    if (c == QUOTE) return p + 1
    if (c != BACKSLASH) return 0
    p = escapeEnd(p)
    if (p == 0) return 0
    p = ordinaryEnd(p)
  }
}

/** Returns the address after the escape whose backslash is at `p`; 0 if it is invalid. */
function escapeEnd(p: usize): usize {
  switch (<i32>byteAt(p + 1)) {
    case 0x22:
    case 0x5c:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return p + 2
    case 0x75: {
      for (let k: usize = 2; k < 6; k++) if (!isHexDigit(byteAt(p + k))) return 0
      return p + 6
    }
    default:
      return 0
  }
}

/** Scans a string that is not blank. */
@inline
export function filledString(p: usize): usize {
  return maybeBlank(byteAt(p + 1)) && isBlankString(p) ? 0 : anyString(p)
}

/** Whether a string that begins with this byte may be blank. Few begin with a backslash or outside `#` to `~`. */
@inline
function maybeBlank(c: u8): bool {
  return <u8>(c - 0x23) > 0x7e - 0x23 || c == BACKSLASH
}

/** Whether the string at `p` is empty or holds only white space. Invalid strings may count as blank. */
export function isBlankString(p: usize): bool {
  p++
  while (true) {
    const c = byteAt(p)
    if (c == QUOTE) return true
    const size = c == BACKSLASH ? blankEscape(p) : blankCharacter(p, c)
    if (size == 0) return false
    p += size
  }
}

/** Returns the length of the white-space escape at `p`; 0 if it stands for another character. */
function blankEscape(p: usize): usize {
  const c = byteAt(p + 1)
  if (c == 0x74 || c == 0x6e || c == 0x72 || c == 0x66) return 2
  return c == 0x75 && isSpaceUnit(hexUnit(p + 2)) ? 6 : 0
}

/** Reads four hexadecimal digits; what they stand for is of no use if they are not such digits. */
function hexUnit(p: usize): u32 {
  let unit: u32 = 0
  for (let k: usize = 0; k < 4; k++) {
    const c = <u32>byteAt(p + k)
    unit = (unit << 4) | ((c & 0xf) + (c > 0x39 ? 9 : 0))
  }
  return unit
}

/** Whether a UTF-16 unit is white space that .NET trims (`trimText`). */
function isSpaceUnit(unit: u32): bool {
  if (unit <= 0x20) return unit == 0x20 || (unit >= 0x09 && unit <= 0x0d)
  if (unit < 0x1680) return unit == 0x85 || unit == 0xa0
  if (unit < 0x2000) return unit == 0x1680
  return unit <= 0x200a || unit == 0x2028 || unit == 0x2029 || unit == 0x202f || unit == 0x205f || unit == 0x3000
}

/**
 * Returns the length of the white-space character at `p`, which begins with `c`; 0 for any other. White space is what
 * .NET trims (`trimText`).
 */
function blankCharacter(p: usize, c: u8): usize {
  if (c == SPACE) return 1
  const d = byteAt(p + 1)
  if (c == 0xc2) return d == 0x85 || d == 0xa0 ? 2 : 0
  const e = byteAt(p + 2)
  if (c == 0xe1) return d == 0x9a && e == 0x80 ? 3 : 0
  if (c == 0xe3) return d == 0x80 && e == 0x80 ? 3 : 0
  if (c != 0xe2) return 0
  if (d == 0x81) return e == 0x9f ? 3 : 0
  return d == 0x80 && (e <= 0x8a || e == 0xa8 || e == 0xa9 || e == 0xaf) ? 3 : 0
}

export function scanNumber(p: usize): usize {
  if (byteAt(p) == DASH) p++
  if (byteAt(p) == 0x30) p++
  else {
    p = digits(p)
    if (p == 0) return 0
  }
  if (byteAt(p) == DOT) {
    p = digits(p + 1)
    if (p == 0) return 0
  }
  if ((byteAt(p) | 0x20) != 0x65) return p
  const sign = byteAt(p + 1)
  return digits(sign == DASH || sign == 0x2b ? p + 2 : p + 1)
}

/** Scans one digit or more. */
@inline
function digits(p: usize): usize {
  const start = p
  while (isDigit(byteAt(p))) p++
  return p == start ? 0 : p
}

const TRUE: u32 = 0x65757274
const FALS: u32 = 0x736c6166
const NULL: u32 = 0x6c6c756e

export function scanBoolean(p: usize): usize {
  const word = load<u32>(p)
  if (word == TRUE) return p + 4
  return word == FALS && byteAt(p + 4) == 0x65 ? p + 5 : 0
}

/** Whether the last value that `skipValue` skipped holds anything but nulls and blank strings. */
export let sawValue: bool = false

/** The closing bytes of the containers that `skipValue` has open, by depth. */
const closers: usize = memory.data(512)

/**
 * Skips a value by its JSON syntax alone, with white space between tokens. `depth` counts the containers that are open
 * around it.
 */
export function skipValue(p: usize, depth: u32): usize {
  const outside = depth
  sawValue = false
  while (true) {
    const c = byteAt(p)
    if (c == OPEN_BRACE || c == OPEN_BRACKET) {
      if (depth >= MAX_DEPTH) return 0
      p = spaceEnd(p + 1)
      const close = c + 2
      if (byteAt(p) != close) {
        store<u8>(closers + depth, close)
        depth++
        if (c == OPEN_BRACE) {
          p = skipKey(p)
          if (p == 0) return 0
        }
        continue
      }
      p++
    } else {
      p = skipScalar(p, c)
      if (p == 0) return 0
    }
    // After a value: closes containers up to the next comma.
    while (true) {
      if (depth == outside) return p
      p = afterSpace(p)
      const next = byteAt(p)
      const close = load<u8>(closers + depth - 1)
      if (next == close) {
        p++
        depth--
        continue
      }
      if (next != COMMA) return 0
      p = afterSpace(p + 1)
      if (close == CLOSE_BRACE) {
        p = skipKey(p)
        if (p == 0) return 0
      }
      break
    }
  }
}

@inline
export function afterSpace(p: usize): usize {
  return byteAt(p) <= SPACE ? spaceEnd(p) : p
}

/** Scans a scalar that begins with `c`. */
@inline
function skipScalar(p: usize, c: u8): usize {
  if (c == QUOTE) {
    if (!sawValue) sawValue = !(maybeBlank(byteAt(p + 1)) && isBlankString(p))
    return anyString(p)
  }
  if (c == 0x6e) return load<u32>(p) == NULL ? p + 4 : 0
  sawValue = true
  return c == 0x74 || c == 0x66 ? scanBoolean(p) : scanNumber(p)
}

/** Scans a key and its colon; returns the address of the value. */
@inline
function skipKey(p: usize): usize {
  if (byteAt(p) != QUOTE) return 0
  p = anyString(p)
  if (p == 0) return 0
  p = afterSpace(p)
  return byteAt(p) == COLON ? afterSpace(p + 1) : 0
}
