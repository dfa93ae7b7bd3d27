/** The resource named by the last segments of a URL's path, by RFC 3986 and FHIR's RESTful addresses. */
export interface NamedResource {
  /** The part before the type, as written. */
  readonly base: string
  readonly type: string
  /** The percent-decoded id. */
  readonly id: string
  /** `/_history/version`, or ''. */
  readonly history: string
}

// RFC 3986, appendix B: scheme, authority, path, query, fragment.
const PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/[^/?#]*)?([^?#]*)/
/**
 * The form of nearly every reference. It is tried first, because shifting dates by patient reads a reference in each
 * line.
 */
const PLAIN = /^([A-Za-z]+)\/([A-Za-z0-9.-]+)$/
const OPERATION = /^[$_]/
const SEGMENTS = 6

/**
 * Finds the resource that a URL or a relative reference names: the last segments of its path are `Type/id` or
 * `Type/id/_history/version`, with or without a slash at either end. Query, fragment and `|version` are ignored.
 * Undefined for anything else, including URNs and `#id`. Takes time linear in the length of the text.
 */
export function resourceInUrl(text: string, resourceTypes: ReadonlySet<string>): NamedResource | undefined {
  const plain = PLAIN.exec(text)
  if (plain !== null) {
    const [, type = '', id = ''] = plain
    return resourceTypes.has(type) ? { base: '', type, id, history: '' } : undefined
  }
  const [whole, scheme, path] = PARTS.exec(text) ?? ['', undefined, '']
  // `urn:x` and `mailto:x` have no authority, so no path of segments follows the scheme.
  if (scheme !== undefined && !whole.startsWith('//', scheme.length + 1)) return undefined
  const { segments, starts } = lastSegments(path)
  const history = segments.length >= 2 && segments.at(-2) === '_history'
  const at = segments.length - (history ? 4 : 2)
  const [type, id] = at < 0 ? [] : segments.slice(at)
  if (type === undefined || id === undefined || !resourceTypes.has(type)) return undefined
  if (id === '' || OPERATION.test(id)) return undefined
  const base = whole.slice(0, whole.length - path.length + (starts[at] ?? 0))
  return { base, type, id, history: history ? `/_history/${segments.at(-1) ?? ''}` : '' }
}

/** Returns the last few segments of a path, decoded, with their positions. Empty segments at the end are left out. */
function lastSegments(path: string) {
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end--
  const segments: string[] = []
  const starts: number[] = []
  for (let to = end; to > 0 && segments.length < SEGMENTS; ) {
    const slash = path.lastIndexOf('/', to - 1)
    segments.unshift(percentDecoded(path.slice(slash + 1, to)))
    starts.unshift(slash + 1)
    to = slash
  }
  const last = segments.at(-1)
  // A canonical's version follows its last segment.
  if (last !== undefined) segments[segments.length - 1] = last.replace(/\|.*$/s, '')
  return { segments, starts }
}

/** Percent-decodes a text. If a `%` does not begin a valid escape, the text is returned unchanged. */
export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
