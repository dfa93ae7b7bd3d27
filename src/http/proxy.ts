import type { Bypass } from './bypass.js'

/** A proxy that requests go through. */
export interface ProxyAddress {
  readonly host: string
  readonly port: number
  /** TLS to the proxy itself. */
  readonly isSecure: boolean
  /** The value of Proxy-Authorization: a secret. */
  readonly authorization?: string | undefined
}

/** Which requests go through which proxy. */
export interface ProxySettings {
  /** For `http:` addresses, in absolute form (RFC 9112, 3.2.2). */
  readonly http?: ProxyAddress | undefined
  /** For `https:` addresses, by CONNECT. */
  readonly https?: ProxyAddress | undefined
  readonly bypass: Bypass
}

export const NO_PROXIES: ProxySettings = { bypass: () => true }

/** The proxy that an address is reached through; undefined where it is reached directly. */
export function proxyFor(url: URL, { http, https, bypass }: ProxySettings): ProxyAddress | undefined {
  const proxy = url.protocol === 'https:' ? https : http
  return proxy === undefined || bypass(url) ? undefined : proxy
}
