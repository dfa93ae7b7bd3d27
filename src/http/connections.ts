import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { type ProxyAddress, type ProxySettings, proxyFor } from './proxy.js'
import { TunnelAgent } from './tunnel.js'

/** How one address is reached. */
export interface Route {
  readonly request: typeof httpRequest
  /** To be given to `request`, with headers of their own kind. */
  readonly options: RequestOptions
  readonly headers: Readonly<Record<string, string>>
  /** A proxy reads the request and may answer it itself; not so through a tunnel. */
  readonly isProxied: boolean
}

/** Kept connections, direct and through proxies. */
export interface Connections {
  /** `fresh`: on a connection that nothing has been sent on and that is not kept. */
  routeTo(url: URL, connection?: 'kept' | 'fresh'): Route
  close(): void
}

export function createConnections(proxies: ProxySettings, timeoutMs: number): Connections {
  const agentsOf = (keepAlive: boolean) => ({
    plain: new HttpAgent({ keepAlive }),
    secure: new HttpsAgent({ keepAlive }),
    tunnels: proxies.https === undefined ? undefined : new TunnelAgent(proxies.https, timeoutMs, keepAlive),
  })
  const agents = { kept: agentsOf(true), fresh: agentsOf(false) }
  return {
    routeTo(url, connection = 'kept') {
      const { plain, secure, tunnels } = agents[connection]
      const proxy = proxyFor(url, proxies)
      if (url.protocol === 'https:') {
        const agent = proxy === undefined ? secure : tunnels
        return {
          request: httpsRequest,
          options: { ...placeOf(url), agent },
          headers: {},
          isProxied: false,
        }
      }
      if (proxy === undefined)
        return {
          request: httpRequest,
          options: { ...placeOf(url), agent: plain },
          headers: {},
          isProxied: false,
        }
      return throughProxy(url, proxy, proxy.isSecure ? secure : plain)
    },
    close() {
      for (const { plain, secure, tunnels } of Object.values(agents)) {
        plain.destroy()
        secure.destroy()
        tunnels?.destroy()
      }
    },
  }
}

const placeOf = (url: URL): RequestOptions => ({
  protocol: url.protocol,
  host: url.hostname.replace(/^\[|\]$/g, ''),
  port: url.port === '' ? undefined : Number(url.port),
  path: url.pathname + url.search,
})

/** The request line holds the whole address (RFC 9112, 3.2.2). */
function throughProxy(
  url: URL,
  { host, port, isSecure, authorization }: ProxyAddress,
  agent: HttpAgent,
): Route {
  return {
    request: isSecure ? httpsRequest : httpRequest,
    options: {
      protocol: isSecure ? 'https:' : 'http:',
      host,
      port,
      path: url.origin + url.pathname + url.search,
      agent,
    },
    headers: {
      host: url.host,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
    isProxied: true,
  }
}
