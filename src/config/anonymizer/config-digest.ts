import { createHash } from 'node:crypto'
import { KEY_NAMES } from '../../anonymizer/parameters.js'

const KEY_MEMBER = new RegExp(`^(?:${KEY_NAMES.join('|')})$`, 'i')

/**
 * SHA-256 of a configuration's canonical form (RFC 8785: members sorted, no white space), without the members that
 * hold keys, wherever they are and in whatever case they are written. Comments in the file are not part of it; members
 * such as `comment` are.
 */
export const configDigest = (raw: unknown): string =>
  createHash('sha256')
    .update(canonical(asWritten(raw)))
    .digest('hex')

/** The cases of generalize are read as pairs, to keep their order; in the file they are members. */
function asWritten(raw: unknown): unknown {
  return JSON.parse(
    JSON.stringify(raw, (key, value: unknown) => {
      if (KEY_MEMBER.test(key)) return undefined
      return key === 'cases' && isPairs(value) ? Object.fromEntries(value) : value
    }),
  )
}

const isPairs = (value: unknown): value is [string, unknown][] =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string')

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
  return `{${members.join(',')}}`
}
