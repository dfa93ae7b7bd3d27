import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { trustedProxies } from '../../../src/server/http/client-address.js'
import { elementAt } from '../../support/elements.js'
import { clientOf, provide } from '../provider.js'
import { assertion, CLIENTS, formOf, protectedProvider, requestToken } from './token-client.js'

const BAD_FORMS: readonly (readonly [string, (claimed: string) => Record<string, string>])[] = [
  ['no form', () => ({})],
  ['another grant', () => ({ grant_type: 'password' })],
  ['an assertion that is none', () => formOf('x')],
  ['a client of its own invention each time', (claimed) => formOf(unsigned(claimed))],
]

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const unsigned = (iss: string): string => `${part({ alg: 'none' })}.${part({ iss })}.`

t.test('bad requests shut nobody out but the one who sends them, also from one address', async (t) => {
  for (const [name, form] of BAD_FORMS) {
    const provider = await protectedProvider(t)
    let last = 0
    for (let at = 0; at < 130; at++) last = (await requestToken(provider, form(`nobody-${at}`))).status
    t.equal(last, 429, `${name}: it is limited`)
    for (const client of ['all', 'some'])
      t.equal(
        (await requestToken(provider, formOf(await assertion(provider, client), 'system/Patient.read')))
          .status,
        200,
        `${name}: ${client} gets its token`,
      )
  }
})

t.test('who claims to be a client is limited as that client, and the others are not', async (t) => {
  const provider = await protectedProvider(t)
  let last = 0
  for (let at = 0; at < 130; at++) last = (await requestToken(provider, formOf(unsigned('all')))).status
  t.equal(last, 429)
  const form = formOf(await assertion(provider, 'some'), 'system/Patient.read')
  t.equal((await requestToken(provider, form)).status, 200)
})

t.test(
  'behind a trusted proxy each client address is by itself; an untrusted peer cannot invent one',
  async (t) => {
    for (const [ranges, expected] of [
      [['127.0.0.0/8'], 200],
      [['10.0.0.0/8'], 429],
    ] as const) {
      const provider = await provide(t, {
        auth: { kind: 'clients', clients: CLIENTS },
        isTrustedProxy: trustedProxies(ranges),
      })
      const ask = (address: string, form: Record<string, string>) =>
        requestToken(provider, form, { 'x-forwarded-for': address })
      for (let at = 0; at < 130; at++) await ask('203.0.113.1', formOf(unsigned('all')))
      const form = formOf(await assertion(provider, 'all'))
      t.equal((await ask('203.0.113.2', form)).status, expected, ranges.join())
    }
  },
)

t.test('exports without authorization are counted by the address that a trusted proxy names', async (t) => {
  const provider = await provide(t, {
    isTrustedProxy: trustedProxies(['127.0.0.1']),
    limits: { maxRunning: 1, maxActivePerClient: 1 },
  })
  const from = (address: string) => clientOf(provider.base, { 'x-forwarded-for': `9.9.9.9, ${address}` })
  await Promise.all([
    from('203.0.113.1').kickOff('/$export?_elements=id'),
    from('203.0.113.2').kickOff('/$export?_elements=id'),
  ])
  const clients = provider.events.filter(({ event }) => event === 'export.queued').map(({ client }) => client)
  t.same([...clients].sort(), ['203.0.113.1', '203.0.113.2'])
})

t.test('a request that never arrives is ended, and the server answers others meanwhile', async (t) => {
  const provider = await provide(t, { http: { headersTimeoutMs: 500, requestTimeoutMs: 1000 } })
  const heads = [
    'GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
    'POST /fhir/$export HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{',
  ]
  const sockets = await Promise.all(
    Array.from({ length: 60 }, async (_, at) => {
      const socket = connect(provider.server.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.resume()
      await once(socket, 'connect')
      socket.write(elementAt(heads, at % 2))
      return socket
    }),
  )
  const drips = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write('x')
  }, 100)
  t.teardown(() => clearInterval(drips))
  t.equal((await provider.ask('/metadata')).status, 200)
  await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))))
  t.pass('all of them were ended')
})
