/**
 * Decides predicates, the compiled criteria of rules (`src/rules/automaton/predicates/predicate.ts`), by a look ahead
 * over the JSON value of an element. The value need not be valid: what is malformed, or not as FHIR has it, is unsure. The
 * records are those of `predicate-records.ts`.
 */
import { BACKSLASH, byteAt, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, DASH, isDigit, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './bytes'
import { hostCriterion } from './host'
import {
  Bit, EMPTY, FALSE, FILTERS, Goal, JsonKind, Kind, Member, MEMBER_BYTES, Mode, Predicate, Target, TRUE, UNSURE,
} from './predicate-records'
import { afterSpace, anyString, scanBoolean, scanNumber, skipValue, spaceEnd } from './scan'
import { areEqual, hasBackslash, integerVerdict, mayBeTrimmed, orderVerdict, textVerdict } from './value-tests'

/** Items of the collection being counted, how many hit, and whether one may count or hit or not. */
let items: u32 = 0
let hits: u32 = 0
let doubtful: bool = false
/** Whether one hit decides, and whether it has: what follows is then not looked at. */
let stopsAtHit: bool = false
let stopped: bool = false
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

/** Counts bytes that were looked at beside predicates. Returns false if there have been too many. */
export function spendLooks(bytes: usize): bool {
  bytesLeft -= <i64>bytes
  return bytesLeft >= 0
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
  const outerStops = stopsAtHit
  items = hits = 0
  doubtful = stopped = false
  stopsAtHit = predicate.detail == Mode.SOME
  visit(changetype<Target>(predicate.first), at)
  const truth = counted(predicate.detail)
  items = outerItems
  hits = outerHits
  doubtful = outerDoubtful
  stopsAtHit = outerStops
  stopped = false
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
    if (stopped) return at
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
  if (goal == Goal.ANY) hit()
  else if (goal == Goal.PREDICATE) {
    score(evaluate(target.parts, at))
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
      if (stopped) {
        bytesLeft -= <i64>(p - start)
        return p
      }
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
    if (p == 0 || stopped) return p
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
  score(hasBackslash(at + 1, end - 1) ? UNSURE : textVerdict(target, at + 1, end - 1))
  return end
}

function visitBoolean(target: Target, at: usize): usize {
  const end = scanBoolean(at)
  if (end == 0) return failed()
  if (!passes(target, at)) return end
  if (target.goal == Goal.BOOLEAN) {
    items++
    if ((byteAt(at) == 0x74) == (target.detail != 0)) hit()
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
    score(integerVerdict(target, at, end))
  } else if (target.goal == Goal.ORDER) {
    items++
    score(orderVerdict(target, at, end))
  } else if (target.goal == Goal.MEMBERS) return failed()
  else count(target, at)
  return end
}

@inline
function hit(): void {
  hits++
  stopped = stopsAtHit
}

/** Counts the hit of an item. */
@inline
function score(truth: i32): void {
  if (truth == TRUE) hit()
  else if (truth == UNSURE) doubtful = true
}
