import { settleHashes } from './hash-queue'
import { hostDays, hostDaysOfDigits, NO_DAYS } from './host'
import { ASK_HOST, daysOfPatientAt, patientElement } from './patients'
import { Settings, Start } from './records'
import { settleRootDigits } from './root-ids'

/** The days by which dates shift, in the configured scope. */

export namespace Scope {
  /** One number of days for all lines of a call. */
  export const FIXED: u32 = 0
  /** Decided by the root's id, as the rules before the shifting one left it. */
  export const ROOT: u32 = 1
  /** Decided by the patient of the resource. */
  export const PATIENT: u32 = 2
}

let scope: u32 = Scope.FIXED
let fixedDays: i32 = 0

/** Number of open resources; 1 in the root. */
export let depthOfResource: u32 = 0
/** Address of the root's hashed id in the output; 0 until it is written. */
export let rootDigitsAt: usize = 0
/** Number of the rule that hashed the root's id. */
let rootDigitsRule: u32 = 0

/** Start of the resource whose patient decides the shift, and its start record. */
export let ownerAt: usize = 0
export let ownerStart: usize = 0
/** The value that names the owner's patient, once the walk has come by it; 0 before. */
export let patientAt: usize = 0

/** The last answers, for the line (root) or the owner (patient); UNKNOWN until needed. */
let digitsDays: i32 = 0
export let askedDays: i32 = 0
let askedRule: u32 = 0
const UNKNOWN: i32 = i32.MIN_VALUE + 2

export function setShifts(toScope: u32, days: i32): void {
  scope = toScope
  fixedDays = days
}

export function beginShiftsOfLine(): void {
  depthOfResource = 0
  rootDigitsAt = 0
  digitsDays = UNKNOWN
  askedDays = UNKNOWN
}

@inline
export function setDepthOfResource(depth: u32): void {
  depthOfResource = depth
}

@inline
export function setOwner(at: usize, start: usize): void {
  restoreOwner(at, start, 0, UNKNOWN)
}

/** Goes back to an owner, with what was known of its patient. */
@inline
export function restoreOwner(at: usize, start: usize, patient: usize, days: i32): void {
  ownerAt = at
  ownerStart = start
  patientAt = patient
  askedDays = days
}

@inline
export function setPatientAt(at: usize): void {
  patientAt = at
}

@inline
export function setRootDigits(at: usize, rule: u32): void {
  rootDigitsAt = at
  rootDigitsRule = rule
}

/** Returns the days for a date that `rule` shifts; NO_DAYS if the method must decide. */
export function daysFor(rule: u32): i32 {
  if (scope == Scope.FIXED) return fixedDays
  return scope == Scope.ROOT ? daysOfRoot(rule) : daysOfOwner(rule)
}

/**
 * Returns the days by the root's id: by its digits if they are in the output, otherwise the host computes them. In the
 * root's own turn, only the rules before the shifting one have changed the id.
 */
function daysOfRoot(rule: u32): i32 {
  const isAfterId = depthOfResource > 1 || rootDigitsRule < rule
  if (rootDigitsAt == 0 || !isAfterId) return asked(rule)
  if (digitsDays == UNKNOWN) {
    settleRootDigits(rootDigitsAt)
    digitsDays = digitWeights == 0 ? hostDaysOfDigits(rootDigitsAt) : daysOfDigits(rootDigitsAt)
  }
  return digitsDays
}

/** How days follow from digits (`Settings`). */
let digitWeights: usize = 0
let digitSum: u32 = 0
let digitModulus: u32 = 0
let digitLeast: i32 = 0

export function setDigitWeights(settings: usize): void {
  digitWeights = load<u32>(settings, Settings.DIGIT_WEIGHTS)
  digitSum = load<u32>(settings, Settings.DIGIT_SUM)
  digitModulus = load<u32>(settings, Settings.DIGIT_MODULUS)
  digitLeast = load<i32>(settings, Settings.DIGIT_LEAST)
}

/** Computes the days for the prefix that is the 64 hex digits at `at`. */
function daysOfDigits(at: usize): i32 {
  let sums = i32x4.splat(0)
  for (let k: usize = 0; k < 64; k += 8) {
    const digits = v128.load_ext<u8>(at + k)
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(digits, v128.load(digitWeights + (k << 1))))
  }
  const sum =
    i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3)
  return <i32>((digitSum + <u32>sum) % digitModulus) + digitLeast
}

function daysOfOwner(rule: u32): i32 {
  if (askedDays != UNKNOWN) return askedDays
  const keys = load<u32>(ownerStart, Start.PATIENT)
  if (keys != 0) {
    const at = patientAt != 0 ? patientAt : patientElement(ownerAt, keys)
    const days = daysOfPatientAt(at)
    if (days != ASK_HOST) {
      askedDays = days
      return days
    }
  }
  askedRule = rule
  askedDays = hostDays(rule)
  return askedDays
}

/** Asks the host, once for each rule. */
function asked(rule: u32): i32 {
  // In nested resources every rule comes after those of the root.
  const asking = depthOfResource > 1 ? 0 : rule
  if (askedDays == UNKNOWN || askedRule != asking) {
    askedRule = asking
    settleHashes()
    askedDays = hostDays(rule)
  }
  return askedDays
}
