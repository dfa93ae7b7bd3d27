import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'

/** A certificate for *.hospital.test that its own key signs, until 2126. It opens nothing and nobody trusts it. */
export const HOSPITAL_TLS = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBvjCCAWWgAwIBAgIUY7Z9eN2IuUXVJNmiYvukTE+x/EMwCgYIKoZIzj0EAwIw
HTEbMBkGA1UEAwwSU2x1aWNlIHByb3h5IHRlc3RzMCAXDTI2MTEzMDA3MDQzMFoY
DzIxMjYxMTA2MDcwNDMwWjAdMRswGQYDVQQDDBJTbHVpY2UgcHJveHkgdGVzdHMw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASrZXrtiTeVCyh2/pfI7WCZf/BsoqYA
ReJ5odXV7/jtTH/khNSVgDNTvzR5JjHfgGPWYQOpJ3rp3uYSAqpyb1gCo4GAMH4w
HQYDVR0OBBYEFMwDDqj91pHBNjjqU9hyVKJaEnmLMB8GA1UdIwQYMBaAFMwDDqj9
1pHBNjjqU9hyVKJaEnmLMA8GA1UdEwEB/wQFMAMBAf8wKwYDVR0RBCQwIoIPKi5o
b3NwaXRhbC50ZXN0gglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIg
YiiHc3d+Y+KBPPCBgqFfjpToF4ZqTSlPJ3E3kmLxiHYCICySLTxDbzQ2Skdpzc1F
piSkMEPqbxB5q/+GEr18cy0c
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgR9YVVRewMdIwLZQB
KiV+Fy6NDPPE6cbKPvtygI+x/D+hRANCAASrZXrtiTeVCyh2/pfI7WCZf/BsoqYA
ReJ5odXV7/jtTH/khNSVgDNTvzR5JjHfgGPWYQOpJ3rp3uYSAqpyb1gC
-----END PRIVATE KEY-----`,
} as const

export interface ProxyPlan {
  /** Ports on this machine by the name that clients know; other names are not found (502). */
  readonly hosts: Readonly<Record<string, number>>
  /** `name:password`; others are refused with 407. */
  readonly credentials?: string
  /** Raw answer to the nth CONNECT (from 1) instead of a tunnel; an empty one breaks the connection, null says nothing. */
  readonly connect?: ((nth: number) => string | null | undefined) | undefined
  /** Refuses CONNECT to anything but port 443, as many proxies do. */
  readonly onlySecureTunnels?: boolean
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** What a proxy was asked for. */
export interface ProxyCall {
  readonly method: string
  /** The request line's target: an authority, or an absolute address. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
}

/** The only way out of a hospital: an HTTP proxy that resolves names which exist nowhere else. */
export interface HttpProxy {
  readonly port: number
  plan: ProxyPlan
  readonly calls: ProxyCall[]
  /** Connections of clients that are open now. */
  readonly openCount: () => number
}

export async function startProxy(t: Test, plan: ProxyPlan): Promise<HttpProxy> {
  const calls: ProxyCall[] = []
  const sockets = new Set<Duplex>()
  let connectCount = 0
  const server: Server =
    plan.tls === undefined ? createServer(onRequest) : createSecureServer(plan.tls, onRequest)
  const watch = (socket: Duplex): void => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  }
  server.on(plan.tls === undefined ? 'connection' : 'secureConnection', watch)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const self: HttpProxy = {
    port: (server.address() as AddressInfo).port,
    plan,
    calls,
    openCount: () => sockets.size,
  }
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    server.closeAllConnections()
  })

  const note = ({ method = '', url = '', headers }: IncomingMessage): void =>
    void calls.push({ method, target: url, headers })
  const isKnown = ({ headers }: IncomingMessage): boolean => {
    const { credentials } = self.plan
    const wanted = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`
    return credentials === undefined || headers['proxy-authorization'] === wanted
  }

  function onRequest(asked: IncomingMessage, answer: ServerResponse): void {
    note(asked)
    if (!isKnown(asked)) return void answer.writeHead(407, { 'proxy-authenticate': 'Basic' }).end()
    // Absolute form only: anything else is meant for the proxy itself.
    const url = URL.canParse(asked.url ?? '') ? new URL(asked.url ?? '') : undefined
    const port = url && self.plan.hosts[url.hostname]
    if (url === undefined || port === undefined) return void answer.writeHead(502).end()
    const { 'proxy-authorization': _, ...headers } = asked.headers
    const onward = request(
      { host: '127.0.0.1', port, method: asked.method, path: url.pathname + url.search, headers },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers)
        got.pipe(answer)
      },
    )
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  }

  server.on('connect', (asked: IncomingMessage, socket: Socket) => {
    note(asked)
    connectCount += 1
    const scripted = self.plan.connect?.(connectCount)
    if (scripted === null) return
    if (scripted !== undefined) return void (scripted === '' ? socket.destroy() : socket.write(scripted))
    if (!isKnown(asked)) return void socket.end('HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n')
    const [host = '', port] = (asked.url ?? '').split(':')
    const to = self.plan.hosts[host]
    if (self.plan.onlySecureTunnels === true && port !== '443')
      return void socket.end('HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n')
    if (to === undefined) return void socket.end('HTTP/1.1 502 Unknown\r\ncontent-length: 0\r\n\r\n')
    const onward = connect(to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  })
  return self
}
