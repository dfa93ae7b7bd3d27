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

/** What a key in the index says of its line. */
export type KeyKind =
  /** The line belongs to this patient by FHIR's patient compartment. */
  | 'patient'
  /** The same by URN, so it may be something else than a patient. */
  | 'maybe-patient'
  /** It names this patient elsewhere. */
  | 'mention'
  | 'maybe-mention'
  /** It names this resource of a supporting type. */
  | 'support'
  /** It is this resource, by its id alone. */
  | 'self'
  /** It deletes this resource. */
  | 'delete'

export interface LineKey {
  readonly kind: KeyKind
  readonly key: bigint
}

/** What the index keeps of a line. */
export interface LineFacts {
  readonly type: string
  readonly id: string
  /** `meta.lastUpdated` in ms; NaN where there is none. */
  readonly lastUpdatedMs: number
  /** `meta.versionId` where it is a number; otherwise NaN. */
  readonly version: number
  /** Key of `Type/id`; 0 without an id. */
  readonly own: bigint
  /** It names a patient that cannot be identified, or more than are kept: it may be about any patient. */
  readonly hidesPatient: boolean
  readonly keys: readonly LineKey[]
}

const TYPE = /^[A-Z][A-Za-z]{1,63}$/
/** A resource that names more is about no chosen patients. */
const MAX_KEYS = 10_000

/** The facts of one line; undefined where it is no JSON object with a resource type. */
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
      // Upper and lower case make no difference in a UUID (RFC 9562, 4).
      const lower = to.id.toLowerCase()
      if (lower !== to.id) add(kind, lower)
    } else if (to.type === 'Patient') add(isCompartment ? 'patient' : 'mention', to.id)
    else if (SUPPORTING_TYPES.has(to.type)) add('support', to.id, to.type)
  })
  return { hidesPatient, keys: [...found.values()] }
}

/** The resources that a Bundle of the manifest's `deleted` deletes. */
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

/** The number of a version, also where it is written as an ETag: `W/"3"`. */
function versionNumber(text: string): number {
  const digits = /^(?:W\/)?"?(\d{1,15})"?$/.exec(text)?.[1]
  return digits === undefined ? Number.NaN : Number(digits)
}

const QUOTE = 0x22
const MAX_CACHED = 100_000
const cache = new Map<string, bigint>()

/** 64 bits of a hash of a patient's id: what the index compares. Never 0. */
export const patientKey = (id: string): bigint => cachedKey(id)

/** The same of a resource of any type. */
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
