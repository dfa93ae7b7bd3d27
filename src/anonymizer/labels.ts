import { findMember, skipSpace, skipValue, stringText } from '../json/scanner.js'
import { RECORD, RECORD_NAMES, type RecordName } from './methods/leaf.js'
import type { Output } from './output.js'

const OBSERVATION_VALUE = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'

interface Label {
  readonly system?: string
  readonly code: string
  readonly display: string
}

/** The security label for each record (law 14.1; the spelling `CRYTOHASH` is official). */
const LABEL_OF: Readonly<Record<RecordName, Label>> = {
  REDACT: { system: OBSERVATION_VALUE, code: 'REDACTED', display: 'redacted' },
  ABSTRACT: { system: OBSERVATION_VALUE, code: 'ABSTRED', display: 'abstracted' },
  CRYPTOHASH: { system: OBSERVATION_VALUE, code: 'CRYTOHASH', display: 'cryptographic hash function' },
  ENCRYPT: { system: OBSERVATION_VALUE, code: 'MASKED', display: 'masked' },
  PERTURB: { code: 'PERTURBED', display: 'exact value is replaced with another exact value' },
  SUBSTITUTE: { code: 'SUBSTITUTED', display: 'exact value is replaced with a predefined value' },
  GENERALIZE: { code: 'GENERALIZED', display: 'exact value is replaced with a general value' },
}

/** Labels in the order of their bits, which is their order in the output. */
const LABELS = RECORD_NAMES.map((name) => ({
  bit: RECORD[name],
  code: LABEL_OF[name].code,
  json: JSON.stringify(LABEL_OF[name]),
}))

export const LABEL_CODES: ReadonlySet<string> = new Set(LABELS.map(({ code }) => code))

/** Returns the code of the label for a record. */
export const labelCode = (record: RecordName): string => LABEL_OF[record].code

/** Returns the codes of the labels for a set of records, in the order of the output. */
export const labelCodes = (records: number): readonly string[] =>
  LABELS.filter(({ bit }) => (records & bit) !== 0).map(({ code }) => code)

const NONE: ReadonlySet<string> = new Set()

/** Returns the codings for a set of records, comma-separated. Codes in `present` (upper case) are left out. */
export function codings(records: number, present: ReadonlySet<string> = NONE): string {
  return LABELS.filter(({ bit, code }) => (records & bit) !== 0 && !present.has(code))
    .map(({ json }) => json)
    .join(',')
}

const wholeMeta = new Map<number, Buffer>()
const newSecurity = new Map<number, Buffer>()

/** Returns the bytes of `"meta":{"security":[…]}` for a resource without meta. */
export function metaWithLabels(records: number): Buffer {
  let bytes = wholeMeta.get(records)
  if (bytes === undefined) {
    bytes = Buffer.from(`"meta":{"security":[${codings(records)}]}`)
    wholeMeta.set(records, bytes)
  }
  return bytes
}

/**
 * Adds the labels to the meta object written at `out.bytes[start, end)`, after its existing codings, and moves the
 * bytes that follow. A label whose code is already present (any system, any case) is not added again.
 */
export function addLabels(out: Output, start: number, end: number, records: number): void {
  const bytes = Buffer.from(out.bytes.buffer, out.bytes.byteOffset, end)
  const security = findMember(bytes, start, end, 'security')
  if (security === undefined) {
    let insert = newSecurity.get(records)
    if (insert === undefined) {
      insert = Buffer.from(`,"security":[${codings(records)}]`)
      newSecurity.set(records, insert)
    }
    const isEmpty = bytes[end - 2] === 0x7b
    splice(out, end - 1, end - 1, isEmpty ? insert.subarray(1) : insert)
    return
  }
  if (bytes[security.start] !== 0x5b) {
    splice(out, security.start, security.end, Buffer.from(`[${codings(records)}]`))
    return
  }
  const added = codings(records, presentCodes(bytes, security.start, security.end))
  if (added === '') return
  const isEmpty = security.end - security.start === 2
  splice(out, security.end - 1, security.end - 1, Buffer.from(isEmpty ? added : `,${added}`))
}

function presentCodes(bytes: Buffer, start: number, end: number): ReadonlySet<string> {
  const codes = new Set<string>()
  let at = skipSpace(bytes, start + 1, end)
  while (bytes[at] !== 0x5d) {
    const coding = at
    at = skipValue(bytes, at, end, 0)
    const code = bytes[coding] === 0x7b ? findMember(bytes, coding, at, 'code') : undefined
    if (code !== undefined && bytes[code.start] === 0x22)
      codes.add(stringText(bytes, code.start, code.end).toUpperCase())
    at = skipSpace(bytes, at, end)
    if (bytes[at] === 0x2c) at = skipSpace(bytes, at + 1, end)
  }
  return codes
}

/** Replaces `out.bytes[from, to)`. */
function splice(out: Output, from: number, to: number, insert: Buffer): void {
  out.reserve(insert.length)
  out.bytes.copyWithin(from + insert.length, to, out.length)
  out.bytes.set(insert, from)
  out.length += insert.length - (to - from)
}

/**
 * Completes a JSON string with a year, a month or a day to the instant at which it begins. Other JSON is returned
 * unchanged.
 */
export function fullInstant(json: string): string {
  const match = /^"(\d{4})(-\d\d)?(-\d\d)?"$/.exec(json)
  return match === null ? json : `"${match[1]}${match[2] ?? '-01'}${match[3] ?? '-01'}T00:00:00+00:00"`
}
