import { moveHashes, settleHashes } from './hash-queue'
import { hostCodings, hostLabel } from './host'
import { advanceOutput, flush, output, records, reserve, writeBytes } from './line'

/** Adds security labels to the output, in the resource's meta or in a new one. */

/** Addresses of the codings for each set of records; 0 until the host has written them, or if it has no room. */
const codings: usize = memory.data(128 << 2, 16)

/** `,"meta":{"security":[` and `]}` */
const META: usize = memory.data<u8>([
  0x2c, 0x22, 0x6d, 0x65, 0x74, 0x61, 0x22, 0x3a, 0x7b, 0x22, 0x73, 0x65, 0x63, 0x75, 0x72, 0x69, 0x74, 0x79,
  0x22, 0x3a, 0x5b,
])
const META_LENGTH: usize = 21
/** Where `"security":[` begins in it. */
const SECURITY_IN_META: usize = 9
const SECURITY_LENGTH: usize = META_LENGTH - SECURITY_IN_META

function codingsFor(set: u32): usize {
  const slot = codings + (set << 2)
  let address = <usize>load<u32>(slot)
  if (address == 0) {
    address = hostCodings(set)
    store<u32>(slot, <u32>address)
  }
  return address
}

/** Labels a resource without meta, whose closing brace is at `p`. */
export function labelNew(p: usize): bool {
  flush(p)
  const text = codingsFor(records)
  if (text == 0) return false
  const length = <usize>load<u32>(text)
  if (!reserve(META_LENGTH + length + 2)) return false
  writeBytes(META, META_LENGTH)
  writeBytes(text + 4, length)
  store<u16>(output, 0x7d5d)
  advanceOutput(2)
  return true
}

/**
 * Labels a resource with the meta `[from, to)` of the output. `hasSecurity` says whether it has labels already; the host
 * adds to those. `p` is the resource's closing brace.
 */
export function labelMeta(p: usize, from: usize, to: usize, hasSecurity: bool): bool {
  flush(p)
  const text = codingsFor(records)
  if (text == 0) return false
  const length = <usize>load<u32>(text)
  if (!reserve(META_LENGTH + length)) return false
  if (hasSecurity) {
    settleHashes()
    advanceOutput(hostLabel(from, to, output, records) - output)
    return true
  }
  // Inserts before the closing brace, with a comma unless the meta is empty.
  const brace = to - 1
  const isEmpty = load<u8>(brace - 1) == 0x7b
  const inserted = (isEmpty ? <usize>0 : <usize>1) + SECURITY_LENGTH + length + 1
  memory.copy(brace + inserted, brace, output - brace)
  moveHashes(brace, inserted)
  const end = output + inserted
  let at = brace
  if (!isEmpty) store<u8>(at++, 0x2c)
  memory.copy(at, META + SECURITY_IN_META, SECURITY_LENGTH)
  at += SECURITY_LENGTH
  memory.copy(at, text + 4, length)
  store<u8>(at + length, 0x5d)
  advanceOutput(end - output)
  return true
}
