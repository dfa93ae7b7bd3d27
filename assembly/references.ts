import { byteAt, DASH, HASH_SIGN, isHexDigit, isIdByte, isLetter, QUOTE, SLASH } from './bytes'
import { hasName, nextHash } from './names'

/** End of the id that `referenceId` found. */
export let idEnd: usize = 0

/** Names of the resource types. */
let resourceNames: usize = 0

export function setResourceNames(table: usize): void {
  resourceNames = table
}

const URN_: u64 = 0x6975753a6e7275 // "urn:uui"
const MASK_7: u64 = 0x00ffffffffffffff

/**
 * Returns the start of the id in a reference `Type/id`, `#id` or `urn:uuid:…` that begins at `p`; 0 for any other form.
 * Sets `idEnd`.
 */
export function referenceId(p: usize): usize {
  const c = byteAt(p)
  if (c == 0x75) return uuidAt(p)
  let q = p
  if (c != HASH_SIGN) {
    let hash: u32 = 0
    for (let letter = c; isLetter(letter); letter = byteAt(++q)) hash = nextHash(hash, letter)
    if (byteAt(q) != SLASH || !hasName(resourceNames, p, q, hash)) return 0
  }
  const id = ++q
  while (isIdByte(byteAt(q))) q++
  idEnd = q
  return byteAt(q) == QUOTE && q - id <= 64 ? id : 0
}

/** Returns the start of the UUID in `urn:uuid:…`. */
function uuidAt(p: usize): usize {
  if ((load<u64>(p) & MASK_7) != URN_ || byteAt(p + 7) != 0x64 || byteAt(p + 8) != 0x3a) return 0
  const id = p + 9
  for (let k: usize = 0; k < 36; k++) {
    const c = byteAt(id + k)
    if (k == 8 || k == 13 || k == 18 || k == 23 ? c != DASH : !isHexDigit(c)) return 0
  }
  idEnd = id + 36
  return byteAt(id + 36) == QUOTE ? id : 0
}
