import { byteAt, COLON, COMMA, OPEN_BRACE, QUOTE } from './bytes'
import { hostDaysOfPatient } from './host'
import { idBytesEnd } from './references'
import { afterSpace, anyString, skipValue } from './scan'

/**
 * Finds the patient of a resource, and the days by which that patient's dates shift. It covers the usual forms; where it
 * returns 0, the host looks.
 */

/** `"reference":` */
const REFERENCE: usize = memory.data<u8>([0x22, 0x72, 0x65, 0x66, 0x65, 0x72, 0x65, 0x6e, 0x63, 0x65, 0x22, 0, 0, 0, 0, 0])
const REFERENCE_LENGTH: usize = 11

/** End of the id that `patientId` found. */
let idEnd: usize = 0

/** Whether the string token at `p` is the key of `length` bytes, with quotes, at `key`; short keys only. */
@inline
function isKey(p: usize, key: usize, length: usize): bool {
  const equal = <u32>i8x16.bitmask(i8x16.eq(v128.load(p), v128.load(key)))
  const wanted = (<u32>1 << <u32>length) - 1
  return (equal & wanted) == wanted
}

/**
 * Returns the value of the first of `count` keys that the object at `p` has, in their order; 0 if there is none. `keys`
 * is the address of keys of 16 bytes each: the length with quotes in the last, at most 15.
 */
function firstMember(p: usize, keys: usize, count: u32): usize {
  let best = count
  let found: usize = 0
  p = afterSpace(p + 1)
  while (true) {
    if (byteAt(p) != QUOTE) return found
    const key = p
    p = anyString(p)
    if (p == 0) return 0
    p = afterSpace(p)
    if (byteAt(p) != COLON) return 0
    const value = afterSpace(p + 1)
    for (let k: u32 = 0; k < best; k++) {
      const candidate = keys + (k << 4)
      if (!isKey(key, candidate, load<u8>(candidate, 15))) continue
      best = k
      found = value
    }
    if (best == 0) return found
    p = skipValue(value, 0)
    if (p == 0) return 0
    p = afterSpace(p)
    if (byteAt(p) != COMMA) return found
    p = afterSpace(p + 1)
  }
}

/** Returns the value of the element that names the patient of the resource at `p`. `keys`: their number, then keys. */
export function patientElement(p: usize, keys: usize): usize {
  return firstMember(p, keys + 16, load<u32>(keys))
}

/**
 * Returns the start of the patient's id in the value at `p`: a Patient's own id, or a Reference to a Patient by type or
 * URN. Sets `idEnd`.
 */
function patientId(p: usize): usize {
  if (byteAt(p) == QUOTE) return wholeId(p + 1)
  if (byteAt(p) != OPEN_BRACE) return 0
  let text = afterSpace(p + 1)
  if (isKey(text, REFERENCE, REFERENCE_LENGTH) && byteAt(text + REFERENCE_LENGTH) == COLON)
    text = afterSpace(text + REFERENCE_LENGTH + 1)
  else text = firstMember(p, REFERENCE_KEY, 1)
  if (text == 0 || byteAt(text) != QUOTE) return 0
  // `Patient/`, `urn:uuid:`
  if (load<u64>(text, 1) == 0x2f746e6569746150) return wholeId(text + 9)
  return load<u64>(text, 1) == 0x646975753a6e7275 && byteAt(text + 9) == COLON ? wholeId(text + 10) : 0
}

/** The key `reference` as `firstMember` takes it. */
const REFERENCE_KEY: usize = memory.data<u8>([
  0x22, 0x72, 0x65, 0x66, 0x65, 0x72, 0x65, 0x6e, 0x63, 0x65, 0x22, 0, 0, 0, 0, 11,
])

/** Returns `p` if an id fills the string up to its quote. */
function wholeId(p: usize): usize {
  idEnd = idBytesEnd(p)
  return byteAt(idEnd) == QUOTE && idEnd > p && idEnd - p <= ID_BYTES ? p : 0
}

const ID_BYTES: usize = 64

/** A cache of days by id: the id, padded with zeros, its length, and the days. */
const CACHE_BITS: u32 = 10
const RECORD_BYTES: usize = 80
const LENGTH: usize = 64
const DAYS: usize = 68
let cache: usize = 0

/** Sets the address of the cache, which holds zeros. */
export function setPatientCache(at: usize): void {
  cache = at
}

/** Returned where the host must look for the patient. */
export const ASK_HOST: i32 = i32.MIN_VALUE + 1

/** Returns the days for the patient that the value at `p` names; NO_DAYS if the method must decide. */
export function daysOfPatientAt(p: usize): i32 {
  const from = p == 0 ? <usize>0 : patientId(p)
  if (from == 0) return ASK_HOST
  const length = idEnd - from
  let hash: u32 = <u32>length
  for (let k: usize = 0; k < length; k += 4) hash = (hash ^ lastBytes(from + k, <u32>(length - k))) * 0x9e3779b1
  const entry = cache + <usize>(hash >> (32 - CACHE_BITS)) * RECORD_BYTES
  if (load<u32>(entry, LENGTH) == <u32>length && holds(entry, from, length)) return load<i32>(entry, DAYS)
  const days = hostDaysOfPatient(from, idEnd)
  memory.copy(entry, from, length)
  store<u32>(entry, <u32>length, LENGTH)
  store<i32>(entry, days, DAYS)
  return days
}

/** Reads up to four bytes at `p`, as many as `left`. */
@inline
function lastBytes(p: usize, left: u32): u32 {
  const word = load<u32>(p)
  return left >= 4 ? word : word & ((<u32>1 << (left << 3)) - 1)
}

function holds(entry: usize, from: usize, length: usize): bool {
  for (let k: usize = 0; k < length; k += 16) {
    const equal = <u32>i8x16.bitmask(i8x16.eq(v128.load(entry + k), v128.load(from + k)))
    const left = length - k
    const wanted = left >= 16 ? 0xffff : (<u32>1 << <u32>left) - 1
    if ((equal & wanted) != wanted) return false
  }
  return true
}
