import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { RequestFailure } from '../../../src/http/request-failure.js'
import { createRetry } from '../../../src/http/retry.js'
import type { TokenSource } from '../../../src/storage/azure/azure-client.js'
import { azureContainer } from '../../../src/storage/azure/azure-container.js'
import type { BlobContainer } from '../../../src/storage/azure/blob-container.js'
import { NO_IDENTITY } from '../../../src/storage/azure/blob-errors.js'
import { SELF_SIGNED } from '../../support/tls.js'

/** Answers HEAD as the blob service does, over TLS; `tokens` are those it was shown. */
async function startService(
  t: Test,
  answer = (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { etag: '"0x1"', 'content-length': 5, 'x-ms-blob-type': 'BlockBlob' }).end()
  },
) {
  const tokens: (string | undefined)[] = []
  let connections = 0
  const server = createServer(SELF_SIGNED, (request, response) => {
    tokens.push(request.headers.authorization)
    answer(request, response)
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens,
    get connections() {
      return connections
    },
  }
}

const containerAt = (endpoint: string, getToken: TokenSource['getToken']): BlobContainer =>
  azureContainer({
    endpoint,
    container: 'some',
    place: 'https://acct.blob.core.windows.net/some',
    role: 'source',
    authorization: { kind: 'token', identity: { getToken } },
    retry: createRetry({ baseMs: 1 }),
  })

const HOUR_MS = 3_600_000

/** The self-signed certificate is taken for good while `work` runs. */
async function trusting<T>(work: () => Promise<T>): Promise<T> {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  try {
    return await work()
  } finally {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  }
}

t.test('a certificate that nobody trusts ends it at once', async (t) => {
  const service = await startService(t)
  const container = containerAt(service.url, async () => ({
    token: 'x',
    expiresOnTimestamp: Date.now() + HOUR_MS,
  }))
  await t.rejects(container.head('x'), {
    code: 'CONNECTION_UNTRUSTED',
    message: /SELF_SIGNED.*NODE_EXTRA_CA_CERTS/,
  })
  t.equal(service.connections, 1)
  t.strictSame(service.tokens, [], 'no token was shown')
})

t.test('the token of an identity is shown, and renewed when it has run out', async (t) => {
  const service = await startService(t)
  let count = 0
  const container = containerAt(service.url, async () => {
    count += 1
    return { token: `token-${count}`, expiresOnTimestamp: Date.now() + (count === 1 ? -1 : HOUR_MS) }
  })
  await trusting(async () => {
    for (let n = 0; n < 3; n += 1) t.equal((await container.head('x'))?.bytes, 5)
  })
  t.strictSame(service.tokens, ['Bearer token-1', 'Bearer token-2', 'Bearer token-2'])
})

t.test('an identity service that is overloaded is asked again', async (t) => {
  const service = await startService(t)
  let count = 0
  const container = containerAt(service.url, async () => {
    count += 1
    if (count === 1) throw new RequestFailure({ status: 429, code: 'AADSTS90055' })
    return { token: 'x', expiresOnTimestamp: Date.now() + HOUR_MS }
  })
  t.equal((await trusting(() => container.head('x')))?.bytes, 5)
  t.equal(count, 2)
})

const DENIED: readonly (readonly [string, string, RegExp])[] = [
  ['no identity', NO_IDENTITY, /no identity was found.*az login/],
  ['a wrong secret', 'AADSTS7000215', /identity was refused \(AADSTS7000215\)/],
]

t.test('an identity that cannot be had is named with what to do', async (t) => {
  const service = await startService(t)
  for (const [name, code, message] of DENIED) {
    const container = containerAt(service.url, async () => {
      throw new RequestFailure({ code })
    })
    await t.rejects(
      trusting(() => container.head('x')),
      { code: 'SOURCE_DENIED', message },
      name,
    )
  }
})

t.test('an identity that lacks a role is told which', async (t) => {
  const service = await startService(t, (_, response) => {
    response.writeHead(403, { 'x-ms-error-code': 'AuthorizationPermissionMismatch' }).end()
  })
  const container = containerAt(service.url, async () => ({
    token: 'x',
    expiresOnTimestamp: Date.now() + HOUR_MS,
  }))
  await trusting(async () => {
    await t.rejects(container.head('x'), { code: 'SOURCE_DENIED', message: /"Storage Blob Data Reader"/ })
    await t.rejects(container.put('x', Buffer.from('y')), { message: /"Storage Blob Data Contributor"/ })
  })
})
