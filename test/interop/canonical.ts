/** A JSON value whose numbers are kept as the text they were written as. */
export type Canonical = string | boolean | null | readonly Canonical[] | CanonicalObject
export interface CanonicalObject {
  readonly [name: string]: Canonical
}

/** Parses a resource; `1.50` stays `1.50`. The order of members does not matter to a comparison. */
export const canonicalOf = (json: string): CanonicalObject =>
  JSON.parse(
    json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
      token.startsWith('"') ? token : `"number ${token}"`,
    ),
  )

export const isObject = (value: Canonical | undefined): value is CanonicalObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Type and id: what a server knows a resource by. */
export const addressOf = (resource: CanonicalObject): string => `${resource.resourceType}/${resource.id}`

/** Every reference in a resource, in contained ones too. */
export function referencesOf(value: Canonical | undefined): string[] {
  if (Array.isArray(value)) return value.flatMap((item: Canonical) => referencesOf(item))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, item]) =>
    name === 'reference' && typeof item === 'string' ? [item] : referencesOf(item),
  )
}

/** A resource's text with each reference replaced that `replacement` knows. */
export const withReferences = (
  json: string,
  replacement: (reference: string) => string | undefined,
): string =>
  json.replace(
    /"reference":"([^"]*)"/g,
    (_, reference: string) => `"reference":${JSON.stringify(replacement(reference) ?? reference)}`,
  )

/** Where two values differ: paths without indexes, each once. */
export function differences(
  before: Canonical | undefined,
  after: Canonical | undefined,
  path: string,
): string[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return unique(names.flatMap((name) => differences(before[name], after[name], `${path}.${name}`)))
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const places = Array.from({ length: Math.max(before.length, after.length) }, (_, k) => k)
    return unique(places.flatMap((k) => differences(before[k], after[k], path)))
  }
  return before === after ? [] : [path]
}

const unique = (paths: readonly string[]): string[] => [...new Set(paths)]
