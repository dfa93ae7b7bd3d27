import { isIP } from 'node:net'
import { badRequest, Refusal } from '../refusal.js'

/** The parts of a request that say which server it is for and which page sent it. */
export interface Addressing {
  readonly target: string
  /** Header names and values in turn, as received. */
  readonly rawHeaders: readonly string[]
  /** Local address of the connection. */
  readonly localAddress: string
}

export interface OwnHosts {
  /** `https://example.org/fhir`; its host is one of the server's names. */
  readonly baseUrl: () => string
  /** Further names, configured by the user. */
  readonly names: readonly string[]
}

const AUTHORITY = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,255})(?::\d{0,5})?$/i

/**
 * Accepts only requests that are addressed to this server. A web page can make its own name resolve to the
 * server's address (DNS rebinding) and would then read answers as its own; the browser still sends the page's name
 * as Host. Requests that a page of another origin sends are refused too, because a page may send some of them without
 * asking first (CSRF). Throws Refusal 400, 403, 421.
 */
export function checkAddressing({ target, rawHeaders, localAddress }: Addressing, own: OwnHosts): void {
  const [host, ...others] = valuesOf(rawHeaders, 'host')
  if (host === undefined || host === '' || others.length > 0)
    throw badRequest('A request must have one Host header.')
  // A request for a proxy names the host in its target, which then counts instead of the header (RFC 9112, 3.2.2).
  const named = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1]
  const known = new Set([nameOf(new URL(own.baseUrl()).host), ...own.names.map(nameOf)])
  for (const authority of named === undefined ? [host] : [host, named])
    if (!isOwn(authority, known, localAddress)) throw misdirected()
  const origins = valuesOf(rawHeaders, 'origin')
  if (origins.some((origin) => !isSameOrigin(origin, host, own))) throw foreignPage()
}

function isOwn(authority: string, known: ReadonlySet<string | undefined>, localAddress: string): boolean {
  const name = nameOf(authority)
  if (name === undefined) return false
  if (name === 'localhost' || name === '::1' || isLoopbackV4(name)) return true
  // A health check or a scraper inside a cluster asks by address. Rebinding needs a name.
  return known.has(name) || (isIP(name) !== 0 && name === nameOf(bracketed(plainAddress(localAddress))))
}

/** Normalizes a host as a browser would: lower case, no port, no trailing dot, short form of addresses. */
function nameOf(authority: string): string | undefined {
  const host = AUTHORITY.exec(authority)?.[1]
  if (host === undefined || !URL.canParse(`http://${host}/`)) return undefined
  const { hostname } = new URL(`http://${host}/`)
  return plainAddress(hostname.replace(/^\[|\]$/g, '').replace(/\.$/, ''))
}

const isLoopbackV4 = (name: string): boolean => isIP(name) === 4 && name.startsWith('127.')

/** Converts an IPv4-mapped IPv6 address to IPv4. */
export function plainAddress(address: string): string {
  const [, dotted, high, low] =
    /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address) ?? []
  if (dotted !== undefined) return dotted
  if (high === undefined || low === undefined) return address
  return [high, low]
    .flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255])
    .join('.')
}

const bracketed = (address: string): string => (isIP(address) === 6 ? `[${address}]` : address)

/** Whether a page of this origin is the server's own: the same host and port, or those of its base URL. */
function isSameOrigin(origin: string, host: string, { baseUrl }: OwnHosts): boolean {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return false
  const { protocol, host: from, origin: plain } = new URL(origin)
  if (plain === new URL(baseUrl()).origin) return true
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === from
}

const valuesOf = (rawHeaders: readonly string[], name: string): string[] =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)

const misdirected = (): Refusal =>
  new Refusal(
    'This server does not answer requests for this host name; allow the name with --base-url or --allow-host.',
    { status: 421, code: 'forbidden' },
  )

const foreignPage = (): Refusal =>
  new Refusal('Requests from web pages of another origin are not accepted.', {
    status: 403,
    code: 'forbidden',
  })
