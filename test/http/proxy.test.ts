// Holds src/http/tunnel.ts, src/http/proxy.ts, src/http/proxy-failure.ts, src/http/connections.ts.
import { setMaxListeners } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { textOf } from '../../src/http/body.js'
import { parseBypass } from '../../src/http/bypass.js'
import { createHttpClient, type HttpClient } from '../../src/http/client.js'
import type { ProxyAddress } from '../../src/http/proxy.js'
import { proxyError } from '../../src/http/proxy-failure.js'
import type { RequestFailure } from '../../src/http/request-failure.js'
import { HOSPITAL_TLS, type HttpProxy, type ProxyPlan, startProxy } from '../support/http-proxy.js'

t.jobs = 4
setMaxListeners(0)

// Only this file's own process: its servers sign for themselves.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
process.removeAllListeners('warning')

const CREDENTIALS = 'ward7:CANARY-PASSWORD'
const CREDENTIALS_HEADER = `Basic ${Buffer.from(CREDENTIALS).toString('base64')}`

interface Seen {
  readonly url: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** A server that answers with its own protocol, and redirects from /away. */
async function serve(t: Test, isSecure: boolean): Promise<{ readonly port: number; readonly seen: Seen[] }> {
  const seen: Seen[] = []
  const onRequest: Parameters<typeof createServer>[1] = (request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers })
    if (request.url === '/away')
      return void response.writeHead(302, { location: 'https://b.hospital.test/' }).end()
    if (request.url === '/denied') return void response.writeHead(407).end()
    response.end(isSecure ? 'secure' : 'plain')
  }
  const server = isSecure ? createSecureServer(HOSPITAL_TLS, onRequest) : createServer(onRequest)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { port: (server.address() as AddressInfo).port, seen }
}

interface World {
  readonly secure: { readonly port: number; readonly seen: Seen[] }
  readonly plain: { readonly port: number; readonly seen: Seen[] }
  readonly proxy: HttpProxy
  readonly client: HttpClient
}

async function world(t: Test, plan: Partial<ProxyPlan> = {}, silenceMs?: number): Promise<World> {
  const [secure, plain] = [await serve(t, true), await serve(t, false)]
  const hosts = {
    'a.hospital.test': secure.port,
    'b.hospital.test': secure.port,
    'p.hospital.test': plain.port,
  }
  const proxy = await startProxy(t, { hosts, ...plan })
  const address: ProxyAddress = {
    host: '127.0.0.1',
    port: proxy.port,
    isSecure: plan.tls !== undefined,
    authorization: plan.credentials === undefined ? undefined : CREDENTIALS_HEADER,
  }
  const proxies = { http: address, https: address, bypass: parseBypass('direct.test') }
  const client = createHttpClient({ proxies, silenceMs })
  t.teardown(() => client.close())
  return { secure, plain, proxy, client }
}

const textAt = async (client: HttpClient, url: string, headers = {}): Promise<string> =>
  textOf(await client.send(new URL(url), { headers }), 1000)

const WAYS: Readonly<Record<string, Partial<ProxyPlan>>> = {
  'an open proxy': {},
  'a proxy with a password': { credentials: CREDENTIALS },
  'a proxy that speaks TLS': { tls: HOSPITAL_TLS },
  'a proxy that speaks TLS, with a password': { tls: HOSPITAL_TLS, credentials: CREDENTIALS },
  'a proxy that tunnels to port 443 only': { onlySecureTunnels: true },
}

for (const [name, plan] of Object.entries(WAYS))
  t.test(
    `${name}: https by CONNECT, http in absolute form, connections are kept and then closed`,
    async (t) => {
      const { secure, plain, proxy, client } = await world(t, plan)
      const token = { authorization: 'Bearer CANARY-TOKEN' }
      for (const path of ['1', '2', '3'])
        t.equal(await textAt(client, `https://a.hospital.test/${path}?q=%20`, token), 'secure')
      for (const path of ['1', '2'])
        t.equal(await textAt(client, `http://p.hospital.test:8080/${path}?q=%20`, token), 'plain')
      t.same(
        proxy.calls.map(({ method, target }) => `${method} ${target}`),
        [
          'CONNECT a.hospital.test:443',
          'GET http://p.hospital.test:8080/1?q=%20',
          'GET http://p.hospital.test:8080/2?q=%20',
        ],
      )
      t.same(
        secure.seen.map(({ url }) => url),
        ['/1?q=%20', '/2?q=%20', '/3?q=%20'],
      )
      t.equal(plain.seen[0]?.headers.host, 'p.hospital.test:8080')
      for (const { headers } of [...secure.seen, ...plain.seen]) {
        t.match(headers['user-agent'], /^fhir-sluice\/\d+\.\d+\.\d+$/)
        t.equal(headers.authorization, token.authorization)
        t.notOk(headers['proxy-authorization'], "the proxy's password is for the proxy")
      }
      const [connect] = proxy.calls
      t.match(connect?.headers['user-agent'], /^fhir-sluice\//)
      t.notOk(connect?.headers.authorization, 'the token is not for the proxy')
      client.close()
      for (let turn = 0; proxy.openCount() > 0 && turn < 500; turn += 1)
        await new Promise((resolve) => setTimeout(resolve, 20))
      t.equal(proxy.openCount(), 0, 'no connection is left open')
    },
  )

t.test('a redirect to another host opens another tunnel, without the token', async (t) => {
  const { secure, proxy, client } = await world(t)
  await textAt(client, 'https://a.hospital.test/away', { authorization: 'Bearer CANARY-TOKEN' })
  t.same(
    proxy.calls.map(({ target }) => target),
    ['a.hospital.test:443', 'b.hospital.test:443'],
  )
  t.ok(secure.seen[0]?.headers.authorization)
  t.notOk(secure.seen[1]?.headers.authorization)
})

t.test('loopback and the hosts of NO_PROXY are reached directly', async (t) => {
  const { secure, plain, proxy, client } = await world(t)
  t.equal(await textAt(client, `https://127.0.0.1:${secure.port}/`), 'secure')
  t.equal(await textAt(client, `http://localhost:${plain.port}/`), 'plain')
  await t.rejects(textAt(client, 'https://direct.test/'), { code: /^(ENOTFOUND|EAI_AGAIN)$/ })
  t.same(proxy.calls, [])
})

t.test('a 407 that a server sends through a tunnel is not the answer of the proxy', async (t) => {
  const { client } = await world(t)
  const { status, body } = await client.send(new URL('https://a.hospital.test/denied'))
  body.destroy()
  t.equal(status, 407)
})

interface Failure {
  readonly plan: Partial<ProxyPlan>
  readonly url?: string
  readonly silenceMs?: number
  readonly code: string
  readonly isRetryable: boolean
}

const refuse =
  (status: string, more = ''): ProxyPlan['connect'] =>
  () =>
    `HTTP/1.1 ${status}\r\n${more}\r\n`

const FAILURES: Readonly<Record<string, Failure>> = {
  'no password': {
    plan: { connect: refuse('407 Who?', 'content-length: 0\r\n') },
    code: 'PROXY_AUTH_REQUIRED',
    isRetryable: false,
  },
  'no password, http': {
    plan: { credentials: 'other:one' },
    url: 'http://p.hospital.test/',
    code: 'PROXY_AUTH_REQUIRED',
    isRetryable: false,
  },
  'not allowed': { plan: { connect: refuse('403 No') }, code: 'PROXY_REFUSED', isRetryable: false },
  'a redirect': {
    plan: { connect: refuse('302 Found', 'location: https://evil.test/\r\n') },
    code: 'PROXY_REFUSED',
    isRetryable: false,
  },
  'a server that it cannot reach': { plan: { hosts: {} }, code: 'PROXY_REFUSED', isRetryable: true },
  overloaded: { plan: { connect: refuse('503 Busy') }, code: 'PROXY_REFUSED', isRetryable: true },
  'no answer': { plan: { connect: () => null }, silenceMs: 300, code: 'PROXY_TIMEOUT', isRetryable: true },
  'half an answer': {
    plan: { connect: () => 'HTTP/1.1 200 OK\r\nx-half:' },
    silenceMs: 300,
    code: 'PROXY_TIMEOUT',
    isRetryable: true,
  },
  'a connection to nothing': {
    plan: { connect: refuse('200 OK') },
    silenceMs: 300,
    code: 'PROXY_TIMEOUT',
    isRetryable: true,
  },
  'a connection that breaks': { plan: { connect: () => '' }, code: 'PROXY_ECONNRESET', isRetryable: true },
  'no HTTP': {
    plan: { connect: () => 'SSH-2.0-x\r\n\r\n' },
    code: 'PROXY_HPE_INVALID_CONSTANT',
    isRetryable: true,
  },
}

for (const [name, { plan, url = 'https://a.hospital.test/', silenceMs, ...expected }] of Object.entries(
  FAILURES,
))
  t.test(`a proxy that answers with ${name}: ${expected.code}`, async (t) => {
    const { secure, proxy, client } = await world(t, plan, silenceMs)
    await t.rejects(textAt(client, url, { authorization: 'Bearer CANARY-TOKEN' }), expected)
    t.same(secure.seen, [], 'nothing is taken for an answer of the server')
    proxy.plan = { ...proxy.plan, connect: undefined }
  })

t.test('a proxy that is not there', async (t) => {
  const address = { host: '127.0.0.1', port: 1, isSecure: false }
  const client = createHttpClient({ proxies: { http: address, https: address, bypass: () => false } })
  t.teardown(() => client.close())
  for (const url of ['https://a.hospital.test/', 'http://p.hospital.test/'])
    await t.rejects(textAt(client, url), { code: 'PROXY_ECONNREFUSED', isRetryable: true })
})

t.test('a proxy without TLS that is spoken to in TLS is not taken for the server', async (t) => {
  const { proxy } = await world(t)
  const address = { host: '127.0.0.1', port: proxy.port, isSecure: true }
  const client = createHttpClient({ proxies: { http: address, https: address, bypass: () => false } })
  t.teardown(() => client.close())
  for (const url of ['https://a.hospital.test/', 'http://p.hospital.test/']) {
    const failure = await client.send(new URL(url)).then(
      () => undefined,
      (error: RequestFailure) => error,
    )
    t.match(failure, { code: /^PROXY_(?:EPROTO|ERR_SSL\w+|ECONNRESET)$/ })
    if (failure !== undefined && !failure.isRetryable)
      t.match(proxyError(failure, 'x')?.message, /encryption of the proxy.*http:\/\//)
  }
})

t.test('a client that is closed ends a handshake that the proxy leaves open', async (t) => {
  const { client, proxy } = await world(t, { connect: refuse('200 OK') })
  const held = client.send(new URL('https://a.hospital.test/'))
  for (let turn = 0; proxy.calls.length === 0 && turn < 500; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
  client.close()
  await t.rejects(held, { code: /^PROXY_/ })
})

t.test('a signal ends a wait for the proxy', async (t) => {
  const { client } = await world(t, { connect: () => null })
  const signal = AbortSignal.timeout(100)
  await t.rejects(client.send(new URL('https://a.hospital.test/'), { signal }), { code: 'ABORTED' })
  const held = client.send(new URL('https://a.hospital.test/'))
  client.close()
  await t.rejects(held, { code: /^PROXY_/ })
})
