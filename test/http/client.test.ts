// Holds src/http/client.ts, src/http/answer.ts, src/http/connections.ts, src/http/user-agent.ts.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { failureOf, redirectOf } from '../../src/http/answer.js'
import { textOf } from '../../src/http/body.js'
import { createHttpClient } from '../../src/http/client.js'
import { packageVersion } from '../../src/version.js'

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Handle = (request: Seen, response: ServerResponse) => void

async function serve(t: Test, handle: Handle) {
  const seen: Seen[] = []
  let connections = 0
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const { method = '', url = '', headers } = request
    const asked = { method, url, headers, body: Buffer.concat(pieces).toString() }
    seen.push(asked)
    handle(asked, response)
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.teardown(close)
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, seen, connectionCount: () => connections, close }
}

function clientOf(t: Test, silenceMs = 10_000) {
  const client = createHttpClient({ silenceMs })
  t.teardown(() => client.close())
  return client
}

const AUTHORIZED = { authorization: 'Bearer secret', cookie: 'a=b', accept: 'x/y' }

t.test('requests name this program, and share a connection', async (t) => {
  const server = await serve(t, (_, response) => response.end('ok'))
  const client = clientOf(t)
  for (let n = 0; n < 3; n += 1)
    t.equal(await textOf(await client.send(new URL('/a?b', server.origin)), 10), 'ok')
  t.equal(server.seen[0]?.url, '/a?b')
  t.equal(server.seen[0]?.headers['user-agent'], `fhir-sluice/${packageVersion()}`)
  t.equal(server.connectionCount(), 1)
})

t.test('a PUT without a body says that it has none', async (t) => {
  const server = await serve(t, (_, response) => response.end())
  await textOf(await clientOf(t).send(new URL(server.origin), { method: 'PUT' }), 10)
  t.match(server.seen, [{ method: 'PUT', body: '', headers: { 'content-length': '0' } }])
})

const REDIRECTS: readonly (readonly [status: number, method: 'GET' | 'POST', arrives: string])[] = [
  [301, 'GET', 'GET'],
  [302, 'POST', 'GET'],
  [303, 'POST', 'GET'],
  [307, 'POST', 'POST body'],
  [308, 'POST', 'POST body'],
]

t.test(
  'a redirect of the same origin keeps credentials, and the body where the status says so',
  async (t) => {
    for (const [status, method, arrives] of REDIRECTS) {
      const server = await serve(t, ({ url }, response) =>
        url === '/from' ? response.writeHead(status, { location: '/to' }).end() : response.end('there'),
      )
      const body = method === 'POST' ? { body: 'body' } : {}
      const headers = { ...AUTHORIZED, 'content-type': 'text/plain' }
      const answer = await clientOf(t).send(new URL('/from', server.origin), { method, headers, ...body })
      t.equal(await textOf(answer, 100), 'there', String(status))
      t.equal(answer.url.href, `${server.origin}/to`)
      const last = server.seen.at(-1)
      t.equal(`${last?.method} ${last?.body}`.trim(), arrives, String(status))
      t.match(last?.headers, AUTHORIZED)
    }
  },
)

t.test('credentials and bodies do not follow to another origin', async (t) => {
  const other = await serve(t, (_, response) => response.end('other'))
  const server = await serve(t, ({ url }, response) =>
    response.writeHead(Number(url.slice(1)), { location: other.origin }).end(),
  )
  const client = clientOf(t)
  await textOf(await client.send(new URL('/302', server.origin), { headers: AUTHORIZED }), 100)
  t.equal(other.seen[0]?.headers.accept, 'x/y')
  t.equal(other.seen[0]?.headers.authorization, undefined)
  t.equal(other.seen[0]?.headers.cookie, undefined)
  const post = { method: 'POST', body: 'secret' } as const
  await t.rejects(client.send(new URL('/307', server.origin), post), { code: 'REDIRECT_REFUSED' })
  t.equal(other.seen.length, 1)
})

t.test('redirects end: in a circle, to another protocol, or where they are not wanted', async (t) => {
  const server = await serve(t, ({ url }, response) =>
    response.writeHead(302, { location: url === '/circle' ? '/circle' : 'file:///etc/passwd' }).end(),
  )
  const client = clientOf(t)
  await t.rejects(client.send(new URL('/circle', server.origin)), {
    code: 'TOO_MANY_REDIRECTS',
    isRetryable: false,
  })
  t.equal(server.seen.length, 6)
  await t.rejects(client.send(new URL('/file', server.origin)), { code: 'REDIRECT_REFUSED' })
  const answer = await client.send(new URL('/circle', server.origin), { redirects: 'none' })
  answer.body.destroy()
  t.equal(answer.status, 302)
  t.equal(redirectOf(answer)?.href, `${server.origin}/circle`)
})

t.test('a server that is silent, gone or interrupted is a failure with a code', async (t) => {
  const server = await serve(t, ({ url }, response) => {
    if (url === '/half') response.writeHead(200, { 'content-length': '10' }).write('half')
    if (url === '/cut')
      response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy())
  })
  const client = clientOf(t, 300)
  const at = (path: string): URL => new URL(path, server.origin)
  await t.rejects(client.send(at('/silent')), { code: 'TIMEOUT', isRetryable: true })
  await t.rejects(
    client.send(at('/half')).then((answer) => textOf(answer, 100)),
    {
      code: 'STALLED',
      isRetryable: true,
    },
  )
  await t.rejects(
    client.send(at('/cut')).then((answer) => textOf(answer, 100)),
    { code: 'ECONNRESET', isRetryable: true },
  )
  const controller = new AbortController()
  const asked = client.send(at('/silent'), { signal: controller.signal })
  setImmediate(() => controller.abort())
  await t.rejects(asked, { code: 'ABORTED', isRetryable: false })
  await server.close()
  await t.rejects(client.send(at('/')), { code: 'ECONNREFUSED', isRetryable: true })
})

t.test('an answer becomes a failure with its status and the wait it asks for', async (t) => {
  const header = (name: string) => (name === 'retry-after' ? '7' : undefined)
  t.match(failureOf({ status: 503, header }), {
    status: 503,
    code: 'HTTP',
    retryAfterMs: 7000,
    isRetryable: true,
  })
  t.match(failureOf({ status: 404, header }, { code: 'X' }), { code: 'X', isRetryable: false })
  t.match(failureOf({ status: 404, header }, { isRetryable: true }), { code: 'HTTP', isRetryable: true })
})

t.test('a fresh request has a connection of its own, which is not kept', async (t) => {
  const server = await serve(t, (_, response) => response.end('ok'))
  const client = clientOf(t)
  const send = async (connection: 'kept' | 'fresh') =>
    textOf(await client.send(new URL('/', server.origin), { method: 'POST', body: 'x', connection }), 10)
  await send('kept')
  await send('fresh')
  await send('fresh')
  t.equal(server.connectionCount(), 3)
  t.match(server.seen.at(-1)?.headers, { connection: 'close' })
  await send('kept')
  t.equal(server.connectionCount(), 3, 'the kept one is still there')
})

t.test('a failure says whether the request had gone out whole', async (t) => {
  const body = Buffer.alloc(30 * 2 ** 20, 'x')
  const cutting = createServer((request) => request.once('data', () => request.socket.destroy()))
  const swallowing = createServer((request) => {
    request.resume().once('end', () => request.socket.destroy())
  })
  const gone = createServer()
  const origins = await Promise.all(
    [cutting, swallowing, gone].map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    }),
  )
  gone.close()
  t.teardown(() => [cutting, swallowing].map((server) => server.close()))
  const client = clientOf(t)
  const [cut, swallowed, refused] = await Promise.all(
    origins.map((origin) =>
      client.send(new URL(origin), { method: 'POST', body }).catch((error: unknown) => error),
    ),
  )
  t.match(cut, { isUnsent: true, isRetryable: true })
  t.match(swallowed, { isUnsent: false, isRetryable: true, code: 'ECONNRESET' })
  t.match(refused, { isUnsent: true, code: 'ECONNREFUSED' })
})
