import { BACKSLASH, byteAt, DASH, DOT, isDigit, SPACE } from './bytes'
import { FALSE, Goal, Order, Target, TRUE, UNSURE } from './predicate-records'

/** Tests of values. A range is a token without its quotes; what cannot be told from the bytes is UNSURE. */

/** Tests a text, which has no escapes and nothing to trim. */
export function textVerdict(target: Target, from: usize, to: usize): i32 {
  const length = to - from
  const wanted = <usize>load<u32>(target.parts)
  const text = target.parts + 4
  switch (<i32>target.goal) {
    case Goal.TEXTS:
      return isOneOf(target, from, length) ? TRUE : FALSE
    case Goal.STARTS: {
      // Texts with other characters are compared as their culture has it.
      if (!isAscii(from, to)) return UNSURE
      return length >= wanted && areEqual(from, text, wanted) ? TRUE : FALSE
    }
    case Goal.ENDS: {
      if (!isAscii(from, to)) return UNSURE
      return length >= wanted && areEqual(to - wanted, text, wanted) ? TRUE : FALSE
    }
    case Goal.CONTAINS: {
      for (let p = from; p + wanted <= to; p++) if (areEqual(p, text, wanted)) return TRUE
      return FALSE
    }
    default:
      return UNSURE
  }
}

/** Tests a number; one with a fraction or an exponent, or of many digits, is UNSURE. */
export function integerVerdict(target: Target, from: usize, to: usize): i32 {
  const isNegative = byteAt(from) == DASH
  let p = isNegative ? from + 1 : from
  if (to - p > 9) return UNSURE
  let value: i32 = 0
  for (; p < to; p++) {
    const c = byteAt(p)
    if (!isDigit(c)) return UNSURE
    value = value * 10 + <i32>(c - 0x30)
  }
  return (isNegative ? -value : value) == <i32>target.parts ? TRUE : FALSE
}

/** Longest number that is compared by its bytes. A much longer one counts as a text. */
const LONGEST_COMPARED: usize = 18

/** Compares a number with an integer of at most nine digits; one with an exponent is UNSURE. */
export function orderVerdict(target: Target, from: usize, to: usize): i32 {
  if (to - from > LONGEST_COMPARED) return UNSURE
  const isNegative = byteAt(from) == DASH
  let p = isNegative ? from + 1 : from
  let value: i64 = 0
  for (; p < to && isDigit(byteAt(p)); p++) value = value * 10 + <i64>(byteAt(p) - 0x30)
  let hasRest = false
  if (p < to) {
    if (byteAt(p) != DOT) return UNSURE
    for (p++; p < to; p++) {
      const c = byteAt(p)
      if (!isDigit(c)) return UNSURE
      if (c != 0x30) hasRest = true
    }
  }
  if (isNegative) value = -value
  const wanted = <i64><i32>target.parts
  let order = value < wanted ? Order.BELOW : value > wanted ? Order.ABOVE : Order.EQUAL
  if (order == Order.EQUAL && hasRest) order = isNegative ? Order.BELOW : Order.ABOVE
  return (target.detail & order) != 0 ? TRUE : FALSE
}

/**
 * Whether a text is empty, or may have white space at an end, which is trimmed. The lead bytes of white space beyond
 * ASCII are C2 (two bytes) and E1 to E3 (three bytes); other characters that begin so only cost a look more.
 */
export function mayBeTrimmed(from: usize, to: usize): bool {
  if (from == to) return true
  const first = byteAt(from)
  const last = byteAt(to - 1)
  if (first <= SPACE || first == BACKSLASH || first == 0xc2 || (first >= 0xe1 && first <= 0xe3)) return true
  if (last <= SPACE) return true
  if (last < 0x80) return hasEscapeAtEnd(from, to)
  const before = byteAt(to - 3)
  return byteAt(to - 2) == 0xc2 || (before >= 0xe1 && before <= 0xe3)
}

/** Whether a text may end in an escape. */
@inline
function hasEscapeAtEnd(from: usize, to: usize): bool {
  const start = to - from > 6 ? to - 6 : from
  for (let p = start; p < to; p++) if (byteAt(p) == BACKSLASH) return true
  return false
}

export function hasBackslash(from: usize, to: usize): bool {
  for (let p = from; p < to; p++) if (byteAt(p) == BACKSLASH) return true
  return false
}

/** Whether a text is one of the target's. */
function isOneOf(target: Target, from: usize, length: usize): bool {
  let text = target.parts
  for (let k: u32 = 0; k < target.count; k++) {
    const wanted = <usize>load<u32>(text)
    if (wanted == length && areEqual(from, text + 4, length)) return true
    text += (4 + wanted + 15) & ~15
  }
  return false
}

function isAscii(from: usize, to: usize): bool {
  for (let p = from; p < to; p++) if (byteAt(p) >= 0x80) return false
  return true
}

/** Whether two ranges of `length` bytes are equal. Reads up to 15 bytes more of each. */
export function areEqual(a: usize, b: usize, length: usize): bool {
  for (; length > 16; length -= 16, a += 16, b += 16)
    if (i8x16.bitmask(i8x16.ne(v128.load(a), v128.load(b))) != 0) return false
  const different = i8x16.bitmask(i8x16.ne(v128.load(a), v128.load(b)))
  return (different & ((1 << <i32>length) - 1)) == 0
}
