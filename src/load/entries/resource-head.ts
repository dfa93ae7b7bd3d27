import { isUtf8 } from 'node:buffer'
import { Members } from '../../json/members.js'
import { isKey, skipValue, stringText } from '../../json/scanner.js'
import { isId, isTypeName } from '../identity.js'
import { BAD_ID, type Fault, INVALID_UTF8, NO_TYPE, NOT_A_RESOURCE, TWICE } from './faults.js'

/** What decides where a resource goes, and why it cannot go anywhere. */
export interface ResourceHead {
  readonly type: string
  readonly id: string | undefined
  /** `Bundle.type`, or a property of this name of another resource, where it is a string. */
  readonly kind: string | undefined
  /** Where the resource ends. */
  readonly end: number
  readonly fault: Fault | undefined
}

/** Reads the resource at `at`, all of it. `depth` containers are open around it. Throws JsonError. */
export function readHead(bytes: Buffer, at: number, limit: number, depth = 0): ResourceHead {
  if (bytes[at] !== OPEN) {
    const end = skipValue(bytes, at, limit, depth)
    return { type: '', id: undefined, kind: undefined, end, fault: NOT_A_RESOURCE }
  }
  let type: string | undefined
  let id: string | undefined
  let kind: string | undefined
  let fault: Fault | undefined
  let seen = 0
  const members = new Members(bytes, at, limit, depth)
  while (members.advance()) {
    const { keyStart, keyEnd, valueStart } = members
    const end = members.pass()
    const text = bytes[valueStart] === QUOTE
    if (isKey(bytes, keyStart, keyEnd, 'resourceType')) {
      if ((seen & 1) !== 0) fault ??= TWICE
      seen |= 1
      if (text) type = stringText(bytes, valueStart, end)
    } else if (isKey(bytes, keyStart, keyEnd, 'id')) {
      if ((seen & 2) !== 0) fault ??= TWICE
      seen |= 2
      id = text ? stringText(bytes, valueStart, end) : ''
    } else if (text && isKey(bytes, keyStart, keyEnd, 'type')) kind = stringText(bytes, valueStart, end)
  }
  if (type === undefined || !isTypeName(type)) fault ??= NO_TYPE
  if (id !== undefined && !isId(id)) fault ??= BAD_ID
  if (fault === undefined && !isUtf8(bytes.subarray(at, members.end))) fault = INVALID_UTF8
  return { type: type ?? '', id, kind, end: members.end, fault }
}

const QUOTE = 0x22
const OPEN = 0x7b
