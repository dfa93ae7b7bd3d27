import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { createRetry } from '../../src/http/retry.js'
import { Secret } from '../../src/secret.js'
import { azureAccount } from '../../src/storage/azure/azure-account.js'
import { ACCOUNT, ACCOUNT_KEY } from '../support/azurite.js'
import { containerAt } from '../support/blob-containers.js'

const LEASE = '6d5ac1b0-8f4f-4a5e-9d0e-0a1b2c3d4e5f'

t.test('a blob address that answers with a web page is a fault of the service, after retries', async (t) => {
  let count = 0
  const server = createServer((request, response) => {
    count += 1
    request.resume()
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html><br>Login</html>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const retry = { baseMs: 1, maxWaitMs: 1, maxAttempts: 3 }
  const container = containerAt(url, 'box', { retry })
  const account = azureAccount({
    endpoint: `${url}/${ACCOUNT}`,
    container: 'box',
    place: 'azurite://box',
    role: 'source',
    authorization: { kind: 'key', account: ACCOUNT, key: new Secret(ACCOUNT_KEY) },
    retry: createRetry(retry),
  })
  const requests = {
    exists: () => container.exists(),
    create: () => container.createIfMissing(),
    blocks: () => container.blocks('a'),
    list: () => container.list('')[Symbol.asyncIterator]().next(),
    head: () => container.head('a'),
    text: () => container.readText('a'),
    read: () => container.read('a', { etag: 'e', fromByte: 0, toByte: 4 }).read(new Uint8Array(4)),
    put: () => container.put('a', Buffer.from('x')),
    stage: () => container.stageBlock('a', 'id', Buffer.from('x')),
    commit: () => container.commit('a', ['id']),
    append: () => container.createAppendBlob('a'),
    lease: () => container.acquireLease('a', LEASE, 30),
    renew: () => container.renewLease('a', LEASE),
    release: () => container.releaseLease('a', LEASE),
    appendTo: () => container.appendBlock('a', Buffer.from('x'), { position: 0 }),
    delete: () => container.delete('a'),
    isHierarchical: () => account.isHierarchical(),
    delegationKey: () => account.delegationKey(new Date(), new Date()),
    policies: () => account.policies(),
    setPolicies: () => account.setPolicies([], { policies: [], lastModified: new Date(), readAtMs: 0 }),
  }
  for (const [name, request] of Object.entries(requests)) {
    count = 0
    await t.rejects(
      Promise.resolve<unknown>(request()).then(() => undefined),
      { code: 'SERVICE_UNAVAILABLE', blame: 'service' },
      name,
    )
    t.equal(count, 3, `${name} is tried again`)
  }
})
