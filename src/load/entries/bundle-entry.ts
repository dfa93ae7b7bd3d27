import { isUtf8 } from 'node:buffer'
import { Members } from '../../json/members.js'
import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'
import { isKey, skipValue, stringText } from '../../json/scanner.js'
import type { EntryRequest } from '../unit.js'
import { BAD_FULL_URL, BAD_REQUEST, type Fault, NO_RESOURCE, NOT_A_RESOURCE, TWICE } from './faults.js'
import { type ResourceHead, readHead } from './resource-head.js'

/** An element of `Bundle.entry`, by positions in the bytes that it was read from. */
export interface BundleEntry {
  readonly start: number
  readonly end: number
  readonly head: ResourceHead | undefined
  /** Where the resource begins. */
  readonly resourceStart: number
  readonly fullUrl: string | undefined
  readonly request: EntryRequest | undefined
  /** `search.mode` is `outcome`: what the server had to say about a search, not a result. */
  readonly isOutcome: boolean
  readonly fault: Fault | undefined
}

/** Containers around an entry: the Bundle and its array. */
const DEPTH = 2

/** Reads the entry at `at`, all of it. Throws JsonError. */
export function readEntry(bytes: Buffer, at: number, limit: number): BundleEntry {
  if (bytes[at] !== OPEN) return notAnEntry(at, skipValue(bytes, at, limit, DEPTH))
  let head: ResourceHead | undefined
  let resourceStart = 0
  let fullUrl: string | undefined
  let request: EntryRequest | undefined
  let isOutcome = false
  let fault: Fault | undefined
  let seen = 0
  const members = new Members(bytes, at, limit, DEPTH)
  while (members.advance()) {
    const { keyStart, keyEnd, valueStart } = members
    if (isKey(bytes, keyStart, keyEnd, 'resource')) {
      if ((seen & 1) !== 0) fault ??= TWICE
      seen |= 1
      head = readHead(bytes, valueStart, limit, DEPTH + 1)
      resourceStart = valueStart
      members.passTo(head.end)
      fault ??= head.fault
      continue
    }
    const end = members.pass()
    if (isKey(bytes, keyStart, keyEnd, 'fullUrl')) {
      if ((seen & 2) !== 0) fault ??= TWICE
      seen |= 2
      if (bytes[valueStart] === QUOTE) fullUrl = stringText(bytes, valueStart, end)
      else fault ??= BAD_FULL_URL
    } else if (isKey(bytes, keyStart, keyEnd, 'request')) {
      if ((seen & 4) !== 0) fault ??= TWICE
      seen |= 4
      request = requestOf(bytes, valueStart, end)
      if (request === undefined) fault ??= BAD_REQUEST
    } else if (isKey(bytes, keyStart, keyEnd, 'search')) isOutcome = isOutcomeOf(bytes, valueStart, end)
  }
  const { end } = members
  if (head === undefined && request === undefined) fault ??= NO_RESOURCE
  return { start: at, end, head, resourceStart, fullUrl, request, isOutcome, fault }
}

const QUOTE = 0x22
const OPEN = 0x7b

const notAnEntry = (start: number, end: number): BundleEntry => ({
  start,
  end,
  head: undefined,
  resourceStart: 0,
  fullUrl: undefined,
  request: undefined,
  isOutcome: false,
  fault: NOT_A_RESOURCE,
})

function requestOf(bytes: Buffer, start: number, end: number): EntryRequest | undefined {
  if (!isUtf8(bytes.subarray(start, end))) return undefined
  const value = parseJson(bytes.toString('utf8', start, end))
  if (!isRecord(value)) return undefined
  const { method, url, ...conditions } = value
  if (typeof method !== 'string' || typeof url !== 'string') return undefined
  const request: Record<string, string> = {}
  for (const name of CONDITIONS) {
    const condition = conditions[name]
    if (condition === undefined) continue
    // A request without its condition would do something else.
    if (typeof condition !== 'string') return undefined
    request[name] = condition
  }
  return { method, url, ...request }
}

const CONDITIONS = ['ifNoneExist', 'ifMatch', 'ifNoneMatch'] as const

function isOutcomeOf(bytes: Buffer, start: number, end: number): boolean {
  const value = parseJson(bytes.toString('utf8', start, end))
  return isRecord(value) && value.mode === 'outcome'
}
