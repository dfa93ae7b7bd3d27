import { oneLine } from '../../json/one-line.js'
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
    return { kind: 'line', ordinal, offset, type, body: oneLine(body) }
  const message = refusedTypes.has(type)
    ? 'is of a type that the server does not import; load it with bundles'
    : 'is not simply stored under its id, which is all that an import does; load it with bundles'
  return { kind: 'rejected', ordinal, offset, lengthBytes: body.length, code: 'NOT_IMPORTABLE', message }
}
