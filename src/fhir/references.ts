/** The part of a reference that names the resource: `text.slice(start, end)`. */
export interface IdRange {
  /** Start of the reference without the server's address, which is the position of its type. */
  readonly relativeStart: number
  readonly start: number
  readonly end: number
}

const HISTORY = '/_history/'
const ID = /^[A-Za-z0-9.-]{1,64}$/
const BASE = /^https?:\/\/[A-Za-z0-9\\/.:%$]*$/
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/
const UUID = /^urn:uuid:[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/
const OID_START = 'urn:oid:'.length
const UUID_START = 'urn:uuid:'.length
const MAX_TYPE_LENGTH = 64

/**
 * Finds the id in a `Reference.reference` by the original's forms (law 7.2): a fragment,
 * `[base]Type/id[/_history/version]` with a resource type of this FHIR version, an OID or a UUID. Undefined for
 * anything else, where the whole text identifies the resource. Takes time linear in the length of the text.
 */
export function referenceId(text: string, resourceTypes: ReadonlySet<string>): IdRange | undefined {
  if (text.startsWith('#')) return { relativeStart: 0, start: 1, end: text.length }
  if (text.startsWith('urn:')) {
    if (UUID.test(text)) return { relativeStart: 0, start: UUID_START, end: text.length }
    if (OID.test(text)) return { relativeStart: 0, start: OID_START, end: text.length }
    return undefined
  }
  return literalId(text, resourceTypes)
}

function literalId(text: string, resourceTypes: ReadonlySet<string>): IdRange | undefined {
  const history = text.lastIndexOf(HISTORY)
  if (history >= 0 && !ID.test(text.slice(history + HISTORY.length))) return undefined
  const end = history >= 0 ? history : text.length
  const slash = text.lastIndexOf('/', end - 1)
  if (slash <= 0 || !ID.test(text.slice(slash + 1, end))) return undefined
  const before = text.slice(0, slash)
  if (resourceTypes.has(before)) return { relativeStart: 0, start: slash + 1, end }
  const relativeStart = BASE.test(before) ? lastTypeStart(before, resourceTypes) : undefined
  return relativeStart === undefined ? undefined : { relativeStart, start: slash + 1, end }
}

/**
 * Finds where the type at the end of a base starts. It needs no slash before it: `http://x/MyPatient/1` is a Patient.
 * The longest type wins.
 */
function lastTypeStart(base: string, resourceTypes: ReadonlySet<string>): number | undefined {
  const first = Math.max(base.indexOf('://') + 3, base.length - MAX_TYPE_LENGTH)
  let found: number | undefined
  for (let at = base.length - 1; at >= first && isLetter(base.charCodeAt(at)); at--)
    if (resourceTypes.has(base.slice(at))) found = at
  return found
}

const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
