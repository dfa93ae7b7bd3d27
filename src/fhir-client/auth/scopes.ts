import type { ServerUse } from '../context.js'

/** Scopes listed in a server's `.well-known/smart-configuration`. */
export interface AnnouncedScopes {
  /** `scopes_supported`; empty if the server lists none. */
  readonly supported: readonly string[]
  /** The capability `permission-v2`: SMART 2 scopes (`.rs`), with or without SMART 1 scopes (`.read`). */
  readonly isV2: boolean
}

const V1 = 'read'
const V2 = 'rs'
const WRITE_V1 = ['system/*.read', 'system/*.write']
const WRITE_V2 = ['system/*.cruds']
// FHIR has about 160 types: a longer list is not one of types, and a request that names them all is refused as too long.
const MAX_TYPES = 200

/** Chooses the scope to request for what a caller does with the server. */
export const scopeFor = (
  announced: AnnouncedScopes,
  { access, types }: Pick<ServerUse, 'access' | 'types'>,
): string => (access === 'read' ? scopeForReading(announced, types) : scopeForWriting(announced))

/** Everything is written and searched: with the scopes that the server lists, else those of its SMART version. */
function scopeForWriting({ supported, isV2 }: AnnouncedScopes): string {
  const forms = isV2 ? [WRITE_V2, ['system/*.*'], WRITE_V1] : [['system/*.*'], WRITE_V1, WRITE_V2]
  const listed = forms.find((form) => form.every((scope) => supported.includes(scope)))
  return (listed ?? (isV2 ? WRITE_V2 : WRITE_V1)).join(' ')
}

/**
 * Chooses the scope to request from those of the server: all types at once, else those of `types`, else every one it
 * lists. If it lists no usable scope, the usual scope of its SMART version.
 */
function scopeForReading({ supported, isV2 }: AnnouncedScopes, types: readonly string[]): string {
  const versions = isV2 ? [V2, V1] : [V1, V2]
  const listed = supported.flatMap((scope) => readScope(scope) ?? [])
  for (const version of versions)
    if (listed.some((scope) => scope.type === '*' && scope.version === version)) return `system/*.${version}`
  for (const version of versions) {
    const own = new Set(listed.filter((scope) => scope.version === version).map(({ type }) => type))
    const wanted = types.length === 0 ? [...own] : types.filter((type) => own.has(type))
    if (wanted.length > MAX_TYPES) return `system/*.${version}`
    if (wanted.length > 0) return wanted.map((type) => `system/${type}.${version}`).join(' ')
  }
  return `system/*.${versions[0]}`
}

/** A scope of the system that lets read and search: `read`, `*`, or letters of `cruds`. Not one with a query: it narrows. */
function readScope(scope: string): { readonly type: string; readonly version: string } | undefined {
  const [, type, rights] = /^system\/(\*|[A-Z][A-Za-z]{1,63})\.(read|\*|c?r?u?d?s?)$/.exec(scope) ?? []
  if (type === undefined || rights === undefined) return undefined
  if (rights === 'read' || rights === '*') return { type, version: V1 }
  return /r.*s/.test(rights) ? { type, version: V2 } : undefined
}
