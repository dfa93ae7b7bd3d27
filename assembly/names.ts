/**
 * A set of names that are looked up by their bytes. It is laid out as a `Table` whose slots hold addresses of names: the
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

/** Computes the next step of the hash by which keys and names are found. */
@inline
export function nextHash(hash: u32, c: u8): u32 {
  return hash * 31 + c
}

/** Returns what a table's slot holds for a hash. */
@inline
export function slotAt(table: usize, hash: u32): usize {
  const slot = ((hash * load<u32>(table, Table.FACTOR)) >> 16) & load<u32>(table, Table.MASK)
  return load<u32>(load<u32>(table, Table.SLOTS) + (slot << 2))
}

/** Whether the table has the name `[from, to)`, whose hash is given. */
export function hasName(table: usize, from: usize, to: usize, hash: u32): bool {
  const name = slotAt(table, hash)
  const length = to - from
  if (name == 0 || load<u32>(name) != <u32>length || length > MAX_NAME) return false
  const differs = v128.or(
    v128.xor(firstHalf(from, length), v128.load(name, 16)),
    v128.xor(secondHalf(from, length), v128.load(name, 32)),
  )
  return !v128.any_true(differs)
}
