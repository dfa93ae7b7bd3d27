import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { isSluiceError } from '../../../src/errors.js'
import { createRetry } from '../../../src/http/retry.js'
import { parseVaultAddress, readVaultSecret } from '../../../src/storage/azure/key-vault.js'
import { SELF_SIGNED } from '../../support/tls.js'

const CHALLENGE =
  'Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Asks who comes, as a vault does, then answers. */
async function startVault(t: Test, answer: Answer) {
  const seen: (string | undefined)[] = []
  const server = createServer(SELF_SIGNED, (request, response) => {
    seen.push(request.headers.authorization)
    if (request.headers.authorization === undefined)
      return void response.writeHead(401, { 'www-authenticate': CHALLENGE }).end('{}')
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
    server.closeAllConnections()
    server.close()
  })
  return { vault: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const scopes: unknown[] = []
const access = {
  identity: {
    async getToken(scope: string | string[]) {
      scopes.push(scope)
      return { token: 'the-token', expiresOnTimestamp: Date.now() + 3_600_000 }
    },
  },
  retry: createRetry({ baseMs: 1, maxAttempts: 3 }),
  verifiesChallenge: false,
}

const json = (response: ServerResponse, status: number, body: object): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

t.test('a secret is read by name, or in one version, as who runs this', async (t) => {
  const paths: string[] = []
  const { vault, seen } = await startVault(t, (request, response) => {
    const path = new URL(request.url ?? '', 'https://x').pathname.replace(/\/$/, '')
    paths.push(path)
    json(response, 200, { value: 'p/+=&%', id: `${vault}/secrets/fhir-secret/v` })
  })
  t.equal((await readVaultSecret({ vault, name: 'fhir-secret' }, access)).reveal(), 'p/+=&%')
  const version = '0123456789abcdef0123456789abcdef'
  await readVaultSecret({ vault, name: 'fhir-secret', version }, access)
  t.match(paths, ['/secrets/fhir-secret', `/secrets/fhir-secret/${version}`])
  t.ok(seen.includes('Bearer the-token'))
  t.same(scopes[0], ['https://vault.azure.net/.default'])
})

t.test('a vault that is busy is asked again; what it refuses is said without its texts', async (t) => {
  let calls = 0
  const busy = await startVault(t, (_, response) => {
    calls += 1
    if (calls < 3) return json(response, 503, {})
    json(response, 200, { value: 'x', id: `${busy.vault}/secrets/a/v` })
  })
  t.equal((await readVaultSecret({ vault: busy.vault, name: 'a' }, access)).reveal(), 'x')
  t.equal(calls, 3)
  for (const [status, text] of [
    [403, /Key Vault Secrets User/],
    [404, /no such secret/],
  ] as const) {
    const refusing = await startVault(t, (_, response) =>
      json(response, status, { error: { code: 'Refused', message: 'CANARY' } }),
    )
    const error: unknown = await readVaultSecret({ vault: refusing.vault, name: 'a' }, access).catch(
      (reason: unknown) => reason,
    )
    if (!isSluiceError(error)) throw error
    t.match(error, { code: 'KEY_MISSING', message: text })
    t.notMatch(error.message, /CANARY|the-token/)
  }
})

t.test('an answer that is not a secret is a fault of the service, after retries', async (t) => {
  const page = '<!doctype html><html><body>CANARY</body></html>'
  const id = 'https://my-vault.vault.azure.net/secrets/a/v'
  const answers: readonly (readonly [name: string, type: string, body: string])[] = [
    ['a web page', 'text/html', page],
    ['a web page that is called JSON', 'application/json', page],
    ['a web page without a type', '', page],
    ['nothing', 'text/html', ''],
    ['nothing that is called JSON', 'application/json', ''],
    ['an empty object', 'application/json', '{}'],
    ['a list', 'application/json', '[]'],
    ['null', 'application/json', 'null'],
    ['a text', 'application/json', '"CANARY"'],
    ['a value that is not a text', 'application/json', JSON.stringify({ id, value: 1 })],
    ['a secret without a value', 'application/json', JSON.stringify({ id })],
    ['an address that is not one', 'application/json', '{"value":"CANARY","id":"CANARY"}'],
  ]
  for (const [name, type, body] of answers) {
    let calls = 0
    const { vault } = await startVault(t, (_, response) => {
      calls += 1
      response.writeHead(200, type === '' ? {} : { 'content-type': type }).end(body)
    })
    const error: unknown = await readVaultSecret({ vault, name: 'a' }, access).catch(
      (reason: unknown) => reason,
    )
    t.match(error, { code: 'SERVICE_UNAVAILABLE', blame: 'service' }, name)
    t.notMatch(String(error), /CANARY|the-token/, name)
    t.equal(calls, 3, `${name} is tried again`)
  }
})

t.test('a refusal without the words of a vault keeps its meaning', async (t) => {
  for (const [status, code, tries] of [
    [400, 'KEY_MISSING', 1],
    [403, 'KEY_MISSING', 1],
    [404, 'KEY_MISSING', 1],
    [503, 'SERVICE_UNAVAILABLE', 3],
  ] as const)
    for (const body of ['', '<html><body>CANARY</body></html>', '{}', 'null']) {
      let calls = 0
      const { vault } = await startVault(t, (_, response) => {
        calls += 1
        response.writeHead(status, { 'content-type': 'application/json' }).end(body)
      })
      const error: unknown = await readVaultSecret({ vault, name: 'a' }, access).catch(
        (reason: unknown) => reason,
      )
      t.match(error, { code }, `${status} ${body}`)
      t.notMatch(String(error), /CANARY|the-token/)
      t.equal(calls, tries, `${status} ${body} is tried ${tries} times`)
    }
})

t.test('only the vaults of Azure see a token', async (t) => {
  const version = '0123456789abcdef0123456789abcdef'
  t.same(parseVaultAddress(`https://my-vault.vault.azure.net/secrets/a-b/${version}`), {
    vault: 'https://my-vault.vault.azure.net',
    name: 'a-b',
    version,
  })
  t.match(parseVaultAddress('https://my-vault.vault.usgovcloudapi.net/secrets/a'), { name: 'a' })
  for (const address of [
    'http://my-vault.vault.azure.net/secrets/a',
    'https://my-vault.vault.azure.net.evil.example/secrets/a',
    'https://evil.example/secrets/a',
    'https://my-vault.vault.azure.net:8443/secrets/a',
    'https://me@my-vault.vault.azure.net/secrets/a',
    'https://my-vault.vault.azure.net/keys/a',
    'https://my-vault.vault.azure.net/secrets/a?x=1',
    'no address',
  ])
    t.equal(parseVaultAddress(address), undefined, address)
})
