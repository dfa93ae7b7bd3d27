import { BlockList, isIP } from 'node:net'
import { plainAddress } from './own-hosts.js'

/** Addresses of proxies whose `X-Forwarded-For` is trusted. */
export type TrustedProxies = (address: string) => boolean

const MAX_HOPS = 32

/** Parses addresses and CIDR ranges. Throws an Error that does not repeat the input. */
export function trustedProxies(ranges: readonly string[]): TrustedProxies {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits, ...rest] = range.split('/')
    const family = isIP(address)
    const most = family === 4 ? 32 : 128
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
    if (family === 0 || rest.length > 0 || !(prefix <= most))
      throw new Error('must be IP addresses or CIDR ranges, such as 10.0.0.0/8')
    list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (address) => {
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/**
 * Returns the address that a request comes from: the last hop that is not a trusted proxy. `X-Forwarded-For` from an
 * untrusted peer is ignored, and so is everything to the left of an entry that is not an address.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  isTrusted: TrustedProxies,
): string {
  let address = plainAddress(peer)
  const hops = (forwardedFor ?? '').split(',').slice(-MAX_HOPS)
  while (isTrusted(address)) {
    const next = addressOf(hops.pop() ?? '')
    if (next === undefined) break
    address = next
  }
  return address
}

/** Parses an entry of `X-Forwarded-For`; some proxies add the port. */
function addressOf(entry: string): string | undefined {
  const text = entry.trim()
  const bare =
    /^\[([0-9a-f:.]+)\](?::\d{1,5})?$/i.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? undefined : plainAddress(bare.toLowerCase())
}

/** Key by which limits identify a client: an IPv4 address, or the /64 network of an IPv6 one (one subscriber). */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address
  const [bare = ''] = address.split('%')
  const [head = '', tail] = bare.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
