import type { Prepared } from '../prepared.js'
import type { RejectedEntry } from '../unit.js'

/** A resource that an import can take. */
export interface ImportableLine {
  readonly kind: 'line'
  readonly ordinal: number
  readonly offset: number
  readonly type: string
  /** JSON of the resource, in one line. */
  readonly body: Buffer
}

// Section "id" of FHIR's data types, and what fhir-server's import checks.
const ID = /^[A-Za-z0-9.-]{1,64}$/
// It becomes the name of a file.
const TYPE = /^[A-Z][A-Za-z]{1,63}$/
// One resource of it would make Azure refuse the whole import.
const NOT_IMPORTABLE: ReadonlySet<string> = new Set(['SearchParameter'])

/** An import stores resources under their ids, and knows no other request. */
export function importable(prepared: Prepared): ImportableLine | RejectedEntry {
  const { entry, method, url, body, ifMatch, ifNoneExist, ifNoneMatch } = prepared
  const { ordinal, offset } = entry
  const reject = (code: string, message: string): RejectedEntry => ({
    kind: 'rejected',
    ordinal,
    offset,
    lengthBytes: body.length,
    code,
    message,
  })
  const { type } = entry
  const [urlType, id = '', ...rest] = url.split('/')
  const isConditional = ifMatch ?? ifNoneExist ?? ifNoneMatch
  if (method !== 'PUT' || isConditional !== undefined || rest.length > 0 || url.includes('?'))
    return reject('NOT_IMPORTABLE', 'an import only stores resources under their ids; load it with bundles')
  if (type !== urlType || !TYPE.test(type))
    return reject('INVALID_TYPE', 'the type of the resource is not that of its request')
  if (!ID.test(id))
    return reject('INVALID_ID', 'the id must have 1 to 64 letters, digits, hyphens and full stops')
  if (NOT_IMPORTABLE.has(type))
    return reject(
      'NOT_IMPORTABLE',
      `resources of the type ${type} cannot be imported; load them with bundles`,
    )
  return { kind: 'line', ordinal, offset, type, body: inOneLine(body) }
}

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** JSON without white space between its tokens, if that holds an end of a line; else the same bytes. */
export function inOneLine(json: Buffer): Buffer {
  if (!json.includes(LF) && !json.includes(CR)) return json
  const out = Buffer.allocUnsafe(json.length)
  let length = 0
  let isInString = false
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0
    if (!isInString && (byte === 0x20 || byte === LF || byte === CR || byte === 0x09)) continue
    out[length] = byte
    length += 1
    if (byte === QUOTE) isInString = !isInString
    else if (byte === BACKSLASH && isInString) {
      at += 1
      out[length] = json[at] ?? 0
      length += 1
    }
  }
  return Buffer.from(out.subarray(0, length))
}
