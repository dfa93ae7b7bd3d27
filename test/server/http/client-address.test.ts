// Holds src/server/http/own-hosts.ts, src/server/http/malformed-request.ts, src/server/http/http-message.ts,
// src/server/refusal.ts.

import { connect } from 'node:net'
import t from 'tap'
import { addressGroup, clientAddress, trustedProxies } from '../../../src/server/http/client-address.js'
import { checkAddressing } from '../../../src/server/http/own-hosts.js'
import { Refusal } from '../../../src/server/refusal.js'
import { outcomeText, provide } from '../provider.js'

/** A request as it goes over the wire. Returns the status and the body. */
function raw(port: number, head: readonly string[]): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n`),
    )
    let text = ''
    socket.on('data', (data) => {
      text += data
    })
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }))
    socket.on('error', reject)
  })
}

const BASE = 'https://FHIR.example.org:8443/r4'

const HOSTS: readonly (readonly [string, number])[] = [
  ['localhost', 200],
  ['LocalHost', 200],
  ['localhost.', 200],
  ['localhost:9', 200],
  ['127.0.0.1', 200],
  ['127.1.2.3:80', 200],
  ['[::1]', 200],
  ['[::1]:8080', 200],
  ['[0:0:0:0:0:0:0:1]', 200],
  ['[::ffff:127.0.0.1]', 200],
  ['fhir.example.org', 200],
  ['FHIR.EXAMPLE.ORG.:443', 200],
  ['inside', 200],
  ['evil.example', 421],
  ['evil.example:8080', 421],
  ['localhost.evil.example', 421],
  ['127.0.0.1.evil.example', 421],
  ['evil.fhir.example.org', 421],
  ['fhir.example.org.evil.example', 421],
  ['fhir.example.org@evil.example', 421],
  ['evil.example/fhir.example.org', 421],
  ['localhost, evil.example', 421],
  ['localhost evil.example', 421],
  ['10.1.2.3', 421],
  ['[fe80::1]', 421],
  ['[::1', 421],
  ['', 400],
]

t.test('only loopback names, the host of the base URL and allowed hosts are answered', async (t) => {
  const provider = await provide(t, { baseUrl: BASE, allowedHosts: ['inside'] })
  const { port } = provider.server
  for (const [host, status] of HOSTS) {
    const answer = await raw(port, ['GET /r4/metadata HTTP/1.1', `Host: ${host}`])
    t.equal(answer.status, status, `Host: ${host}`)
    t.notMatch(answer.text, 'evil', 'a foreign name comes back nowhere')
    if (status === 421) t.match(answer.text, '"resourceType":"OperationOutcome"')
  }
})

t.test('every route checks the host, before it looks at anything else', async (t) => {
  const provider = await provide(t)
  const { port } = provider.server
  for (const [method, path] of [
    ['GET', '/fhir/$export'],
    ['POST', '/fhir/Patient/$export'],
    ['GET', '/fhir/_operations/export/0123'],
    ['DELETE', '/fhir/_operations/export/0123'],
    ['GET', '/fhir/_operations/export/0123/Patient-1.ndjson'],
    ['HEAD', '/fhir/_operations/export/0123/Patient-1.ndjson'],
    ['GET', '/metrics'],
    ['GET', '/nothing'],
    ['GET', 'http://evil.example/fhir/metadata'],
  ])
    t.equal(
      (await raw(port, [`${method} ${path} HTTP/1.1`, 'Host: evil.example'])).status,
      421,
      `${method} ${path}`,
    )
})

const TARGETS: readonly (readonly [string, readonly string[], number])[] = [
  ['GET http://localhost/fhir/metadata HTTP/1.1', ['Host: localhost'], 200],
  ['GET http://evil.example/fhir/metadata HTTP/1.1', ['Host: localhost'], 421],
  ['GET http://localhost/fhir/metadata HTTP/1.1', ['Host: evil.example'], 421],
  ['GET /fhir/metadata HTTP/1.1', ['Host: localhost', 'Host: evil.example'], 400],
  ['GET /fhir/metadata HTTP/1.1', ['Host: evil.example', 'host: localhost'], 400],
  ['GET /fhir/metadata HTTP/1.1', [], 400],
  ['GET /fhir/metadata HTTP/1.0', [], 400],
  ['GET /fhir/metadata HTTP/1.1', ['Host: localhost', 'X-Forwarded-Host: evil.example'], 200],
  ['GET /fhir/metadata HTTP/1.1', ['Host: evil.example', 'X-Forwarded-Host: localhost'], 421],
  ['GET /fhir/metadata HTTP/1.1', ['Host: localhost', 'Forwarded: host=evil.example'], 200],
]

t.test('absolute targets, several hosts and forwarded ones change nothing', async (t) => {
  const provider = await provide(t)
  for (const [line, headers, status] of TARGETS) {
    const answer = await raw(provider.server.port, [line, ...headers])
    t.equal(answer.status, status, `${line} ${headers.join()}`)
    t.notMatch(answer.text, 'evil.example')
  }
})

/** What is no request, or one that HTTP itself refuses. */
const MALFORMED: readonly (readonly [string, readonly string[], number])[] = [
  ['no host', ['GET /fhir/metadata HTTP/1.1'], 400],
  ['no host, HTTP/1.0', ['GET /fhir/metadata HTTP/1.0'], 400],
  ['no HTTP', ['CANARY'], 400],
  ['a backslash for a slash', ['GET http:\\\\CANARY HTTP/1.1', 'Host: localhost'], 400],
  ['a header without a colon', ['GET /fhir/metadata HTTP/1.1', 'Host: localhost', 'CANARY'], 400],
  [
    'two lengths',
    ['POST /fhir/$export HTTP/1.1', 'Host: localhost', 'Content-Length: 1', 'Content-Length: 2'],
    400,
  ],
  [
    'a length of a chunked body',
    ['POST /fhir/$export HTTP/1.1', 'Host: localhost', 'Content-Length: 1', 'Transfer-Encoding: chunked'],
    400,
  ],
  ['headers that are too large', ['GET /fhir/metadata HTTP/1.1', `X-CANARY: ${'x'.repeat(40_000)}`], 431],
  ['a URL that is too large', [`GET /fhir/metadata?CANARY=${'x'.repeat(40_000)} HTTP/1.1`], 431],
  ['another expectation', ['GET /fhir/metadata HTTP/1.1', 'Host: localhost', 'Expect: CANARY'], 417],
]

t.test('what is no valid HTTP request is answered with an OperationOutcome', async (t) => {
  const provider = await provide(t)
  for (const [name, head, status] of MALFORMED) {
    const answer = await raw(provider.server.port, head)
    t.equal(answer.status, status, name)
    t.match(answer.text, /content-type: application\/fhir\+json/i, name)
    const [, body = ''] = answer.text.split('\r\n\r\n')
    t.match(body, /"resourceType":"OperationOutcome".*"severity":"error"/, name)
    t.notMatch(body, 'CANARY', name)
  }
  t.equal((await raw(provider.server.port, ['GET /fhir/metadata HTTP/1.1', 'Host: localhost'])).status, 200)
})

t.test('a page of another origin can start, delete and read nothing; its own page can', async (t) => {
  const provider = await provide(t)
  const { port } = provider.server
  const { statusUrl } = await provider.export('/$export?_type=Patient')
  const path = new URL(statusUrl).pathname
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['http://evil.example', 403],
    ['null', 403],
    ['file://', 403],
    [`http://localhost:${port + 1}`, 403],
    ['http://localhost', 403],
    [`http://localhost:${port}`, undefined],
  ]
  for (const [origin, refused] of rows)
    for (const [line, status] of [
      ['POST /fhir/$export', 202],
      ['GET /fhir/$export', 202],
      [`GET ${path}`, 200],
      ['DELETE /fhir/_operations/export/0123', 404],
    ] as const) {
      const headers = ['Prefer: respond-async', `Host: localhost:${port}`, `Origin: ${origin}`]
      const answer = await raw(port, [`${line} HTTP/1.1`, ...headers])
      t.equal(answer.status, refused ?? status, `${origin} ${line}`)
      t.notMatch(answer.text, /access-control-allow/i)
    }
  t.equal((await provider.ask(statusUrl)).status, 200, 'it is still there')
})

t.test('the address that a connection came in at is a name of the server, others are not', async (t) => {
  const check = (host: string, localAddress: string): number => {
    try {
      checkAddressing(
        { target: '/', rawHeaders: ['Host', host], localAddress },
        { baseUrl: () => 'http://0.0.0.0:8080/fhir', names: [] },
      )
      return 200
    } catch (error) {
      return error instanceof Refusal ? error.status : 500
    }
  }
  for (const [host, local, status] of [
    ['10.1.2.3:8080', '10.1.2.3', 200],
    ['10.1.2.3:8080', '::ffff:10.1.2.3', 200],
    ['[fd00::1]', 'fd00::1', 200],
    ['10.1.2.4', '10.1.2.3', 421],
    ['0.0.0.0:8080', '127.0.0.1', 200],
  ] as const)
    t.equal(check(host, local), status, `${host} at ${local}`)
})

t.test('links are made of the base URL, never of what a request says', async (t) => {
  const provider = await provide(t, { baseUrl: 'https://fhir.example.org/r4' })
  const answer = await raw(provider.server.port, [
    'GET /r4/$export HTTP/1.1',
    'Host: localhost',
    'Prefer: respond-async',
    'X-Forwarded-Host: other.example',
    'X-Forwarded-Proto: http',
  ])
  t.match(answer.text, /content-location: https:\/\/fhir\.example\.org\/r4\/_operations\/export\//i)
})

const FORWARDED: readonly (readonly [string, string | undefined, string])[] = [
  ['192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['10.0.0.1', undefined, '10.0.0.1'],
  ['10.0.0.1', '', '10.0.0.1'],
  ['10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['::ffff:10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['10.0.0.1', '198.51.100.7, 203.0.113.9', '203.0.113.9'],
  ['10.0.0.1', '203.0.113.9, 10.9.9.9', '203.0.113.9'],
  ['10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
  ['10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
  ['10.0.0.1', 'x'.repeat(10_000), '10.0.0.1'],
  ['fd00::5', '203.0.113.9', '203.0.113.9'],
]

t.test('X-Forwarded-For is believed from trusted proxies only, from the right', async (t) => {
  const isTrusted = trustedProxies(['10.0.0.0/8', 'fd00::/8'])
  for (const [peer, header, address] of FORWARDED)
    t.equal(clientAddress(peer, header, isTrusted), address, `${peer} ${header?.slice(0, 60)}`)
  for (const bad of ['', 'x', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0', '::/129', '10.0.0.0/'])
    t.throws(() => trustedProxies([bad]), bad)
})

t.test('an IPv6 subscriber is one client, whatever address of its network it uses', async (t) => {
  for (const [address, group] of [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['203.0.113.9', '203.0.113.9'],
    ['', ''],
  ] as const)
    t.equal(addressGroup(address), group, address)
})

t.test('a foreign name gets an OperationOutcome that says what to do', async (t) => {
  const provider = await provide(t)
  const { text } = await raw(provider.server.port, ['GET /fhir/metadata HTTP/1.1', 'Host: evil.example'])
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  t.match(await outcomeText(new Response(body)), '--allow-host')
})
