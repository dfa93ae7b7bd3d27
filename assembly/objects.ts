import { byteAt, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE } from './bytes'
import { variantOf } from './choices'
import { staysAgain } from './code-cache'
import { codeEdge, codeEnd, excludesKey, GOES, judgeCode, judgeString } from './codes'
import { hostEdge, hostTable } from './host'
import { labelMeta, labelNew } from './labels'
import { flush, gone, output, pending, record, records, rewind, setGone, setPending, setRecords } from './line'
import { mandatoryBit, writeMasks } from './masks'
import { nextHash, slotAt } from './names'
import { Act, Edge, Fact, Start, Table } from './records'
import { filledString, MAX_DEPTH, scanBoolean, scanNumber, spaceEnd } from './scan'
import {
  askedDays,
  depthOfResource,
  ownerAt,
  ownerStart,
  patientAt,
  restoreOwner,
  setDepthOfResource,
  setOwner,
  setPatientAt,
} from './shifts'
import { startOf } from './starts'
import { dropValue, factsOf, hashValue, isChanged, keepYear, REDACT, runMethod, shiftValue } from './values'

/**
 * The walk over objects, arrays and resources. Each function takes the address where a value begins and returns the one
 * after it, or 0 to leave the line to the interpreter.
 *
 * INVARIANT comma: a removed member or item takes the comma before it along, the first one the comma after it.
 */

/** Words of the set of keys seen, for each open object, by depth. */
const SEEN_BYTES: u32 = 64
const seenSets: usize = memory.data(64 * 258, 16)

/** How an object is labelled. */
const PLAIN: u32 = 0
const LABELLED: u32 = 1

/** Where the root begins, and its start record. */
export let rootAt: usize = 0
export let rootStart: usize = 0

/** Writes what is pending before the white space at `p`, and passes over it. */
function gap(p: usize): usize {
  const q = spaceEnd(p)
  if (q != p) {
    flush(p)
    setPending(q)
  }
  return q
}

@inline
function afterGap(p: usize): usize {
  return byteAt(p) <= SPACE ? gap(p) : p
}

@inline
function count(edge: usize): void {
  const counter = load<u32>(edge, Edge.COUNTER)
  if (counter != 0) store<u32>(counter, load<u32>(counter) + 1)
}

/** Walks the resource whose opening brace is at `p`. `kind` says which child resource it is; 0 for the root. */
export function walkResource(p: usize, kind: u32, depth: u32): usize {
  const start = startOf(p, kind)
  if (start == 0) return 0
  const flags = load<u32>(start, Start.FLAGS)
  let table = <usize>load<u32>(start, Start.TABLE)
  if (flags & Start.CHOOSES) table = variantOf(table, p)
  if (table == 0) return 0
  const outerRecords = records
  const outerOwner = ownerAt
  const outerOwnerStart = ownerStart
  const outerPatient = patientAt
  const outerDays = askedDays
  setRecords(0)
  const isContained = (flags & Start.CONTAINED) != 0
  if (!isContained) setOwner(p, start)
  setDepthOfResource(depthOfResource + 1)
  if (depthOfResource == 1) {
    rootAt = p
    rootStart = start
  }
  const stop = walkObject(table, p, depth, isContained ? PLAIN : LABELLED)
  setDepthOfResource(depthOfResource - 1)
  if (!isContained) restoreOwner(outerOwner, outerOwnerStart, outerPatient, outerDays)
  setRecords(records | outerRecords)
  setGone(false)
  return stop
}

/** Walks the object whose opening brace is at `p`. Sets `gone` if nothing is left. */
export function walkObject(table: usize, p: usize, depth: u32, labelling: u32): usize {
  if (depth > MAX_DEPTH) return 0
  const seen = seenSets + depth * SEEN_BYTES
  const words = load<u32>(table, Table.WORDS)
  for (let k: u32 = 0; k < words; k++) store<u32>(seen + (k << 2), 0)
  let guess = <usize>load<u32>(table, Table.FIRST)
  let previous: usize = 0
  let kept: u32 = 0
  let metaFrom: usize = 0
  let metaTo: usize = 0
  let metaFacts: u32 = 0
  // Mandatory elements whose value went, and those whose `_` object went or is left.
  let lost: u64 = 0
  let lostBodies: u64 = 0
  let keptBodies: u64 = 0
  p = afterGap(p + 1)
  // Where the text of a removed member begins, and the state to go back to.
  let from = p
  let savedOutput = output
  let savedPending = pending
  while (true) {
    // Tries the key that followed last time, then looks the key up by its hash.
    let edge = guess
    let value = edge == 0 ? <usize>0 : keyEnd(p, edge)
    if (value == 0) {
      edge = lookUp(table, p)
      if (edge == 0) return 0
      value = p + load<u8>(edge, Edge.KEY_LENGTH) - 1
      if (byteAt(value) != COLON) {
        value = gap(value)
        if (byteAt(value) != COLON) return 0
      }
      value++
      if (previous == 0) store<u32>(table, <u32>edge, Table.FIRST)
      else store<u32>(previous, <u32>edge, Edge.NEXT)
    }
    const index = <u32>load<u16>(edge, Edge.INDEX)
    const word = seen + ((index >> 5) << 2)
    const bit: u32 = 1 << (index & 31)
    const seenBits = load<u32>(word)
    if (seenBits & bit) return 0
    store<u32>(word, seenBits | bit)
    value = afterGap(value)
    const first = byteAt(value)
    const facts = factsOf(edge)
    if (facts & Fact.PATIENT) setPatientAt(value)
    if (first == QUOTE && facts & Fact.PLAIN_STRING) {
      // Most values are strings that are kept or dropped whole; they do without the bookkeeping of the others.
      count(edge)
      p = filledString(value)
      if (p == 0) return 0
      let act = <i32>load<u8>(edge, Edge.ACT)
      if (act >= Act.CODE && !(act == Act.CODE && staysAgain(edge, value + 1, p - 1))) {
        const verdict = judgeString(edge, value, p, seen, depth)
        if (verdict == 0) return 0
        if (verdict == GOES) act = Act.DROP
        else if (codeEdge != 0) {
          // Both parts of a pair stay.
          p = codeEnd
          edge = codeEdge
          count(edge)
        }
      }
      if (act == Act.DROP) {
        record(REDACT)
        lost |= mandatoryBit(edge)
        rewind(savedOutput, savedPending)
        flush(from)
        setPending(p)
      } else kept++
    } else {
      if (facts & Fact.META) {
        flush(value)
        metaFrom = output
        metaSecurity = false
      }
      p = first == OPEN_BRACKET ? walkArray(edge, value, depth + 1) : walkSingle(edge, value, depth)
      if (p == 0) return 0
      if (gone) {
        rewind(savedOutput, savedPending)
        flush(from)
        setPending(p)
        if (facts & Fact.META) metaFrom = 0
        if (facts & Fact.UNDERSCORE) lostBodies |= mandatoryBit(edge)
        else lost |= mandatoryBit(edge)
      } else {
        kept++
        if (facts & Fact.UNDERSCORE) keptBodies |= mandatoryBit(edge)
        if (facts & (Fact.META | Fact.SECURITY)) {
          if (facts & Fact.META) {
            flush(p)
            metaTo = output
            metaFacts = metaSecurity ? 1 : 0
          } else metaSecurity = true
        }
      }
    }
    p = afterGap(p)
    const c = byteAt(p)
    if (c != COMMA) {
      if (c != CLOSE_BRACE) return 0
      break
    }
    if (kept == 0) {
      p = spaceEnd(p + 1)
      setPending(p)
      from = p
      savedOutput = output
      savedPending = p
    } else {
      from = p
      savedOutput = output
      savedPending = pending
      p = afterGap(p + 1)
    }
    previous = edge
    guess = load<u32>(edge, Edge.NEXT)
  }
  if (kept != 0 && (lost | lostBodies) > 1)
    if (!writeMasks(table, p, seen, lost, lostBodies, keptBodies)) return 0
  if (labelling == LABELLED && records != 0)
    if (!(metaFrom == 0 ? labelNew(p) : labelMeta(p, metaFrom, metaTo, metaFacts != 0))) return 0
  setGone(kept == 0)
  return p + 1
}

/** Whether the meta that was walked last has a `security`. */
let metaSecurity: bool = false

/** Returns the address after the key at `p` with its colon; 0 if it is not the edge's key. */
@inline
function keyEnd(p: usize, edge: usize): usize {
  const key = <usize>load<u32>(edge, Edge.KEY)
  const length = <u32>load<u8>(edge, Edge.KEY_LENGTH)
  const equal = <u32>i8x16.bitmask(i8x16.eq(v128.load(p), v128.load(key)))
  if (length <= 16) {
    const wanted: u32 = (1 << length) - 1
    return (equal & wanted) == wanted ? p + length : 0
  }
  return equal == 0xffff && longKeyMatches(p, key, length) ? p + length : 0
}

/** Compares a key of more than 16 bytes from its 17th on. */
function longKeyMatches(p: usize, key: usize, length: u32): bool {
  for (let k: u32 = 16; k < length; k += 16) {
    const equal = <u32>i8x16.bitmask(i8x16.eq(v128.load(p + k), v128.load(key + k)))
    const left = length - k
    const wanted: u32 = left < 16 ? (1 << left) - 1 : 0xffff
    if ((equal & wanted) != wanted) return false
  }
  return true
}

/** Returns the table's edge for the key at `p`, which may be followed by white space, decided; 0 if there is none. */
function lookUp(table: usize, p: usize): usize {
  if (byteAt(p) != QUOTE) return 0
  let hash: u32 = 0
  let q = p + 1
  for (let c = byteAt(q); c != QUOTE; c = byteAt(++q)) {
    if (c < 0x20 || c >= 0x80 || c == 0x5c) return 0
    hash = nextHash(hash, c)
  }
  const edge = slotAt(table, hash)
  if (edge == 0 || load<u8>(edge, Edge.KEY_LENGTH) != q - p + 2) return 0
  const key = <usize>load<u32>(edge, Edge.KEY)
  if (memory.compare(p, key, q - p) != 0) return 0
  if (load<u8>(edge, Edge.ACT) == Act.UNKNOWN) hostEdge(edge)
  return edge
}

@inline
function walkSingle(edge: usize, p: usize, depth: u32): usize {
  return factsOf(edge) & Fact.ARRAY ? 0 : walkValue(edge, p, depth)
}

/** Walks the array whose opening bracket is at `p`. Sets `gone` if nothing is left. */
function walkArray(edge: usize, p: usize, depth: u32): usize {
  const facts = factsOf(edge)
  if (!(facts & Fact.ARRAY) || facts & Fact.UNDERSCORE || depth > MAX_DEPTH) return 0
  let kept: u32 = 0
  p = afterGap(p + 1)
  let from = p
  let savedOutput = output
  let savedPending = pending
  while (true) {
    p = walkValue(edge, p, depth)
    if (p == 0) return 0
    if (gone) {
      rewind(savedOutput, savedPending)
      flush(from)
      setPending(p)
    } else kept++
    p = afterGap(p)
    const c = byteAt(p)
    if (c != COMMA) {
      if (c != CLOSE_BRACKET) return 0
      break
    }
    if (kept == 0) {
      p = spaceEnd(p + 1)
      setPending(p)
      from = p
      savedOutput = output
      savedPending = p
    } else {
      from = p
      savedOutput = output
      savedPending = pending
      p = afterGap(p + 1)
    }
  }
  setGone(kept == 0)
  return p + 1
}

function walkValue(edge: usize, p: usize, depth: u32): usize {
  count(edge)
  switch (<i32>load<u8>(edge, Edge.ACT)) {
    case Act.KEEP_STRING: {
      setGone(false)
      return byteAt(p) == QUOTE ? filledString(p) : 0
    }
    case Act.OBJECT: {
      if (byteAt(p) != OPEN_BRACE) return 0
      const table = tableOf(edge)
      return table == 0 ? 0 : walkObject(table, p, depth + 1, PLAIN)
    }
    case Act.DROP:
      return dropValue(edge, p, depth)
    case Act.HASH:
    case Act.HASH_REFERENCE:
      return hashValue(edge, p)
    case Act.METHOD: {
      const stop = runMethod(edge, p)
      if (!(factsOf(edge) & Fact.CODE) || stop == 0) return stop
      return withoutSibling(edge, isChanged ? stop : judgeCode(edge, p), depth)
    }
    case Act.SHIFT:
      return shiftValue(edge, p)
    case Act.KEEP_YEAR:
      return keepYear(edge, p)
    case Act.KEEP_NUMBER: {
      setGone(false)
      return scanNumber(p)
    }
    case Act.KEEP_BOOLEAN: {
      setGone(false)
      return scanBoolean(p)
    }
    case Act.RESOURCE:
      return byteAt(p) == OPEN_BRACE ? walkResource(p, load<u32>(edge, Edge.KIND), depth + 1) : 0
    case Act.CODE:
      return withoutSibling(edge, judgeCode(edge, p), depth)
    case Act.CHOOSE: {
      const choice = tableOf(edge)
      const variant = choice == 0 ? <usize>0 : variantOf(choice, p)
      return variant == 0 ? 0 : walkValue(variant, p, depth)
    }
    default:
      return 0
  }
}

/** Returns `stop`, the end of a judged code; 0 if the code goes and its `_` property, which goes with it, came before it. */
function withoutSibling(edge: usize, stop: usize, depth: u32): usize {
  if (!gone || factsOf(edge) & Fact.ARRAY) return stop
  return excludesKey(seenSets + depth * SEEN_BYTES, <u32>load<u16>(edge, Edge.INDEX) + 1) ? stop : 0
}

/** Returns the table or choice of an edge, which the host makes on first use; 0 without room. */
@inline
function tableOf(edge: usize): usize {
  const table = <usize>load<u32>(edge, Edge.TABLE)
  return table != 0 ? table : hostTable(edge)
}
