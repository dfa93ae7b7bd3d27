/**
 * Decides predicates, the compiled criteria of rules (`src/rules/automaton/predicates/predicate.ts`), by a look ahead
 * over the JSON value of an element. The value need not be valid: what is malformed, or not as FHIR has it, is unsure.
 *
 * Records, with fields of 32 bits unless stated otherwise; all addresses are absolute:
 *
 * - predicate, 12 bytes: kind (u8), then for `constant` its truth (u8), for `items` the mode (u8); at 4 the operand,
 *   the left operand, the target or the number of a criterion; at 8 the right operand
 * - target, 16 bytes and more: kind of goal (u8), value of a boolean (u8), number of filters (u16); at 4 the members,
 *   texts or predicate, or the integer; at 8 the number of members or texts; from 16 on the addresses of the filters
 * - member, 16 bytes: address of the key with its opening quote; at 4 the target; at 8 the key's length without quotes
 *   (u16), JSON kind (u8), bits (u8)
 * - text, 4 bytes and more: number of bytes, then the bytes, padded to 16
 */
import { BACKSLASH, byteAt, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, DASH, isDigit, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE } from './bytes'
import { hostCriterion } from './host'
import { afterSpace, anyString, scanBoolean, scanNumber, skipValue, spaceEnd } from './scan'

export const FALSE: i32 = 0
export const TRUE: i32 = 1
export const UNSURE: i32 = 2
/** Empty, the third value of FHIRPath's logic. */
const EMPTY: i32 = 3

namespace Kind {
  export const CONSTANT: u8 = 0
  export const NOT: u8 = 1
  export const AND: u8 = 2
  export const OR: u8 = 3
  export const XOR: u8 = 4
  export const IMPLIES: u8 = 5
  export const CRITERION: u8 = 7
}

namespace Mode {
  export const SOME: u8 = 0
  export const SINGLE: u8 = 1
  export const ALL: u8 = 3
  export const CONDITION: u8 = 4
}

namespace Goal {
  export const MEMBERS: u8 = 0
  export const ANY: u8 = 1
  export const NEVER: u8 = 2
  export const UNSURE: u8 = 3
  export const TEXTS: u8 = 4
  export const STARTS: u8 = 5
  export const ENDS: u8 = 6
  export const CONTAINS: u8 = 7
  export const BOOLEAN: u8 = 8
  export const INTEGER: u8 = 9
  export const PREDICATE: u8 = 10
}

namespace JsonKind {
  export const STRING: u8 = 0
  export const NUMBER: u8 = 1
  export const BOOLEAN: u8 = 2
}

/** Bits of a member. */
namespace Bit {
  export const ARRAY: u8 = 1
  /** Whether its element may have another property, `_key`. */
  export const PRIMITIVE: u8 = 2
}

@unmanaged
class Predicate {
  kind: u8
  detail: u8
  first: usize
  second: usize
}

@unmanaged
class Target {
  goal: u8
  isTrue: u8
  filterCount: u16
  parts: usize
  count: u32
}
const FILTERS: usize = 16

@unmanaged
class Member {
  key: usize
  target: usize
  keyLength: u16
  kind: u8
  bits: u8
  unused: u32
}
const MEMBER_BYTES: usize = 16

/** Items of the collection being counted, how many hit, and whether one may count or hit or not. */
let items: u32 = 0
let hits: u32 = 0
let doubtful: bool = false
/** Whether the value is malformed or not as FHIR has it, so that nothing is certain. */
let broken: bool = false
/** Number of bytes that may still be looked at. It bounds the work on deeply nested elements. */
let bytesLeft: i64 = 0

const BYTES_AT_LEAST: i64 = 1 << 20
const LOOKS_PER_BYTE: i64 = 64

/** Begins lines of a number of bytes in all. */
export function beginPredicates(bytes: usize): void {
  bytesLeft = BYTES_AT_LEAST + LOOKS_PER_BYTE * <i64>bytes
}

/** Decides a predicate on the element whose JSON value is at `at`: TRUE, FALSE or UNSURE. */
export function evaluatePredicate(predicate: usize, at: usize): i32 {
  if (bytesLeft < 0) return UNSURE
  broken = false
  const truth = evaluate(predicate, at)
  if (broken) return UNSURE
  return truth == EMPTY ? FALSE : truth
}

function evaluate(address: usize, at: usize): i32 {
  const predicate = changetype<Predicate>(address)
  switch (<i32>predicate.kind) {
    case Kind.CONSTANT:
      return predicate.detail
    case Kind.NOT:
      return negated(evaluate(predicate.first, at))
    case Kind.AND: {
      const left = evaluate(predicate.first, at)
      return left == FALSE ? FALSE : negated(either(negated(left), negated(evaluate(predicate.second, at))))
    }
    case Kind.OR: {
      const left = evaluate(predicate.first, at)
      return left == TRUE ? TRUE : either(left, evaluate(predicate.second, at))
    }
    case Kind.IMPLIES: {
      const left = evaluate(predicate.first, at)
      return left == FALSE ? TRUE : either(negated(left), evaluate(predicate.second, at))
    }
    case Kind.XOR: {
      const left = evaluate(predicate.first, at)
      const right = evaluate(predicate.second, at)
      if (left == UNSURE || right == UNSURE) return UNSURE
      if (left == EMPTY || right == EMPTY) return EMPTY
      return left == right ? FALSE : TRUE
    }
    case Kind.CRITERION:
      return hostCriterion(<u32>predicate.first, at)
    default:
      return evaluateItems(predicate, at)
  }
}

@inline
function negated(truth: i32): i32 {
  return truth <= TRUE ? 1 - truth : truth
}

function either(left: i32, right: i32): i32 {
  if (left == TRUE || right == TRUE) return TRUE
  if (left == UNSURE || right == UNSURE) return UNSURE
  return left == EMPTY || right == EMPTY ? EMPTY : FALSE
}

/** Counts the items of a collection and those that hit, and decides by these numbers. */
function evaluateItems(predicate: Predicate, at: usize): i32 {
  const outerItems = items
  const outerHits = hits
  const outerDoubtful = doubtful
  items = hits = 0
  doubtful = false
  visit(changetype<Target>(predicate.first), at)
  const truth = counted(predicate.detail)
  items = outerItems
  hits = outerHits
  doubtful = outerDoubtful
  return truth
}

function counted(mode: u8): i32 {
  if (mode == Mode.SOME) return hits > 0 ? TRUE : doubtful ? UNSURE : FALSE
  if (doubtful) return UNSURE
  if (items == 0 && mode != Mode.ALL) return EMPTY
  if (items > 1 && mode == Mode.SINGLE) return FALSE
  if (items > 1 && mode == Mode.CONDITION) return TRUE
  return hits == items ? TRUE : FALSE
}

/** Visits the element at `at`; returns the address after it. */
function visit(target: Target, at: usize): usize {
  const c = byteAt(at)
  if (c == OPEN_BRACE) return visitObject(target, at)
  if (c == QUOTE) return visitString(target, at)
  if (c == 0x74 || c == 0x66) return visitBoolean(target, at)
  return c == DASH || isDigit(c) ? visitNumber(target, at) : failed()
}

/** Gives up, as nothing is certain. */
function failed(): usize {
  broken = true
  return 0
}

function visitObject(target: Target, at: usize): usize {
  const first = spaceEnd(at + 1)
  if (byteAt(first) == CLOSE_BRACE) {
    // Paths do not see an element without content.
    doubtful = true
    return first + 1
  }
  if (passes(target, at)) {
    if (target.goal == Goal.MEMBERS) return visitMembers(target, first)
    count(target, at)
  }
  const end = skipValue(at, 0)
  bytesLeft -= <i64>(end - at)
  return end == 0 ? failed() : end
}

/** Whether the element at `at` meets the conditions of `where`. */
function passes(target: Target, at: usize): bool {
  const filters = changetype<usize>(target) + FILTERS
  for (let k: usize = 0; k < <usize>target.filterCount; k++) {
    const truth = evaluate(load<usize>(filters + k * sizeof<usize>()), at)
    if (truth == UNSURE) doubtful = true
    if (truth != TRUE) return false
  }
  return true
}

/** Counts an item for which the type, or a predicate, decides whether it hits. */
function count(target: Target, at: usize): void {
  items++
  const goal = target.goal
  if (goal == Goal.ANY) hits++
  else if (goal == Goal.PREDICATE) {
    const truth = evaluate(target.parts, at)
    if (truth == TRUE) hits++
    else if (truth == UNSURE) doubtful = true
  } else if (goal != Goal.NEVER) doubtful = true
}

/** Visits the members that a path enters, of the object whose first key is at `p`; returns the address after it. */
function visitMembers(target: Target, p: usize): usize {
  const start = p
  let seen: u64 = 0
  while (true) {
    if (byteAt(p) != QUOTE) return failed()
    const keyEnd = endOfKey(p)
    if (keyEnd == 0) return failed()
    const value = valueOfKey(keyEnd)
    if (value == 0) return failed()
    const found = memberOf(target, p, keyEnd - p - 2)
    if (found >= 0) {
      const bit = <u64>1 << found
      if ((seen & bit) != 0) return failed()
      seen |= bit
      p = visitMember(changetype<Member>(target.parts + <usize>found * MEMBER_BYTES), value)
    } else p = skipValue(value, 0)
    if (p == 0) return failed()
    p = afterSpace(p)
    const c = byteAt(p)
    if (c == CLOSE_BRACE) break
    if (c != COMMA) return failed()
    p = afterSpace(p + 1)
  }
  bytesLeft -= <i64>(p - start)
  return p + 1
}

/** Returns the address after the key at `p`; 0 if it has an escape, as it may be any key. */
@inline
function endOfKey(p: usize): usize {
  const end = anyString(p)
  for (let q = p + 1; q < end; q++) if (byteAt(q) == BACKSLASH) return 0
  return end
}

@inline
function valueOfKey(p: usize): usize {
  p = afterSpace(p)
  return byteAt(p) == COLON ? afterSpace(p + 1) : 0
}

/** Returns the number of the member whose key is at `p` and has `length` bytes; -1 if the path does not enter it. */
function memberOf(target: Target, p: usize, length: usize): i32 {
  const isUnderscore = byteAt(p + 1) == 0x5f
  for (let k: u32 = 0; k < target.count; k++) {
    const member = changetype<Member>(target.parts + <usize>k * MEMBER_BYTES)
    const keyLength = <usize>member.keyLength
    if (keyLength == length && areEqual(p + 1, member.key + 1, length)) return k
    if (isUnderscore && (member.bits & Bit.PRIMITIVE) != 0 && keyLength + 1 == length)
      // The other half of a primitive, which may make an element of it that paths see.
      if (areEqual(p + 2, member.key + 1, keyLength)) doubtful = true
  }
  return -1
}

/** Visits the value of a member, or its items; returns the address after it. */
function visitMember(member: Member, p: usize): usize {
  if ((member.bits & Bit.ARRAY) == 0) return visitValue(member, p)
  if (byteAt(p) != OPEN_BRACKET) return failed()
  p = afterSpace(p + 1)
  if (byteAt(p) == CLOSE_BRACKET) return p + 1
  while (true) {
    p = visitValue(member, p)
    if (p == 0) return 0
    p = afterSpace(p)
    const c = byteAt(p)
    if (c == CLOSE_BRACKET) return p + 1
    if (c != COMMA) return failed()
    p = afterSpace(p + 1)
  }
}

function visitValue(member: Member, p: usize): usize {
  const target = changetype<Target>(member.target)
  const c = byteAt(p)
  switch (<i32>member.kind) {
    case JsonKind.STRING:
      return c == QUOTE ? visitString(target, p) : failed()
    case JsonKind.NUMBER:
      return c == DASH || isDigit(c) ? visitNumber(target, p) : failed()
    case JsonKind.BOOLEAN:
      return c == 0x74 || c == 0x66 ? visitBoolean(target, p) : failed()
    default:
      return c == OPEN_BRACE ? visitObject(target, p) : failed()
  }
}

function visitString(target: Target, at: usize): usize {
  const end = anyString(at)
  if (end == 0) return failed()
  if (mayBeTrimmed(at + 1, end - 1)) {
    // It may be blank, and then paths do not see it.
    doubtful = true
    return end
  }
  if (!passes(target, at)) return end
  if (target.goal < Goal.TEXTS || target.goal == Goal.PREDICATE) {
    if (target.goal == Goal.MEMBERS) return failed()
    count(target, at)
    return end
  }
  items++
  if (hasBackslash(at + 1, end - 1)) doubtful = true
  else testText(target, at + 1, end - 1)
  return end
}

/**
 * Whether a text is empty, or may have white space at an end, which is trimmed. The lead bytes of white space beyond
 * ASCII are C2 (two bytes) and E1 to E3 (three bytes); other characters that begin so only cost a look more.
 */
function mayBeTrimmed(from: usize, to: usize): bool {
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

function hasBackslash(from: usize, to: usize): bool {
  for (let p = from; p < to; p++) if (byteAt(p) == BACKSLASH) return true
  return false
}

/** Tests the text `[from, to)`, which has no escapes and nothing to trim. */
function testText(target: Target, from: usize, to: usize): void {
  const length = to - from
  const text = target.parts
  const wanted = <usize>load<u32>(text)
  switch (<i32>target.goal) {
    case Goal.TEXTS: {
      if (isOneOf(target, from, length)) hits++
      break
    }
    case Goal.STARTS: {
      if (!isAscii(from, to)) doubtful = true
      else if (length >= wanted && areEqual(from, text + 4, wanted)) hits++
      break
    }
    case Goal.ENDS: {
      if (!isAscii(from, to)) doubtful = true
      else if (length >= wanted && areEqual(to - wanted, text + 4, wanted)) hits++
      break
    }
    case Goal.CONTAINS: {
      for (let p = from; p + wanted <= to; p++)
        if (areEqual(p, text + 4, wanted)) {
          hits++
          break
        }
      bytesLeft -= <i64>length
      break
    }
    default:
      doubtful = true
  }
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

function visitBoolean(target: Target, at: usize): usize {
  const end = scanBoolean(at)
  if (end == 0) return failed()
  if (!passes(target, at)) return end
  if (target.goal == Goal.BOOLEAN) {
    items++
    if ((byteAt(at) == 0x74) == (target.isTrue != 0)) hits++
  } else if (target.goal == Goal.MEMBERS) return failed()
  else count(target, at)
  return end
}

function visitNumber(target: Target, at: usize): usize {
  const end = scanNumber(at)
  if (end == 0) return failed()
  if (!passes(target, at)) return end
  if (target.goal == Goal.INTEGER) {
    items++
    testInteger(target, at, end)
  } else if (target.goal == Goal.MEMBERS) return failed()
  else count(target, at)
  return end
}

/** Tests the number `[from, to)`; one with a fraction or an exponent, or of many digits, is unsure. */
function testInteger(target: Target, from: usize, to: usize): void {
  const isNegative = byteAt(from) == DASH
  let p = isNegative ? from + 1 : from
  if (to - p > 9) {
    doubtful = true
    return
  }
  let value: i32 = 0
  for (; p < to; p++) {
    const c = byteAt(p)
    if (!isDigit(c)) {
      doubtful = true
      return
    }
    value = value * 10 + <i32>(c - 0x30)
  }
  if ((isNegative ? -value : value) == <i32>target.parts) hits++
}

/** Whether two ranges of `length` bytes are equal. Reads up to 15 bytes more of each. */
function areEqual(a: usize, b: usize, length: usize): bool {
  for (; length > 16; length -= 16, a += 16, b += 16)
    if (i8x16.bitmask(i8x16.ne(v128.load(a), v128.load(b))) != 0) return false
  const different = i8x16.bitmask(i8x16.ne(v128.load(a), v128.load(b)))
  return (different & ((1 << <i32>length) - 1)) == 0
}
