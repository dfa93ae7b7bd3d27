/**
 * A set of names that are looked up by their bytes. It is laid out as a `Table` whose slots hold offsets of names: the
 * length at 0, and from 16 on the bytes, padded with zeros to 32.
 */
import { Table } from './records'

/** Longest name. */
export const MAX_NAME: usize = 32

/** 32 bytes of ones and 32 of zeros: a load from `ONES + 32 - n` keeps n bytes. */
const ONES: usize = memory.data<u64>([-1, -1, -1, -1, 0, 0, 0, 0])

/** Keeps the first `n` of 32 bytes; this is their first half. */
@inline
export function firstHalf(p: usize, n: usize): v128 {
  return v128.and(v128.load(p), v128.load(ONES + 32 - n))
}

/** The second half. */
@inline
export function secondHalf(p: usize, n: usize): v128 {
  return v128.and(v128.load(p, 16), v128.load(ONES + 48 - n))
}

/** Computes the next step of the hash by which keys are found. */
@inline
export function nextHash(hash: u32, c: u8): u32 {
  return hash * 31 + c
}

/** Returns the hash by which a name is found: of its 32 padded bytes, as words (`nameHash` of the host). */
@inline
function nameHash(first: v128, second: v128): u32 {
  const words = i32x4.add(
    i32x4.mul(first, i32x4(0x2c1b3c6d, 0x297a2d39, 0x1b56c4e9, 0x3c6ef372)),
    i32x4.mul(second, i32x4(0x68e31da4, 0x5f356495, 0x46d22e43, 0x7ed55d16)),
  )
  const sum = i32x4.extract_lane(words, 0) + i32x4.extract_lane(words, 1) * 3
  const hash = <u32>(sum + i32x4.extract_lane(words, 2) * 5 + i32x4.extract_lane(words, 3) * 7)
  return hash ^ (hash >> 15)
}

/** Returns the address of the record in a table's slot for a hash; 0 for none. */
@inline
export function slotAt(table: usize, hash: u32): usize {
  const slot = ((hash * load<u32>(table, Table.FACTOR)) >> 16) & load<u32>(table, Table.MASK)
  const offset = <usize>load<u32>(load<u32>(table, Table.SLOTS) + (slot << 2))
  return offset == 0 ? 0 : table + offset
}

/** Whether the table has the name `[from, to)`. */
export function hasName(table: usize, from: usize, to: usize): bool {
  const length = to - from
  if (length > MAX_NAME) return false
  const first = firstHalf(from, length)
  const second = secondHalf(from, length)
  const name = slotAt(table, nameHash(first, second))
  if (name == 0 || load<u32>(name) != <u32>length) return false
  const differs = v128.or(v128.xor(first, v128.load(name, 16)), v128.xor(second, v128.load(name, 32)))
  return !v128.any_true(differs)
}
