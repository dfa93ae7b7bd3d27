import { sluiceError } from '../../errors.js'

/** The readable parts of a shared access signature, without the signature itself. */
export interface SasFacts {
  /** Permission letters such as `rl`; undefined if a stored access policy holds them. */
  readonly permissions?: string | undefined
  readonly expiresAt?: string | undefined
  /** Whether it is for the whole account rather than a container or blob. */
  readonly isAccountSas: boolean
}

/** Reads the query of an address. Throws USAGE if it is not a SAS or has expired. */
export function checkSas(query: string, place: string, nowMs = Date.now()): SasFacts {
  const fields = new URLSearchParams(query)
  const refuse = (message: string, help: string) => sluiceError('USAGE', { at: place, message, help })
  if (!fields.has('sig') || !fields.has('sv'))
    throw refuse('what follows the "?" of the address is not a complete SAS', 'give all of it, in quotes')
  const [expiresAt, startsAt] = [fields.get('se') ?? undefined, fields.get('st') ?? undefined]
  if (expiresAt !== undefined && Date.parse(expiresAt) <= nowMs)
    throw refuse(`the SAS expired at ${dateOf(expiresAt)}`, 'ask for a new one')
  if (startsAt !== undefined && Date.parse(startsAt) > nowMs + 15 * 60_000)
    throw refuse(`the SAS is not valid before ${dateOf(startsAt)}`, 'run it again then')
  return {
    permissions: fields.get('sp') ?? undefined,
    expiresAt: expiresAt === undefined ? undefined : dateOf(expiresAt),
    isAccountSas: fields.has('ss'),
  }
}

/** Shows it only as a date; other text is not repeated. */
const dateOf = (text: string): string => {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? '(no date)' : new Date(ms).toISOString()
}
