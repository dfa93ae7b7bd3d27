import { byteAt, CR, LF, OPEN_BRACE, SPACE } from './bytes'
import { beginCodes, beginCodesOfLine, initCodes, uncountCodes } from './codes'
import { clearHashes, discardHashes, initHashes, settleHashes } from './hash-queue'
import { flush, lineAfter, lineStart, output, rewind, setLine, setWindows, sourceEnd } from './line'
import { rootAt, rootStart, walkResource } from './objects'
import { beginPredicates } from './predicates'
import { setPatientCache } from './patients'
import { Settings, Start } from './records'
import { setResourceNames } from './references'
import { clearRootIds } from './root-ids'
import { afterSpace, setNewlineIsSpace } from './scan'
import { beginShiftsOfLine, depthOfResource, ownerAt, ownerStart, rootDigitsAt, setDigitWeights, setShifts } from './shifts'
import { setDates, setWholeInstants } from './values'

/**
 * The module's entry. The host copies lines into the source window, calls `begin`, then `walk` until all lines are done.
 * `walk` returns at the end, or before a line that it leaves to the interpreter, which the host serves before it calls
 * `walk` again for the lines after it.
 */
export { lineStart, output, rootStart, rootAt, ownerAt, ownerStart, depthOfResource, rootDigitsAt }
export { settleHashes }

/** The first address that the host may use. */
export const heapBase: usize = __heap_base

let settings: usize = 0
let isDocument: bool = false
let maxLineBytes: usize = 0

/** Numbers of the lines of this call: all, those with only white space, and those in the output. */
export let lines: u32 = 0
export let blank: u32 = 0
export let delivered: u32 = 0
/** Start of the next line, once `walk` has left one. */
export let next: usize = 0

/** Prepares the module. `at` is the address of the settings; they may change before each `begin`. */
export function initialize(at: usize): void {
  settings = at
  setResourceNames(load<u32>(at, Settings.RESOURCE_NAMES))
  setDates(load<i32>(at, Settings.OVER_89), load<u32>(at, Settings.REMOVES_TIME_ZONE) != 0)
  setWholeInstants(load<u32>(at, Settings.WHOLE_INSTANTS) != 0)
  const key = load<u32>(at, Settings.HASH_KEY)
  if (key != 0) initHashes(key, load<u32>(at, Settings.HASH_CACHE))
  setPatientCache(load<u32>(at, Settings.PATIENT_CACHE))
  setDigitWeights(at)
  initCodes(at)
}

/** Begins with the lines `[from, end)`; the output goes to `out`, the last window of the memory. */
export function begin(from: usize, end: usize, out: usize): void {
  isDocument = load<u32>(settings, Settings.IS_DOCUMENT) != 0
  maxLineBytes = load<u32>(settings, Settings.MAX_LINE_BYTES)
  setNewlineIsSpace(isDocument)
  setShifts(load<u32>(settings, Settings.SHIFT_SCOPE), load<i32>(settings, Settings.DAYS))
  setWindows(end, out)
  beginPredicates(end - from)
  beginCodes()
  clearHashes()
  clearRootIds()
  lines = 0
  blank = 0
  delivered = 0
}

/**
 * Anonymizes the lines from `p` on. Returns the end of the source, or the start of a line that the interpreter must serve;
 * `next` is then the start of the line after it. `out` is where the output continues.
 */
export function walk(p: usize, out: usize): usize {
  setWindows(sourceEnd, out)
  while (p < sourceEnd) {
    const stop = contentStart(p)
    if (stop >= sourceEnd || (!isDocument && byteAt(stop) == LF)) {
      p = stop >= sourceEnd ? sourceEnd : stop + 1
      blank++
      lines++
      continue
    }
    const end = walkLine(p, out)
    if (end == 0) {
      settleHashes()
      next = nextLine(p)
      return p
    }
    p = end
    out = output
    lines++
    delivered++
  }
  settleHashes()
  return p
}

/** Returns the first address at or after `p` that no line of white space only could have, or its LF. */
function contentStart(p: usize): usize {
  while (true) {
    const c = byteAt(p)
    if (c == LF && !isDocument) return p
    if (c != SPACE && <u8>(c - 0x09) > 4) return p
    if (p >= sourceEnd) return p
    p++
  }
}

/**
 * Anonymizes the line that begins at `start` and appends a newline. Returns the start of the next line; 0 if the
 * interpreter must serve it, with output and counters as before.
 */
function walkLine(start: usize, out: usize): usize {
  const p = afterSpace(start)
  const counters = load<u32>(settings, Settings.RULE_COUNTERS)
  const counterBytes = load<u32>(settings, Settings.COUNTER_BYTES)
  const copy = load<u32>(settings, Settings.COUNTER_COPY)
  memory.copy(copy, counters, counterBytes)
  beginShiftsOfLine()
  beginCodesOfLine()
  setLine(start, p)
  let stop = byteAt(p) == OPEN_BRACE ? walkResource(p, 0, 1) : 0
  if (stop != 0) {
    flush(stop)
    stop = endOfLine(stop, start)
  }
  if (stop == 0) {
    memory.copy(counters, copy, counterBytes)
    uncountCodes()
    discardHashes(out)
    rewind(out, p)
    return 0
  }
  store<u8>(output, LF)
  rewind(output + 1, stop)
  const counter = load<u32>(rootStart, Start.COUNTER)
  store<u32>(counter, load<u32>(counter) + 1)
  return stop
}

/**
 * Returns the start of the next line, given where the value of this one ends; 0 if more follows the value, or the line
 * is too long.
 */
function endOfLine(p: usize, start: usize): usize {
  p = afterSpace(p)
  const isLast = p >= sourceEnd
  if (isLast ? p > sourceEnd : isDocument || byteAt(p) != LF) return 0
  // One CR belongs to the line's ending.
  const content = byteAt(p - 1) == CR ? p - 1 : p
  return content - start > maxLineBytes ? 0 : isLast ? p : p + 1
}

/** Returns the start of the line after the one at `p`. */
function nextLine(p: usize): usize {
  return isDocument ? sourceEnd : lineAfter(p)
}
