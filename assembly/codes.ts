/**
 * Judges codes that the rules leave as they are. The host decides (`src/fhir/codes`); its answers are cached by the exact
 * bytes of system and code. A pair is judged by a look ahead over its bytes, before either of the two is walked.
 */
import { byteAt, CLOSE_BRACE, COLON, COMMA, QUOTE } from './bytes'
import { hostRefused, hostVerdict } from './host'
import { spendLooks } from './predicates'
import { Edge, Pair, Settings } from './records'
import { afterSpace, anyString, filledString, skipValue } from './scan'
import { areEqual } from './value-tests'
import { record, setGone } from './line'
import { REDACT } from './values'

/** Answers of the host: it leaves the line, the code stays, or the address of the counter of what goes. */
const LEAVES: usize = 0
const STAYS: usize = 1

/** An entry of the cache: a question and its answer; an answer of 0 means that the entry is empty. */
namespace Entry {
  export const ANSWER: usize = 0
  export const KIND: usize = 4
  export const SYSTEM_LENGTH: usize = 8
  export const CODE_LENGTH: usize = 12
  /** The bytes of the system, then those of the code. */
  export const TEXT: usize = 16
  export const BYTES: usize = 256
  export const MAX_TEXT: usize = BYTES - TEXT
}

/** There are 2^12 entries, which are 1 MiB. */
const ENTRY_BITS: u64 = 12
let cache: usize = 0

/** The counters of removed codes; after them is their copy, as they were when the line began. */
const COUNTER_BYTES: usize = 1024
let counters: usize = 0
let isCounted: bool = false

/** `"system"` and `"code"` */
const SYSTEM_KEY: v128 = i8x16(0x22, 0x73, 0x79, 0x73, 0x74, 0x65, 0x6d, 0x22, 0, 0, 0, 0, 0, 0, 0, 0)
const SYSTEM_KEY_LENGTH: usize = 8
const CODE_KEY: v128 = i8x16(0x22, 0x63, 0x6f, 0x64, 0x65, 0x22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
const CODE_KEY_LENGTH: usize = 6

/** The parts of the pair that was looked at last, without quotes; 0 for one that is absent. */
let systemFrom: usize = 0
let systemTo: usize = 0
let codeFrom: usize = 0
let codeTo: usize = 0

/** Prepares the cache and the counters from the settings at `at`. */
export function initCodes(at: usize): void {
  cache = load<u32>(at, Settings.CODE_CACHE)
  counters = load<u32>(at, Settings.CODE_COUNTERS)
}

/** Begins a call: the host has read the counters and set them to 0. */
export function beginCodes(): void {
  isCounted = counters != 0
}

/** Keeps a copy of the counters for `uncountCodes`. */
@inline
export function beginCodesOfLine(): void {
  if (!isCounted) return
  memory.copy(counters + COUNTER_BYTES, counters, COUNTER_BYTES)
  isCounted = false
}

/** Takes back what the line counted. */
export function uncountCodes(): void {
  if (isCounted) memory.copy(counters, counters + COUNTER_BYTES, COUNTER_BYTES)
}

/** Returns the table for the pair whose opening brace is at `p`; 0 to leave the line to the interpreter. */
export function tableOfPair(pair: usize, p: usize): usize {
  const flags = load<u32>(pair, Pair.FLAGS)
  const kept = <usize>load<u32>(pair, Pair.KEPT)
  if (flags == 0) return kept
  if (!findParts(p)) return 0
  if (!(flags & Pair.JUDGES_SYSTEM)) systemFrom = systemTo = 0
  if (!(flags & Pair.JUDGES_CODE)) codeFrom = codeTo = 0
  if (systemFrom == 0 && codeFrom == 0) return kept
  const answer = answerFor(0, pair + Pair.LAST)
  if (answer == STAYS) return kept
  if (answer == LEAVES) return 0
  count(answer)
  const refused = <usize>load<u32>(pair, Pair.REFUSED)
  return refused != 0 ? refused : hostRefused(pair)
}

/** Judges the code at `p`, which is not part of a pair. Sets `gone`. */
export function judgeCode(edge: usize, p: usize): usize {
  if (byteAt(p) != QUOTE) return 0
  const stop = filledString(p)
  if (stop == 0) return 0
  systemFrom = systemTo = 0
  codeFrom = p + 1
  codeTo = stop - 1
  const answer = answerFor(load<u32>(edge, Edge.KIND), edge + Edge.TABLE)
  if (answer == LEAVES) return 0
  const goes = answer != STAYS
  setGone(goes)
  if (goes) {
    count(answer)
    record(REDACT)
  }
  return stop
}

@inline
function count(counter: usize): void {
  store<u32>(counter, load<u32>(counter) + 1)
  isCounted = true
}

/**
 * Finds system and code of the pair whose opening brace is at `p`. Returns false if they are not as FHIR has them; what
 * else is wrong, the walk finds.
 */
function findParts(p: usize): bool {
  systemFrom = systemTo = codeFrom = codeTo = 0
  p = afterSpace(p + 1)
  while (byteAt(p) == QUOTE) {
    const key = v128.load(p)
    const isSystem = (i8x16.bitmask(i8x16.eq(key, SYSTEM_KEY)) & 0xff) == 0xff
    const isCode = (i8x16.bitmask(i8x16.eq(key, CODE_KEY)) & 0x3f) == 0x3f
    let value = isSystem ? p + SYSTEM_KEY_LENGTH : isCode ? p + CODE_KEY_LENGTH : anyString(p)
    if (value == 0) return false
    value = afterSpace(value)
    if (byteAt(value) != COLON) return false
    value = afterSpace(value + 1)
    if (byteAt(value) == QUOTE) {
      p = anyString(value)
      if (isSystem) {
        if (systemFrom != 0 || p <= value + 2) return false
        systemFrom = value + 1
        systemTo = p - 1
      } else if (isCode) {
        if (codeFrom != 0 || p <= value + 2) return false
        codeFrom = value + 1
        codeTo = p - 1
      }
      if (systemFrom != 0 && codeFrom != 0) return true
    } else {
      if (isSystem || isCode) return false
      p = skipValue(value, 0)
      if (p == 0 || !spendLooks(p - value)) return false
    }
    if (p == 0) return false
    p = afterSpace(p)
    if (byteAt(p) != COMMA) break
    p = afterSpace(p + 1)
  }
  return byteAt(p) == CLOSE_BRACE
}

/** Returns the answer for the parts found last. `last` is where the entry is kept that answered there before. */
function answerFor(kind: u32, last: usize): usize {
  const before = <usize>load<u32>(last)
  if (before != 0 && holds(before, kind)) return load<u32>(before, Entry.ANSWER)
  const systemLength = systemTo - systemFrom
  const codeLength = codeTo - codeFrom
  if (systemLength + codeLength > Entry.MAX_TEXT)
    return hostVerdict(kind, systemFrom, systemTo, codeFrom, codeTo)
  const seed = (<u64>kind << 32) | (<u64>systemLength << 16) | <u64>codeLength
  const hash = hashOf(hashOf(seed, systemFrom, systemLength), codeFrom, codeLength)
  let entry = cache + <usize>(hash >> (64 - ENTRY_BITS)) * Entry.BYTES
  if (!holds(entry, kind)) {
    // Each hash value has an entry and its neighbour.
    const home = entry
    entry ^= Entry.BYTES
    if (!holds(entry, kind)) {
      if (load<u32>(home) == 0) entry = home
      const answer = hostVerdict(kind, systemFrom, systemTo, codeFrom, codeTo)
      if (answer == LEAVES) return 0
      store<u32>(entry, <u32>answer, Entry.ANSWER)
      store<u32>(entry, kind, Entry.KIND)
      store<u32>(entry, <u32>systemLength, Entry.SYSTEM_LENGTH)
      store<u32>(entry, <u32>codeLength, Entry.CODE_LENGTH)
      memory.copy(entry + Entry.TEXT, systemFrom, systemLength)
      memory.copy(entry + Entry.TEXT + systemLength, codeFrom, codeLength)
    }
  }
  store<u32>(last, <u32>entry)
  return load<u32>(entry, Entry.ANSWER)
}

/** Whether an entry holds the answer for the parts found last. */
@inline
function holds(entry: usize, kind: u32): bool {
  const systemLength = systemTo - systemFrom
  const codeLength = codeTo - codeFrom
  if (load<u32>(entry, Entry.KIND) != kind || load<u32>(entry, Entry.ANSWER) == 0) return false
  if (load<u32>(entry, Entry.SYSTEM_LENGTH) != <u32>systemLength) return false
  if (load<u32>(entry, Entry.CODE_LENGTH) != <u32>codeLength) return false
  const text = entry + Entry.TEXT
  return areEqual(codeFrom, text + systemLength, codeLength) && areEqual(systemFrom, text, systemLength)
}

/** An odd number of 64 bits whose multiples are well mixed (MurmurHash3). */
const MULTIPLIER: u64 = 0xff51afd7ed558ccd

/** Hashes a text on top of another hash. Reads whole words of 8 bytes. */
@inline
function hashOf(hash: u64, p: usize, length: usize): u64 {
  for (; length > 8; length -= 8, p += 8) hash = mix(hash ^ load<u64>(p))
  return length == 0 ? hash : mix(hash ^ (load<u64>(p) & (<u64>-1 >> (64 - 8 * length))))
}

@inline
function mix(hash: u64): u64 {
  hash *= MULTIPLIER
  return hash ^ (hash >> 32)
}
