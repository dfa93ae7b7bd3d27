/** The part of a reference that names the resource: `text.slice(start, end)`. */
export interface IdRange {
  readonly start: number
  readonly end: number
}

const HISTORY = '/_history/'
const ID = /^[A-Za-z0-9.-]{1,64}$/
const BASE = /^https?:\/\/[A-Za-z0-9\\/.:%$]*$/
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+$/
const UUID = /^urn:uuid:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/
const URN_PREFIX_LENGTH = 'urn:oid:'.length
const LONGEST_TYPE_LENGTH = 64

/**
 * Which part of a `Reference.reference` is the id, by the original's forms (`spec/anonymizer.md` 3.4): a fragment,
 * `[base]Type/id[/_history/version]` with a resource type of this FHIR version, an OID, a UUID. Undefined for
 * everything else: then the whole text stands for the resource. Linear in the length of the text.
 */
export function referenceId(text: string, resourceTypes: ReadonlySet<string>): IdRange | undefined {
  if (text.startsWith('#')) return { start: 1, end: text.length }
  if (text.startsWith('urn:')) {
    if (UUID.test(text)) return { start: URN_PREFIX_LENGTH + 1, end: text.length }
    if (OID.test(text)) return { start: URN_PREFIX_LENGTH, end: text.length }
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
  if (!resourceTypes.has(before) && !(BASE.test(before) && endsWithType(before, resourceTypes)))
    return undefined
  return { start: slash + 1, end }
}

/** A type may follow the base without a slash: `http://x/MyPatient/1` is a Patient's. */
function endsWithType(base: string, resourceTypes: ReadonlySet<string>): boolean {
  const first = Math.max(base.indexOf('://') + 3, base.length - LONGEST_TYPE_LENGTH)
  for (let at = base.length - 1; at >= first && isLetter(base.charCodeAt(at)); at--)
    if (resourceTypes.has(base.slice(at))) return true
  return false
}

const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a
