/** The resource types that a client may read. */
export interface Grant {
  readonly client: string
  /** Absent for all types. */
  readonly types?: readonly string[]
}

export const permits = ({ types }: Grant, type: string): boolean =>
  // OperationOutcomes of an export are readable by any client that may read part of it.
  types === undefined || types.includes(type) || type === 'OperationOutcome'

/**
 * Returns the types that a SMART system scope allows to read (version 1 `.read`, version 2 `.rs`), `*` for all.
 * Undefined for anything else: other contexts, unknown actions, writing.
 */
export function typeOfScope(scope: string): string | undefined {
  const [, type, actions] = /^system\/(\*|[A-Z][A-Za-z]{1,63})\.(\*|read|c?r?u?d?s?)$/.exec(scope) ?? []
  if (type === undefined || actions === undefined) return undefined
  return actions === '*' || actions === 'read' || (actions.includes('r') && actions.includes('s'))
    ? type
    : undefined
}

/** Returns the types that a token's scopes allow; undefined for all. */
export function typesOfScopes(scopes: string): readonly string[] | undefined {
  const types = scopes.split(' ').flatMap((scope) => typeOfScope(scope) ?? [])
  return types.includes('*') ? undefined : types
}

/** Whether a SMART system scope allows to write Bundles, or everything (version 1 `.write`, version 2 `.c`). */
export const writesBundles = (scope: string): boolean =>
  /^system\/(?:\*|Bundle)\.(?:\*|write|cr?u?d?s?)$/.test(scope)

/** Keeps the requested scopes that only read or write Bundles, name an existing type, and are registered for the client. */
export function grantedScopes(
  asked: string,
  registered: string,
  isType: (type: string) => boolean,
): readonly string[] {
  const allowed = registered.split(' ').flatMap((scope) => typeOfScope(scope) ?? [])
  // Repeated scopes could make a token too long for a header.
  return [...new Set(asked.split(' '))].filter((scope) => {
    if (WRITES_ONLY.test(scope)) return writesBundles(scope) && registered.split(' ').some(writesBundles)
    const type = typeOfScope(scope)
    if (type === undefined || !READS_ONLY.test(scope)) return false
    return (type === '*' || isType(type)) && (allowed.includes('*') || allowed.includes(type))
  })
}

const READS_ONLY = /\.(?:read|rs)$/
const WRITES_ONLY = /\.(?:write|c)$/
