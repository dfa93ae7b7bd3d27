import { byteAt, HASH_SIGN, QUOTE, SLASH } from './bytes'
import { hasName } from './names'

/** End of the id that `referenceId` found. */
export let idEnd: usize = 0

/** Names of the resource types. */
let resourceNames: usize = 0

export function setResourceNames(table: usize): void {
  resourceNames = table
}

/** Longest id that is hashed by its bytes. */
const MAX_ID: usize = 64

/**
 * Returns the start of the id in a reference `Type/id`, `#id` or `urn:uuid:…` that begins at `p`; 0 for any other form.
 * Sets `idEnd`.
 */
export function referenceId(p: usize): usize {
  const c = byteAt(p)
  if (c == 0x75) return uuidAt(p)
  let id = p + 1
  if (c != HASH_SIGN) {
    const slash = lettersEnd(p)
    if (byteAt(slash) != SLASH || !hasName(resourceNames, p, slash)) return 0
    id = slash + 1
  }
  idEnd = idBytesEnd(id)
  return byteAt(idEnd) == QUOTE && idEnd - id <= MAX_ID ? id : 0
}

/** Returns the address of the first byte at or after `p` that is no letter; a name is no longer than 32. */
@inline
function lettersEnd(p: usize): usize {
  const letters = i8x16.bitmask(isLetterByte(v128.load(p)))
  if (letters != 0xffff) return p + ctz(~letters)
  return p + 16 + ctz(~i8x16.bitmask(isLetterByte(v128.load(p, 16))))
}

/** Returns the address of the first byte at or after `p` that cannot be part of an id (FHIR `id`). */
@inline
export function idBytesEnd(p: usize): usize {
  while (true) {
    const v = v128.load(p)
    const marks = v128.or(i8x16.eq(v, i8x16.splat(0x2d)), i8x16.eq(v, i8x16.splat(0x2e)))
    const bytes = i8x16.bitmask(v128.or(v128.or(isLetterByte(v), isDigitByte(v)), marks))
    if (bytes != 0xffff) return p + ctz(~bytes)
    p += 16
  }
}

@inline
function isLetterByte(v: v128): v128 {
  return i8x16.lt_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(26))
}

@inline
function isDigitByte(v: v128): v128 {
  return i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10))
}

/** Returns the bits of the hexadecimal digits, and from bit 16 on those of the dashes, among 16 bytes. */
@inline
function uuidBits(p: usize): u32 {
  const v = v128.load(p)
  const letters = i8x16.lt_u(i8x16.sub(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(6))
  const digits = i8x16.bitmask(v128.or(letters, isDigitByte(v)))
  return <u32>digits | (<u32>i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x2d))) << 16)
}

const URN_UUI: u64 = 0x6975753a6e7275
const UUID_BYTES: usize = 36

/** Returns the start of the UUID in `urn:uuid:…`. */
function uuidAt(p: usize): usize {
  if ((load<u64>(p) & 0xffffffffffffff) != URN_UUI || load<u16>(p, 7) != 0x3a64) return 0
  const id = p + 9
  // Dashes at 8, 13, 18 and 23.
  if (uuidBits(id) != 0x2100deff || uuidBits(id + 16) != 0x0084ff7b) return 0
  if ((uuidBits(id + 32) & 0xf) != 0xf || byteAt(id + UUID_BYTES) != QUOTE) return 0
  idEnd = id + UUID_BYTES
  return id
}
