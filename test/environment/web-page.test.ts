import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { containerAt } from '../support/blob-containers.js'

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
  const container = containerAt(url, 'box', { retry: { baseMs: 1, longestWaitMs: 1, mostAttempts: 3 } })
  const requests = {
    list: () => container.list('')[Symbol.asyncIterator]().next(),
    head: () => container.head('a'),
    text: () => container.readText('a'),
    read: () => container.read('a', { etag: 'e', fromByte: 0, toByte: 4 }).read(new Uint8Array(4)),
    put: () => container.put('a', Buffer.from('x')),
    stage: () => container.stageBlock('a', 'id', Buffer.from('x')),
    commit: () => container.commit('a', ['id']),
    append: () => container.createAppendBlob('a'),
    lease: () => container.acquireLease('a', '6d5ac1b0-8f4f-4a5e-9d0e-0a1b2c3d4e5f', 30),
    delete: () => container.delete('a'),
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
