/**
 * The records of predicates, with fields of 32 bits unless stated otherwise; all addresses are absolute:
 *
 * - predicate, 12 bytes: kind (u8), then for `constant` its truth (u8), for `items` the mode (u8); at 4 the operand,
 *   the left operand, the target or the number of a criterion; at 8 the right operand
 * - target, 16 bytes and more: kind of goal (u8), value of a boolean or bits of ORDER (u8), number of filters (u16);
 *   at 4 the members, texts or predicate, or the integer; at 8 the number of members or texts; from 16 on the addresses of the filters
 * - member, 16 bytes: address of the key with its opening quote; at 4 the target; at 8 the key's length without quotes
 *   (u16), JSON kind (u8), bits (u8)
 * - text, 4 bytes and more: number of bytes, then the bytes, padded to 16
 */

/** What a predicate says of an element. EMPTY is the third value of FHIRPath's logic. */
export const FALSE: i32 = 0
export const TRUE: i32 = 1
export const UNSURE: i32 = 2
export const EMPTY: i32 = 3

export namespace Kind {
  export const CONSTANT: u8 = 0
  export const NOT: u8 = 1
  export const AND: u8 = 2
  export const OR: u8 = 3
  export const XOR: u8 = 4
  export const IMPLIES: u8 = 5
  export const CRITERION: u8 = 7
}

export namespace Mode {
  export const SOME: u8 = 0
  export const SINGLE: u8 = 1
  export const ALL: u8 = 3
  export const CONDITION: u8 = 4
}

export namespace Goal {
  export const MEMBERS: u8 = 0
  export const ANY: u8 = 1
  export const NEVER: u8 = 2
  export const UNSURE: u8 = 3
  export const TEXTS: u8 = 4
  export const STARTS: u8 = 5
  export const ENDS: u8 = 6
  export const CONTAINS: u8 = 7
  export const BOOLEAN: u8 = 8
  export const INTEGER: u8 = 9
  export const PREDICATE: u8 = 10
  export const ORDER: u8 = 11
}

/** How a number compares with the integer of an ORDER, as bits. */
export namespace Order {
  export const BELOW: u8 = 1
  export const EQUAL: u8 = 2
  export const ABOVE: u8 = 4
}

export namespace JsonKind {
  export const STRING: u8 = 0
  export const NUMBER: u8 = 1
  export const BOOLEAN: u8 = 2
}

/** Bits of a member. */
export namespace Bit {
  export const ARRAY: u8 = 1
  /** Whether its element may have another property, `_key`. */
  export const PRIMITIVE: u8 = 2
}

@unmanaged
export class Predicate {
  kind: u8
  detail: u8
  first: usize
  second: usize
}

@unmanaged
export class Target {
  goal: u8
  detail: u8
  filterCount: u16
  parts: usize
  count: u32
}
export const FILTERS: usize = 16

@unmanaged
export class Member {
  key: usize
  target: usize
  keyLength: u16
  kind: u8
  bits: u8
  unused: u32
}
export const MEMBER_BYTES: usize = 16
