import { hash } from 'node:crypto'
import { SUPPORTING_TYPES } from '../../fhir/patient-compartment.js'
import { eachMention, type Mention, targetOf } from '../../fhir/patient-mentions.js'
import {
  findMember,
  findStringMember,
  JsonError,
  skipSpace,
  skipValue,
  stringText,
} from '../../json/scanner.js'

/** The meaning of a key in the index. */
export type KeyKind =
  /** The line is in this patient's compartment. */
  | 'patient'
  /** The same, by URN, which may name something other than a patient. */
  | 'maybe-patient'
  /** The line names this patient elsewhere. */
  | 'mention'
  | 'maybe-mention'
  /** The line names this resource of a supporting type. */
  | 'support'
  /** The line is this resource, by id alone. */
  | 'self'
  /** The line deletes this resource. */
  | 'delete'

export interface LineKey {
  readonly kind: KeyKind
  readonly key: bigint
}

/** Facts that the index keeps about a line. */
export interface LineFacts {
  readonly type: string
  readonly id: string
  /** `meta.lastUpdated` in ms; NaN if absent. */
  readonly lastUpdatedMs: number
  /** `meta.versionId` if it is a number, else NaN. */
  readonly version: number
  /** Key of `Type/id`; 0 without an id. */
  readonly own: bigint
  /** The line names an unidentifiable patient, or more patients than are kept, so it may be about any patient. */
  readonly hidesPatient: boolean
  readonly keys: readonly LineKey[]
}

const TYPE = /^[A-Z][A-Za-z]{1,63}$/
/** Maximum number of patients kept for a resource; one that names more is treated as about any patient. */
const MAX_KEYS = 10_000

/** Reads the facts of a line; undefined if it is not a JSON object with a resource type. */
export function factsOf(
  source: Buffer,
  {
    start: from,
    end: to,
    isDeletion,
  }: { readonly start: number; readonly end: number; readonly isDeletion: boolean },
): LineFacts | undefined {
  try {
    const start = skipSpace(source, from, to)
    if (source[start] !== 0x7b) return undefined
    const end = skipValue(source, start, to, 0)
    if (skipSpace(source, end, to) !== to) return undefined
    const type = findStringMember(source, start, end, 'resourceType')?.text ?? ''
    if (!TYPE.test(type)) return undefined
    const id = findStringMember(source, start, end, 'id')?.text ?? ''
    const facts = {
      type,
      id,
      ...versionOf(source, start, end),
      own: id === '' ? 0n : typed(type, type === 'Patient' ? patientKey(id) : hashOf(id)),
    }
    if (isDeletion && type === 'Bundle')
      return { ...facts, hidesPatient: false, keys: deletedBy(source.toString('utf8', start, end)) }
    return { ...facts, ...keysOf(type, id, { source, start, end }) }
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}

function keysOf(
  type: string,
  id: string,
  { source, start, end }: { readonly source: Buffer; readonly start: number; readonly end: number },
): Pick<LineFacts, 'keys' | 'hidesPatient'> {
  const found = new Map<string, LineKey>()
  let hidesPatient = false
  const add = (kind: KeyKind, name: string, type?: string): void => {
    const at = `${kind} ${type ?? ''} ${name}`
    if (found.has(at)) return
    if (found.size >= MAX_KEYS) hidesPatient = true
    else found.set(at, { kind, key: type === undefined ? patientKey(name) : typed(type, patientKey(name)) })
  }
  if (id !== '' && (type === 'Patient' || SUPPORTING_TYPES.has(type))) add('self', id)
  if (id !== '' && type === 'Patient') add('patient', id)
  eachMention(type, source, { start, end }, ({ to, isCompartment }: Mention) => {
    if (to.kind === 'hidden-patient') hidesPatient = true
    else if (to.kind === 'urn') {
      const kind = isCompartment ? 'maybe-patient' : 'maybe-mention'
      add(kind, to.id)
      // Case is insignificant in a UUID (RFC 9562, 4).
      const lower = to.id.toLowerCase()
      if (lower !== to.id) add(kind, lower)
    } else if (to.type === 'Patient') add(isCompartment ? 'patient' : 'mention', to.id)
    else if (SUPPORTING_TYPES.has(to.type)) add('support', to.id, to.type)
  })
  return { hidesPatient, keys: [...found.values()] }
}

/** Lists the resources that a Bundle of the manifest's `deleted` deletes. */
export function deletionsIn(text: string): { readonly type: string; readonly id: string }[] {
  const { entry } = JSON.parse(text) as { readonly entry?: unknown }
  return (Array.isArray(entry) ? (entry as readonly unknown[]) : []).flatMap((each) => {
    const { request } = (each ?? {}) as {
      readonly request?: { readonly method?: unknown; readonly url?: unknown } | null
    }
    if (request?.method !== 'DELETE' || typeof request.url !== 'string') return []
    const target = targetOf(request.url)
    return target?.kind === 'resource' ? [{ type: target.type, id: target.id }] : []
  })
}

const deletedBy = (text: string): LineKey[] =>
  deletionsIn(text).map(({ type, id }) => ({ kind: 'delete', key: resourceKey(type, id) }))

function versionOf(
  source: Buffer,
  start: number,
  end: number,
): { readonly lastUpdatedMs: number; readonly version: number } {
  const meta = findMember(source, start, end, 'meta')
  if (meta === undefined || source[meta.start] !== 0x7b)
    return { lastUpdatedMs: Number.NaN, version: Number.NaN }
  const text = (key: string): string => {
    const value = findMember(source, meta.start, meta.end, key)
    if (value === undefined) return ''
    // Some sources write the version as a JSON number.
    return source[value.start] === QUOTE
      ? stringText(source, value.start, value.end)
      : source.toString('latin1', value.start, value.end)
  }
  return { lastUpdatedMs: Date.parse(text('lastUpdated')), version: versionNumber(text('versionId')) }
}

/** Parses a version number, with or without the form of an ETag: `W/"3"`. */
function versionNumber(text: string): number {
  const digits = /^(?:W\/)?"?(\d{1,15})"?$/.exec(text)?.[1]
  return digits === undefined ? Number.NaN : Number(digits)
}

const QUOTE = 0x22
const MAX_CACHED = 100_000
const cache = new Map<string, bigint>()

/** Computes the index key of a patient: 64 bits of a hash of the id, never 0. */
export const patientKey = (id: string): bigint => cachedKey(id)

/** Computes the index key of a resource of any type. */
export const resourceKey = (type: string, id: string): bigint => typed(type, hashOf(id))

/** Combines the type with the id's own hash: each id is hashed once. */
const typed = (type: string, key: bigint): bigint => (key ^ cachedKey(type)) | 1n

function cachedKey(text: string): bigint {
  const known = cache.get(text)
  if (known !== undefined) return known
  const key = hashOf(text)
  if (cache.size >= MAX_CACHED) cache.clear()
  cache.set(text, key)
  return key
}

const hashOf = (text: string): bigint => hash('sha256', text, 'buffer').readBigUInt64LE(0) | 1n
