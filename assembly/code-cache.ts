/**
 * Caches what the host answers about codes, by exact bytes. Systems have numbers, and codes are found by the number of
 * their system, or of their element, and their bytes. A number is never given to another system.
 */
import { hostVerdict } from './host'
import { Edge } from './records'
import { areEqual } from './value-tests'

/** Answers: the interpreter must serve the line, the code stays; any other is the address of the counter of what goes. */
export const LEAVES: u32 = 0
export const STAYS: u32 = 1

/** A record: the answer about a code, or a system. Its first field is 0 if it is empty. */
namespace Entry {
  export const ANSWER: usize = 0
  /** Number of the system or the element. */
  export const NUMBER: usize = 4
  export const LENGTH: usize = 8
  export const TEXT: usize = 16
}

/** There are 2^12 records of codes, which are 512 KiB, and after them 2^9 of systems, which are 128 KiB. */
const CODE_BITS: u64 = 12
const CODE_BYTES: usize = 128
const SYSTEM_BITS: u64 = 9
const SYSTEM_BYTES: usize = 256

let codes: usize = 0
let systems: usize = 0

/** Numbers from here on are of systems, smaller ones of elements. */
const FIRST_SYSTEM: u32 = 0x80000000
/** The number for pairs without system. */
const NO_SYSTEM: u32 = FIRST_SYSTEM
let lastSystem: u32 = NO_SYSTEM

export function initCodeCache(at: usize): void {
  codes = at
  systems = at + (CODE_BYTES << <usize>CODE_BITS)
}

/** Whether a code of the edge's element stays, as the last one did, which was the same. */
@inline
export function staysAgain(edge: usize, from: usize, to: usize): bool {
  const last = <usize>load<u32>(edge, Edge.TABLE)
  return (
    last != 0 &&
    load<u32>(last, Entry.NUMBER) == load<u32>(edge, Edge.KIND) &&
    load<u32>(last, Entry.ANSWER) == STAYS &&
    holds(last, from, to - from)
  )
}

/** Returns the answer about a code of the edge's element. The edge keeps the record that answered last. */
export function answerForElement(edge: usize, from: usize, to: usize): usize {
  const element = load<u32>(edge, Edge.KIND)
  const record = findCode(element, from, to)
  if (record == 0) return hostVerdict(element, 0, 0, from, to)
  store<u32>(edge, <u32>record, Edge.TABLE)
  const known = <usize>load<u32>(record, Entry.ANSWER)
  return known != 0 ? known : answered(record, hostVerdict(element, 0, 0, from, to))
}

/** Returns the answer about a pair; 0 is an absent part. The edge of one of the two keeps the system found last. */
@inline
export function answerForPair(
  edge: usize,
  systemFrom: usize,
  systemTo: usize,
  codeFrom: usize,
  codeTo: usize,
): usize {
  const system = numberOf(edge, systemFrom, systemTo)
  const record = system == 0 ? <usize>0 : findCode(system, codeFrom, codeTo)
  if (record == 0) return hostVerdict(0, systemFrom, systemTo, codeFrom, codeTo)
  const known = <usize>load<u32>(record, Entry.ANSWER)
  return known != 0 ? known : answered(record, hostVerdict(0, systemFrom, systemTo, codeFrom, codeTo))
}

function answered(record: usize, answer: usize): usize {
  store<u32>(record, <u32>answer, Entry.ANSWER)
  return answer
}

/** Returns the number of a system; 0 if it is too long to have one. */
@inline
function numberOf(edge: usize, from: usize, to: usize): u32 {
  if (from == 0) return NO_SYSTEM
  const last = <usize>load<u32>(edge, Edge.TABLE)
  if (last != 0 && holds(last, from, to - from)) return load<u32>(last, Entry.NUMBER)
  return numberBySearch(edge, from, to)
}

function numberBySearch(edge: usize, from: usize, to: usize): u32 {
  const length = to - from
  if (length > SYSTEM_BYTES - Entry.TEXT) return 0
  let record = systems + <usize>(hashOf(length, from, length) >> (64 - SYSTEM_BITS)) * SYSTEM_BYTES
  if (!holds(record, from, length)) {
    const home = record
    record ^= SYSTEM_BYTES
    if (!holds(record, from, length)) {
      if (load<u32>(home, Entry.NUMBER) == 0) record = home
      // After two billion new systems there are no more numbers.
      if (lastSystem == u32.MAX_VALUE) return 0
      fill(record, ++lastSystem, from, length)
    }
  }
  store<u32>(edge, <u32>record, Edge.TABLE)
  return load<u32>(record, Entry.NUMBER)
}

/** Returns the record of a code, a new one without answer; 0 if the code is too long for one. */
@inline
function findCode(number: u32, from: usize, to: usize): usize {
  const length = to - from
  const hash = hashOf((<u64>number << 32) | <u64>length, from, length)
  const record = codes + <usize>(hash >> (64 - CODE_BITS)) * CODE_BYTES
  return holds(record, from, length) && load<u32>(record, Entry.NUMBER) == number
    ? record
    : findNeighbor(record, number, from, length)
}

/** Each hash value has a record and its neighbor. */
function findNeighbor(home: usize, number: u32, from: usize, length: usize): usize {
  if (length > CODE_BYTES - Entry.TEXT) return 0
  const neighbor = home ^ CODE_BYTES
  if (holds(neighbor, from, length) && load<u32>(neighbor, Entry.NUMBER) == number) return neighbor
  const record = load<u32>(home, Entry.NUMBER) == 0 ? home : neighbor
  fill(record, number, from, length)
  return record
}

function fill(record: usize, number: u32, from: usize, length: usize): void {
  store<u32>(record, 0, Entry.ANSWER)
  store<u32>(record, number, Entry.NUMBER)
  store<u32>(record, <u32>length, Entry.LENGTH)
  memory.copy(record + Entry.TEXT, from, length)
}

/** Whether a record has a text. */
@inline
function holds(record: usize, from: usize, length: usize): bool {
  if (load<u32>(record, Entry.LENGTH) != <u32>length) return false
  if (length > 16) return areEqual(from, record + Entry.TEXT, length)
  const equal = i8x16.bitmask(i8x16.eq(v128.load(from), v128.load(record, Entry.TEXT)))
  const wanted = (1 << <i32>length) - 1
  return (equal & wanted) == wanted
}

/** An odd number of 64 bits whose multiples are well mixed (MurmurHash3). */
const MULTIPLIER: u64 = 0xff51afd7ed558ccd

/** Hashes a text on top of a seed. Reads whole words of 8 bytes. */
@inline
function hashOf(seed: u64, p: usize, length: usize): u64 {
  let hash = seed
  for (; length > 8; length -= 8, p += 8) hash = mix(hash ^ load<u64>(p))
  return length == 0 ? mix(hash) : mix(hash ^ (load<u64>(p) & (<u64>-1 >> (64 - 8 * length))))
}

@inline
function mix(hash: u64): u64 {
  hash *= MULTIPLIER
  return hash ^ (hash >> 32)
}
