import { COMMA } from './bytes'
import { advanceOutput, flush, output, reserve, writeBytes } from './line'
import { Edge, Mask, Table } from './records'

/**
 * Stands in for mandatory elements of which nothing is left. An object notes the bits of what it loses while it is
 * walked; bit 0 stands for elements that are not mandatory.
 */

/** Returns the bit of an edge's element among the mandatory ones of its type. */
@inline
export function mandatoryBit(edge: usize): u64 {
  return (<u64>1) << load<u8>(edge, Edge.MANDATORY)
}

/**
 * Writes what stands in for the lost elements of the object whose closing brace is at `p`. `lost` and `lostBodies` have
 * the bits of removed values and removed `_` objects, `keptBodies` those of `_` objects that are left; `seen` is the set
 * of keys that the object has. Returns false if memory cannot grow.
 */
export function writeMasks(table: usize, p: usize, seen: usize, lost: u64, lostBodies: u64, keptBodies: u64): bool {
  flush(p)
  const masks = <usize>load<u32>(table, Table.MASKS)
  const count = load<u32>(masks)
  for (let k: u32 = 0; k < count; k++) {
    const mask = masks + Mask.FIRST + <usize>k * Mask.BYTES
    const bit: u64 = (<u64>1) << (k + 1)
    if (!((lost | lostBodies) & bit) || keptBodies & bit) continue
    // A value that is left keeps the element, whatever became of its `_` object.
    if (!(lost & bit) && isSeen(seen, load<u32>(mask, Mask.KEY_INDEX))) continue
    const length = <usize>load<u32>(mask, Mask.LENGTH)
    if (!reserve(length + 1)) return false
    store<u8>(output, COMMA)
    advanceOutput(1)
    writeBytes(load<u32>(mask, Mask.TEXT), length)
  }
  return true
}

@inline
function isSeen(seen: usize, index: u32): bool {
  return ((load<u32>(seen + ((index >> 5) << 2)) >> (index & 31)) & 1) != 0
}
