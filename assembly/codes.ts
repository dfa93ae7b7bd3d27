/**
 * Judges codes that the rules leave as they are. The host decides (`src/fhir/codes`); its verdicts are cached by the exact
 * bytes of system and code (`code-cache.ts`).
 *
 * A pair is judged at the one of its two parts that comes first, by a look ahead for the other one.
 */
import { byteAt, CLOSE_BRACE, COLON, COMMA, QUOTE } from './bytes'
import { answerForElement, answerForPair, initCodeCache, LEAVES, STAYS } from './code-cache'
import { record, setGone } from './line'
import { spendLooks } from './predicates'
import { Act, Edge, Fact, Part, Settings } from './records'
import { afterSpace, anyString, filledString, MAX_DEPTH, skipValue } from './scan'
import { REDACT } from './values'

/** The verdict by which a string goes; LEAVES and STAYS are those of the host. */
export const GOES: u32 = 2

/** The counters of removed codes; after them is their copy, as they were when the line began. */
const COUNTER_BYTES: usize = 1024
let counters: usize = 0
let isCounted: bool = false

/** The verdict on the pair in the open object of each depth. */
const pairVerdicts: usize = memory.data(MAX_DEPTH + 2)

/** `,"code":` */
const COMMA_CODE: u64 = 0x3a2265646f63222c
const COMMA_CODE_LENGTH: usize = 8
/** `"system"` */
const SYSTEM_KEY: u64 = 0x226d657473797322
const SYSTEM_KEY_LENGTH: usize = 8
/** `"code"` and two zeros. */
const CODE_KEY: u64 = 0x000022_65646f6322
const CODE_KEY_LENGTH: usize = 6
const CODE_KEY_MASK: u64 = 0x0000ffff_ffffffff

/** The part of a pair that was found last, without quotes; 0 if the pair does not have it. */
let partFrom: usize = 0
let partTo: usize = 0

/**
 * Set by `judgeString` where both parts of a pair stay and the code follows at once: the edge of the code, and the address
 * after it. 0 otherwise.
 */
export let codeEdge: usize = 0
export let codeEnd: usize = 0

/** Prepares cache and counters from the settings at `at`. */
export function initCodes(at: usize): void {
  counters = load<u32>(at, Settings.CODE_COUNTERS)
  initCodeCache(load<u32>(at, Settings.CODE_CACHE))
}

/** Begins a call: the host has read the counters and set them to 0. */
export function beginCodes(): void {
  isCounted = counters != 0
}

/** Keeps a copy of the counters for `uncountCodes`. */
@inline
export function beginCodesOfLine(): void {
  if (!isCounted) return
  memory.copy(counters + COUNTER_BYTES, counters, COUNTER_BYTES)
  isCounted = false
}

/** Takes back what the line counted. */
export function uncountCodes(): void {
  if (isCounted) memory.copy(counters, counters + COUNTER_BYTES, COUNTER_BYTES)
}

/**
 * Judges the string `[value, end)` of an edge, a code or a part of a pair in the object at `depth` whose set of keys seen is
 * `seen`. Returns STAYS, GOES, or LEAVES for the line.
 */
export function judgeString(edge: usize, value: usize, end: usize, seen: usize, depth: u32): u32 {
  const own = <u32>load<u16>(edge, Edge.INDEX)
  codeEdge = 0
  if (load<u8>(edge, Edge.ACT) == Act.CODE) {
    const answer = answerForElement(edge, value + 1, end - 1)
    if (answer <= STAYS) return <u32>answer
    count(answer)
    return excludesKey(seen, own + 1) ? GOES : LEAVES
  }
  const part = load<u32>(edge, Edge.KIND)
  const other = part & Part.INDEX
  if (part & Part.JUDGES_OTHER && hasKey(seen, other)) return load<u8>(pairVerdicts + depth)
  const isSystem = (part & Part.IS_SYSTEM) != 0
  partFrom = partTo = codeEnd = 0
  if (part & Part.JUDGES_OTHER && !findOther(end, isSystem)) return LEAVES
  const answer = isSystem
    ? answerForPair(edge, value + 1, end - 1, partFrom, partTo)
    : answerForPair(edge, partFrom, partTo, value + 1, end - 1)
  if (answer == LEAVES) return LEAVES
  if (answer == STAYS) {
    store<u8>(pairVerdicts + depth, STAYS)
    const next = edge + (<usize>other - <usize>own) * Edge.BYTES
    // An edge whose key comes for the first time is not decided.
    if (codeEnd != 0 && load<u8>(next, Edge.ACT) == Act.PART && excludesKey(seen, other)) codeEdge = next
    return STAYS
  }
  store<u8>(pairVerdicts + depth, GOES)
  count(answer)
  // What else the two have goes with them.
  return excludesKey(seen, own + 1) && excludesKey(seen, other + 1) ? GOES : LEAVES
}

/** Judges the code at `p`, an item of an array or a value that a method left. Sets `gone`. */
export function judgeCode(edge: usize, p: usize): usize {
  if (byteAt(p) != QUOTE) return 0
  const stop = filledString(p)
  if (stop == 0) return 0
  const answer = answerForElement(edge, p + 1, stop - 1)
  if (answer == LEAVES) return 0
  const goes = answer != STAYS
  setGone(goes)
  if (goes) {
    count(answer)
    record(REDACT)
  }
  return stop
}

@inline
function count(counter: usize): void {
  store<u32>(counter, load<u32>(counter) + 1)
  isCounted = true
}

@inline
function hasKey(seen: usize, index: u32): bool {
  return ((load<u32>(seen + ((index >> 5) << 2)) >> (index & 31)) & 1) != 0
}

/**
 * Makes sure that a key is not in the object: one that comes later leaves the line as if it were a duplicate. Returns false
 * if it has come already.
 */
export function excludesKey(seen: usize, index: u32): bool {
  const word = seen + ((index >> 5) << 2)
  const bit: u32 = 1 << (index & 31)
  const bits = load<u32>(word)
  store<u32>(word, bits | bit)
  return (bits & bit) == 0
}

/**
 * Finds the other part of a pair behind the part that ends at `p`. Returns false if it is not as FHIR has it; what else is
 * wrong in the object, the walk finds.
 */
@inline
function findOther(p: usize, isSystem: bool): bool {
  if (isSystem && load<u64>(p) == COMMA_CODE && byteAt(p + COMMA_CODE_LENGTH) == QUOTE) {
    codeEnd = filledString(p + COMMA_CODE_LENGTH)
    partFrom = p + COMMA_CODE_LENGTH + 1
    partTo = codeEnd - 1
    return codeEnd != 0
  }
  return searchOther(p, isSystem)
}

/** Takes the string at `p`; returns the address after it, or 0 if it is empty or none. */
function takesString(p: usize): usize {
  if (byteAt(p) != QUOTE) return 0
  const end = anyString(p)
  if (end <= p + 2) return 0
  partFrom = p + 1
  partTo = end - 1
  return end
}

function searchOther(p: usize, isSystem: bool): bool {
  const start = p
  p = afterSpace(p)
  while (byteAt(p) == COMMA) {
    p = afterSpace(p + 1)
    if (byteAt(p) != QUOTE) return false
    const key = load<u64>(p)
    const isOther = isSystem ? (key & CODE_KEY_MASK) == CODE_KEY : key == SYSTEM_KEY
    p = isOther ? p + (isSystem ? CODE_KEY_LENGTH : SYSTEM_KEY_LENGTH) : anyString(p)
    if (p == 0) return false
    p = afterSpace(p)
    if (byteAt(p) != COLON) return false
    p = afterSpace(p + 1)
    if (isOther) return takesString(p) != 0
    p = skipValue(p, 0)
    if (p == 0) return false
    p = afterSpace(p)
  }
  return byteAt(p) == CLOSE_BRACE && spendLooks(p - start)
}
