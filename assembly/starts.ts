import { byteAt, COLON, COMMA, QUOTE } from './bytes'
import { hostStart } from './host'
import { firstHalf, MAX_NAME, secondHalf } from './names'
import { afterSpace, anyString, skipValue } from './scan'

/**
 * The starts of resources: what the walk begins with, by resource type and by the kind of child resource (0 for the
 * root). The host makes them; the last ones are cached by the type's bytes.
 */

/** A cached start: the type's name, padded with zeros to 32, its kind and the address of the start. */
const CACHE_BITS: u32 = 6
const ENTRY_BYTES: usize = 48
const KIND: usize = 32
const START: usize = 36
/** Set where the entry holds something, since a start may be 0. */
const FILLED: usize = 40
const cache: usize = memory.data(48 << 6, 16)

/** `"resourceType":` and its length. */
const KEY: usize = memory.data<u8>([
  0x22, 0x72, 0x65, 0x73, 0x6f, 0x75, 0x72, 0x63, 0x65, 0x54, 0x79, 0x70, 0x65, 0x22, COLON, 0,
])
const KEY_LENGTH: usize = 15

/** Returns the start for the resource at `p`; 0 if the interpreter must serve it. */
export function startOf(p: usize, kind: u32): usize {
  const quote = typeAt(p)
  if (quote == 0) return 0
  const from = quote + 1
  let to = from
  while (byteAt(to) != QUOTE && to - from <= MAX_NAME) to++
  const length = to - from
  if (length > MAX_NAME || length == 0) return 0
  const first = firstHalf(from, length)
  const second = secondHalf(from, length)
  const entry = cache + entryOf(first, second, kind) * ENTRY_BYTES
  const differs = v128.or(v128.xor(first, v128.load(entry)), v128.xor(second, v128.load(entry, 16)))
  if (!v128.any_true(differs) && load<u32>(entry, KIND) == kind && load<u32>(entry, FILLED) != 0)
    return load<u32>(entry, START)
  const start = hostStart(from, to, kind)
  v128.store(entry, first)
  v128.store(entry, second, 16)
  store<u32>(entry, kind, KIND)
  store<u32>(entry, start, START)
  store<u32>(entry, 1, FILLED)
  return start
}

@inline
function entryOf(first: v128, second: v128, kind: u32): usize {
  const words = i64x2.extract_lane(first, 0) ^ (i64x2.extract_lane(first, 1) * 31) ^ (i64x2.extract_lane(second, 0) * 7)
  const hash = (<u32>(words ^ (words >> 32)) + kind * 97) * 0x9e3779b1
  return <usize>(hash >> (32 - CACHE_BITS))
}

/** Returns the address of the quote before the type of the resource at `p`, wherever its key is; 0 if there is none. */
function typeAt(p: usize): usize {
  p = afterSpace(p + 1)
  while (true) {
    if (byteAt(p) != QUOTE) return 0
    const isType = (i8x16.bitmask(i8x16.eq(v128.load(p), v128.load(KEY))) & 0x3fff) == 0x3fff
    p = isType ? p + KEY_LENGTH - 1 : anyString(p)
    if (p == 0) return 0
    p = afterSpace(p)
    if (byteAt(p) != COLON) return 0
    p = afterSpace(p + 1)
    if (isType) return byteAt(p) == QUOTE ? p : 0
    p = skipValue(p, 0)
    if (p == 0) return 0
    p = afterSpace(p)
    if (byteAt(p) != COMMA) return 0
    p = afterSpace(p + 1)
  }
}
