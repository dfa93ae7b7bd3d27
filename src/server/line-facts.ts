import { createHash } from 'node:crypto'
import { findMember, findStringMember, JsonError, skipSpace, skipValue, stringText } from '../fhir/json.js'
import { type NamedPatient, patientsOf } from '../fhir/patient-compartment.js'

/** What the index keeps of a line. */
export interface LineFacts {
  readonly type: string
  readonly id: string
  /** `meta.lastUpdated` in ms; NaN where there is none. */
  readonly lastUpdatedMs: number
  readonly patients: readonly NamedPatient[]
}

const TYPE = /^[A-Z][A-Za-z]{1,63}$/

/** The facts of one line; undefined where it is no JSON object with a resource type. */
export function factsOf(source: Buffer, from: number, to: number): LineFacts | undefined {
  try {
    const start = skipSpace(source, from, to)
    if (source[start] !== 0x7b) return undefined
    const end = skipValue(source, start, to, 0)
    if (skipSpace(source, end, to) !== to) return undefined
    const type = findStringMember(source, start, end, 'resourceType')?.text ?? ''
    if (!TYPE.test(type)) return undefined
    return {
      type,
      id: findStringMember(source, start, end, 'id')?.text ?? '',
      lastUpdatedMs: lastUpdatedOf(source, start, end),
      patients: patientsOf(type, source, start, end),
    }
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

function lastUpdatedOf(source: Buffer, start: number, end: number): number {
  const meta = findMember(source, start, end, 'meta')
  if (meta === undefined || source[meta.start] !== 0x7b) return Number.NaN
  const value = findMember(source, meta.start, meta.end, 'lastUpdated')
  if (value === undefined || source[value.start] !== 0x22) return Number.NaN
  return Date.parse(stringText(source, value.start, value.end))
}

const MAX_CACHED = 100_000
const cache = new Map<string, bigint>()

/** 64 bits of a hash of a patient's id: what the index compares. Never 0. */
export function patientKey(id: string): bigint {
  const known = cache.get(id)
  if (known !== undefined) return known
  const key = createHash('sha256').update(id).digest().readBigUInt64LE(0) | 1n
  if (cache.size >= MAX_CACHED) cache.clear()
  cache.set(id, key)
  return key
}
