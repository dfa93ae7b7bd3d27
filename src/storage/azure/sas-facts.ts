import { sluiceError } from '../../errors.js'

/** What a shared access signature says of itself; its signature is not among it. */
export interface SasFacts {
  /** Letters such as `rl`; undefined where a stored access policy has them. */
  readonly permissions?: string | undefined
  readonly expiresAt?: string | undefined
  /** Made for the whole account, not for a container or blob. */
  readonly isAccountSas: boolean
}

/** Reads what stands behind the `?` of an address. Throws USAGE for what is no SAS, and for one that has expired. */
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

/** As a date and nothing else: what stands there is not repeated unread. */
const dateOf = (text: string): string => {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? '(no date)' : new Date(ms).toISOString()
}
