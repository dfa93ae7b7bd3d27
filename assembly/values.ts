import { byteAt, isDigit, QUOTE, SPACE } from './bytes'
import { dayOrder, moveDate, readDate, timeOffsetAt, writeDate } from './dates'
import { MAX_HASHED, queueHash } from './hash-queue'
import { hostMethod, METHOD_FAILED, METHOD_GONE, METHOD_RECORDS, METHOD_REPLACED, NO_DAYS } from './host'
import { advanceOutput, flush, output, record, reserve, setGone, setPending, writeBytes, writeReplacement } from './line'
import { Act, Edge, Fact } from './records'
import { idEnd, referenceId } from './references'
import { filledString, sawValue, scanBoolean, scanNumber, skipValue } from './scan'
import { writeRootDigits } from './root-ids'
import { daysFor, depthOfResource, setRootDigits } from './shifts'

/**
 * The steps of the walk that do more than keep a value. Each takes the address where the value begins and returns the
 * one after it, or 0 to leave the line to the interpreter. Each sets `gone`.
 */

/** Bits of the records, as in `RECORD` of the methods. */
export const REDACT: u32 = 1
const CRYPTOHASH: u32 = 4
const PERTURB: u32 = 16

const DIGITS: usize = 64

let over89: i32 = 0
let removesTimeZone: bool = false
let wholeInstants: bool = false

export function setDates(limit: i32, removes: bool): void {
  over89 = limit
  removesTimeZone = removes
}

export function setWholeInstants(areWhole: bool): void {
  wholeInstants = areWhole
}

@inline
export function factsOf(edge: usize): u32 {
  return load<u16>(edge, Edge.FACTS)
}

/** Drops a value of which redact leaves nothing. It only checks the syntax and that the value is not empty. */
export function dropValue(edge: usize, p: usize, depth: u32): usize {
  record(REDACT)
  setGone(true)
  const opening = load<u8>(edge, Edge.OPENING)
  if (opening == 0) return factsOf(edge) & Fact.BOOLEAN ? scanBoolean(p) : scanNumber(p)
  if (byteAt(p) != opening) return 0
  if (opening == QUOTE) return filledString(p)
  const stop = skipValue(p, depth)
  return sawValue ? stop : 0
}

/** Hashes the string at `p`: by its bytes if they are plain ASCII, otherwise by the rule's method. */
export function hashValue(edge: usize, p: usize): usize {
  if (byteAt(p) != QUOTE) return 0
  let from = p + 1
  let to: usize
  if (load<u8>(edge, Edge.ACT) == Act.HASH_REFERENCE) {
    from = referenceId(from)
    if (from == 0) return runMethod(edge, p)
    to = idEnd
  } else {
    to = plainEnd(from)
    if (byteAt(to) != QUOTE || byteAt(from) == SPACE || byteAt(to - 1) == SPACE) return runMethod(edge, p)
  }
  if (to == from || to - from > MAX_HASHED) return runMethod(edge, p)
  flush(from)
  if (!reserve(DIGITS)) return 0
  if (factsOf(edge) & Fact.ID && depthOfResource == 1) setRootDigits(output, load<u32>(edge, Edge.RULE))
  if (!writeRootDigits(from, to, output)) queueHash(from, to, output)
  advanceOutput(DIGITS)
  setPending(to)
  record(CRYPTOHASH)
  setGone(false)
  return to + 1
}

/** Returns the address of the first byte at or after `p` that is a quote, a backslash or not printable ASCII. */
@inline
function plainEnd(p: usize): usize {
  while (true) {
    const v = v128.load(p)
    // Bytes from 0x80 on are negative.
    const stops = v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5c))),
      v128.or(i8x16.lt_s(v, i8x16.splat(0x20)), i8x16.eq(v, i8x16.splat(0x7f))),
    )
    const mask = i8x16.bitmask(stops)
    if (mask != 0) return p + ctz(mask)
    p += 16
  }
}

/** Whether the last method changed the value or removed it. */
export let isChanged: bool = false

/** Runs a rule's method on the scalar at `p`. */
export function runMethod(edge: usize, p: usize): usize {
  const facts = factsOf(edge)
  let stop: usize
  if (facts & Fact.STRING) stop = byteAt(p) == QUOTE ? filledString(p) : 0
  else stop = facts & Fact.BOOLEAN ? scanBoolean(p) : scanNumber(p)
  if (stop == 0) return 0
  const change = hostMethod(edge, p, stop)
  if (change == METHOD_FAILED) return 0
  record(change & METHOD_RECORDS)
  setGone((change & METHOD_GONE) != 0)
  isChanged = (change & (METHOD_GONE | METHOD_REPLACED)) != 0
  if (change & METHOD_REPLACED) {
    flush(p)
    if (!writeReplacement()) return 0
    setPending(stop)
  }
  return stop
}

/** Shifts a complete date at `p`, with or without a complete time; any other value goes to the method. */
export function shiftValue(edge: usize, p: usize): usize {
  if (byteAt(p) != QUOTE || !readDate(p + 1)) return runMethod(edge, p)
  const facts = factsOf(edge)
  const timeAt = p + 11
  const isDay = byteAt(timeAt) == QUOTE
  const offsetAt = isDay || facts & Fact.DATE ? <usize>0 : timeOffsetAt(timeAt)
  if (isDay ? (facts & Fact.INSTANT) != 0 : offsetAt == 0) return runMethod(edge, p)
  if (dayOrder() <= over89) return runMethod(edge, p)
  const days = daysFor(load<u32>(edge, Edge.RULE))
  if (days == NO_DAYS || !moveDate(days)) return runMethod(edge, p)
  flush(p + 1)
  if (!reserve(DIGITS)) return 0
  writeDate(output)
  advanceOutput(10)
  record(PERTURB)
  setGone(false)
  const stop = isDay ? timeAt + 1 : offsetAt + (byteAt(offsetAt) == 0x5a ? 2 : 7)
  if (removesTimeZone) {
    if (facts & Fact.INSTANT) writeBytes(MIDNIGHT, MIDNIGHT_LENGTH)
    setPending(stop - 1)
    return stop
  }
  if (isDay) setPending(timeAt)
  else {
    zeroTime(timeAt, offsetAt)
    setPending(offsetAt)
  }
  return stop
}

/** `T00:00:00Z` */
const MIDNIGHT: usize = memory.data<u8>([0x54, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x5a])
const MIDNIGHT_LENGTH: usize = 10

/** Writes the time `[from, to)` with its digits zeroed. */
function zeroTime(from: usize, to: usize): void {
  const v = v128.load(from)
  const isDigitByte = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10))
  v128.store(output, v128.bitselect(i8x16.splat(0x30), v, isDigitByte))
  for (let p = from + 16; p < to; p++) {
    const c = byteAt(p)
    store<u8>(output + (p - from), isDigit(c) ? <u8>0x30 : c)
  }
  advanceOutput(to - from)
}

/** `-01-01T00:00:00+00:00` */
const START_OF_YEAR: usize = memory.data<u8>([
  0x2d, 0x30, 0x31, 0x2d, 0x30, 0x31, 0x54, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x3a, 0x30, 0x30, 0x2b, 0x30, 0x30, 0x3a, 0x30,
  0x30,
])
const START_OF_YEAR_LENGTH: usize = 21

/** Keeps the year of a complete date at `p`, with or without a complete time; any other value goes to the method. */
export function keepYear(edge: usize, p: usize): usize {
  const facts = factsOf(edge)
  if (byteAt(p) != QUOTE || facts & Fact.META_INSTANT || !readDate(p + 1) || dayOrder() <= over89)
    return runMethod(edge, p)
  let q = p + 11
  if (byteAt(q) != QUOTE) {
    q = facts & Fact.DATE ? 0 : timeOffsetAt(q)
    if (q == 0) return runMethod(edge, p)
    q += byteAt(q) == 0x5a ? 1 : 6
  }
  flush(p + 5)
  if (wholeInstants && facts & Fact.INSTANT) {
    if (!reserve(DIGITS)) return 0
    writeBytes(START_OF_YEAR, START_OF_YEAR_LENGTH)
  }
  setPending(q)
  record(REDACT)
  setGone(false)
  return q + 1
}
