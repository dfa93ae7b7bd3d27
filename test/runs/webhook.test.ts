import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { isSluiceError } from '../../src/errors.js'
import { postWebhook } from '../../src/runs/webhook.js'
import { Secret } from '../../src/secret.js'
import { elementAt, firstOf } from '../support/elements.js'

interface Call {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Answer = (call: Call, response: ServerResponse, count: number) => void

async function receiver(t: Test, answer: Answer) {
  const calls: Call[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const call = { url: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces).toString() }
    calls.push(call)
    answer(call, response, calls.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  return { calls, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const quick = { retry: { baseMs: 1, maxWaitMs: 1 } }
const ok: Answer = (_, response) => void response.writeHead(204).end()

t.test('a message is JSON, signed so that its receiver can tell it is ours', async (t) => {
  const { calls, origin } = await receiver(t, ok)
  const message = { event: 'run.succeeded', lines: { read: 1 } }
  await postWebhook({ url: new Secret(`${origin}/hook?t=1`), secret: new Secret('key'), ...quick }, message)
  const { url, headers, body } = firstOf(calls)
  t.equal(url, '/hook?t=1')
  t.same(JSON.parse(body), message)
  t.equal(headers['content-type'], 'application/json')
  const stamp = String(headers['x-sluice-timestamp'])
  t.ok(Math.abs(Date.now() / 1000 - Number(stamp)) < 60)
  const expected = createHmac('sha256', 'key').update(`${stamp}.${body}`).digest('hex')
  t.equal(headers['x-sluice-signature'], `sha256=${expected}`)
  await postWebhook({ url: new Secret(origin), ...quick }, message)
  t.equal(
    elementAt(calls, 1).headers['x-sluice-signature'],
    undefined,
    'without a secret there is no signature',
  )
})

t.test('a receiver that is busy is asked again, one that refuses is not', async (t) => {
  const busy = await receiver(t, (_, response, count) => void response.writeHead(count < 3 ? 503 : 200).end())
  await postWebhook({ url: new Secret(busy.origin), ...quick }, {})
  t.equal(busy.calls.length, 3)
  const refusing = await receiver(t, (_, response) => void response.writeHead(400).end('CANARY'))
  const url = `${refusing.origin}/services/TOKEN-CANARY`
  const error: unknown = await postWebhook({ url: new Secret(url), ...quick }, {}).catch((reason) => reason)
  if (!isSluiceError(error)) throw error
  t.equal(refusing.calls.length, 1)
  t.notMatch(JSON.stringify([error.message, error.at]), /CANARY/, 'its address may be a secret')
})

t.test('redirects are followed within the origin only', async (t) => {
  const other = await receiver(t, ok)
  const home = await receiver(t, ({ url }, response) => {
    if (url === '/there') return void response.writeHead(200).end()
    const location = url === '/near' ? '/there' : url === '/loop' ? '/loop' : `${other.origin}/there`
    response.writeHead(url === '/get' ? 302 : 307, { location }).end()
  })
  await postWebhook({ url: new Secret(`${home.origin}/near`), ...quick }, { a: 1 })
  t.equal(home.calls.at(-1)?.body, '{"a":1}')
  for (const path of ['/far', '/get', '/loop'])
    await t.rejects(postWebhook({ url: new Secret(home.origin + path), ...quick }, {}), {
      code: 'WEBHOOK_REFUSED',
    })
  t.equal(other.calls.length, 0)
})

t.test('a receiver that hangs or is not there ends in an error', async (t) => {
  const hanging = await receiver(t, () => {})
  const retry = { ...quick.retry, maxAttempts: 2 }
  await t.rejects(postWebhook({ url: new Secret(hanging.origin), timeoutMs: 50, retry }, {}), {
    code: 'SERVICE_UNAVAILABLE',
  })
  t.equal(hanging.calls.length, 2)
  await t.rejects(postWebhook({ url: new Secret('http://127.0.0.1:1/'), retry }, {}), {
    code: 'SERVICE_UNAVAILABLE',
  })
})
