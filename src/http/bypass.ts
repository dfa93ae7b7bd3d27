import { BlockList, isIP } from 'node:net'

/** Whether an address is reached without a proxy. */
export type Bypass = (url: URL) => boolean

// This machine, and what answers on its own link only, as the metadata service of a cloud does: no proxy can reach it.
const ALWAYS = '127.0.0.0/8,::1,localhost,169.254.0.0/16,fe80::/10'

/**
 * Reads `NO_PROXY`: names (with all below them, with or without a leading dot or `*.`), addresses, networks
 * (`10.0.0.0/8`), each also with a port, or `*` for everything.
 */
export function parseBypass(noProxy: string): Bypass {
  const entries = `${noProxy},${ALWAYS}`.split(/[\s,]+/).filter((entry) => entry !== '')
  if (entries.includes('*')) return () => true
  const rules = entries.map(ruleOf)
  return (url) => {
    const host = url.hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase()
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
    return rules.some((rule) => (rule.port === undefined || rule.port === port) && rule.matches(host))
  }
}

interface Rule {
  readonly port?: number | undefined
  readonly matches: (host: string) => boolean
}

function ruleOf(entry: string): Rule {
  const { host, port } = splitPort(entry.toLowerCase())
  const [address = '', bits] = host.split('/')
  const family = isIP(address)
  if (family !== 0) return { port, matches: inNetwork(address, family, bits) }
  const name = host.replace(/^\*?\.|\.$/g, '')
  return { port, matches: (candidate) => candidate === name || candidate.endsWith(`.${name}`) }
}

/** `host:8080`, `[::1]:8080`; an address of IPv6 without brackets has no port. */
function splitPort(entry: string): { readonly host: string; readonly port?: number } {
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry) ?? []
  const host = bracketed ?? name ?? entry
  return port === undefined ? { host } : { host, port: Number(port) }
}

function inNetwork(address: string, family: number, bits: string | undefined): (host: string) => boolean {
  const type = family === 6 ? 'ipv6' : 'ipv4'
  const most = family === 6 ? 128 : 32
  const prefix = bits === undefined ? most : Number(bits)
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > most) return () => false
  const list = new BlockList()
  list.addSubnet(address, prefix, type)
  return (host) => {
    const hostFamily = isIP(host)
    return hostFamily !== 0 && list.check(host, hostFamily === 6 ? 'ipv6' : 'ipv4')
  }
}
