/** What a client may read: every type, or some. */
export interface Grant {
  readonly client: string
  /** Absent for all types. */
  readonly types?: readonly string[]
}

export const permits = ({ types }: Grant, type: string): boolean =>
  // What an export has to say of itself may be read by whoever may read any of it.
  types === undefined || types.includes(type) || type === 'OperationOutcome'

/**
 * The types that SMART system scopes allow to read (v1 `.read`, v2 `.rs`), `*` for all; undefined for a text that is
 * no such scope: other contexts, unknown actions, writing.
 */
export function typeOfScope(scope: string): string | undefined {
  const [, type, actions] = /^system\/(\*|[A-Z][A-Za-z]{1,63})\.(\*|read|c?r?u?d?s?)$/.exec(scope) ?? []
  if (type === undefined || actions === undefined) return undefined
  return actions === '*' || actions === 'read' || (actions.includes('r') && actions.includes('s'))
    ? type
    : undefined
}

/** The types that a token's scopes allow; undefined for all. */
export function typesOfScopes(scopes: string): readonly string[] | undefined {
  const types = scopes.split(' ').flatMap((scope) => typeOfScope(scope) ?? [])
  return types.includes('*') ? undefined : types
}

/** Of the scopes that are asked for those that only read a type there is, and that the client is registered for. */
export function grantedScopes(
  asked: string,
  registered: string,
  isType: (type: string) => boolean,
): readonly string[] {
  const allowed = registered.split(' ').flatMap((scope) => typeOfScope(scope) ?? [])
  // A scope that is asked for often would make a token that no header holds.
  return [...new Set(asked.split(' '))].filter((scope) => {
    const type = typeOfScope(scope)
    if (type === undefined || !READS_ONLY.test(scope)) return false
    return (type === '*' || isType(type)) && (allowed.includes('*') || allowed.includes(type))
  })
}

const READS_ONLY = /\.(?:read|rs)$/
