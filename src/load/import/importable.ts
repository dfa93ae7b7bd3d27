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

/** An import stores resources under their ids, and knows no other request. */
export function importable(
  { entry, method, url, body, ifMatch, ifNoneMatch }: Prepared,
  refusedTypes: ReadonlySet<string>,
): ImportableLine | RejectedEntry {
  const { ordinal, offset, type, id } = entry
  const isConditional = ifMatch !== undefined || ifNoneMatch !== undefined
  if (method === 'PUT' && url === `${type}/${id}` && !isConditional && !refusedTypes.has(type))
    return { kind: 'line', ordinal, offset, type, body: inOneLine(body) }
  const message = refusedTypes.has(type)
    ? 'is of a type that the server does not import; load it with bundles'
    : 'is not simply stored under its id, which is all that an import does; load it with bundles'
  return { kind: 'rejected', ordinal, offset, lengthBytes: body.length, code: 'NOT_IMPORTABLE', message }
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
