// Holds src/storage/azure/azure-container.ts, src/storage/azure/blob-failure.ts,
// src/storage/azure/blob-errors.ts, src/storage/azure/pinned-read.ts.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { inspect } from 'node:util'
import {
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import t from 'tap'
import type { RequestLimits } from '../../../src/http/request-limits.js'
import { createRetry, type RetryOptions } from '../../../src/http/retry.js'
import { Secret } from '../../../src/secret.js'
import { azureContainer } from '../../../src/storage/azure/azure-container.js'
import type { BlobContainer } from '../../../src/storage/azure/blob-container.js'
import { checkSas } from '../../../src/storage/azure/sas-facts.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../../support/azurite.js'
import { newContainer } from '../../support/blob-containers.js'
import { elementAt } from '../../support/elements.js'
import { type Fault, nthFails, startFaultProxy } from '../../support/fault-proxy.js'

const azurite = await startAzurite(t)
const proxy = await startFaultProxy(t, azurite.url)
const CONTENT = randomBytes(512 * 1024)

interface Options {
  readonly role?: 'source' | 'sink'
  readonly retry?: RetryOptions
  readonly limits?: RequestLimits
}

/** A container with one blob, seen through the proxy. */
async function behindProxy(options: Options = {}): Promise<BlobContainer> {
  proxy.reset()
  const { container } = await newContainer(azurite, { url: proxy.url, ...options })
  await container.put('x', CONTENT)
  return container
}

async function readX(container: BlobContainer, signal?: AbortSignal): Promise<Buffer> {
  const etag = (await container.head('x'))?.etag ?? ''
  const read = container.read('x', { etag, fromByte: 0, toByte: CONTENT.length, signal })
  const target = Buffer.alloc(CONTENT.length + 1)
  return target.subarray(0, await read.read(target))
}

/** Asks for the first page. */
async function firstOf(list: AsyncIterable<unknown>): Promise<unknown> {
  for await (const entry of list) return entry
  return undefined
}

const isGet = ({ operation }: { readonly operation: string }): boolean => operation === 'GET'

t.test('what passes by itself is retried, whatever the request', async (t) => {
  const container = await behindProxy({ role: 'sink' })
  const requests: Readonly<Record<string, () => Promise<unknown>>> = {
    head: () => container.head('x'),
    readText: () => container.readText('x'),
    list: () => firstOf(container.list('')),
    put: () => container.put('y', CONTENT),
    stageBlock: () => container.stageBlock('z', 'id', CONTENT),
    blocks: () => container.blocks('z'),
    commit: () => container.commit('z', ['id']),
    delete: () => container.delete('z'),
    createIfMissing: () => container.createIfMissing(),
  }
  for (const [name, request] of Object.entries(requests))
    for (const fault of [
      ...[408, 429, 500, 502, 503, 504].map((status) => ({ kind: 'status', status }) as const),
      { kind: 'reset' } as const,
    ]) {
      proxy.reset(nthFails(1, fault))
      await request()
      t.equal(proxy.seen.length, 2, `${name} ${inspect(fault)}`)
    }
})

t.test('what does not pass fails at once with its code', async (t) => {
  const container = await behindProxy()
  for (const [status, code] of [
    [400, 'SOURCE_UNUSABLE'],
    [401, 'SOURCE_DENIED'],
    [403, 'SOURCE_DENIED'],
    [409, 'SOURCE_UNUSABLE'],
  ] as const) {
    proxy.reset(nthFails(1, { kind: 'status', status }, { onwards: true }))
    await t.rejects(container.head('x'), { code }, String(status))
    t.equal(proxy.seen.length, 1)
  }
})

t.test('Retry-After is obeyed', async (t) => {
  const container = await behindProxy()
  for (const [header, value] of [
    ['retry-after', '1'],
    ['x-ms-retry-after-ms', '1000'],
  ] as const) {
    proxy.reset(nthFails(1, { kind: 'status', status: 429, headers: { [header]: value } }))
    await container.head('x')
    const waitedMs = elementAt(proxy.seen, 1).atMs - elementAt(proxy.seen, 0).atMs
    t.ok(waitedMs >= 995 && waitedMs < 1600, `${Math.round(waitedMs)} ms`)
  }
})

t.test('a service that stays unavailable ends the call, and the rate of requests falls', async (t) => {
  const container = await behindProxy({ retry: { baseMs: 40, maxAttempts: 6, random: () => 1 } })
  proxy.reset(nthFails(1, { kind: 'status', status: 503 }, { onwards: true }))
  await t.rejects(container.head('x'), { code: 'SERVICE_UNAVAILABLE', retry: 'later', at: 'x' })
  t.equal(proxy.seen.length, 6)
  const waits = proxy.seen.slice(1).map(({ atMs }, index) => atMs - elementAt(proxy.seen, index).atMs)
  t.ok(elementAt(waits, 4) > 2 * elementAt(waits, 1), waits.map(Math.round).join(' '))
})

const CUTS = [0, 1, 65_535, ...Array.from({ length: 8 }, (_, n) => (n + 1) * 65_536 - (n === 7 ? 1 : 0))]

t.test('a body that breaks is resumed at the byte, its bytes identical', async (t) => {
  const container = await behindProxy()
  for (const afterBytes of CUTS)
    for (const kind of ['reset-body', 'short-body'] as const) {
      proxy.reset(nthFails(1, { kind, afterBytes }, { where: isGet }))
      t.ok((await readX(container)).equals(CONTENT), `${kind} after ${afterBytes}`)
      const gets = proxy.seen.filter(isGet)
      t.equal(gets.length, 2)
      const from = Number(/^bytes=(\d+)-/.exec(String(elementAt(gets, 1).headers['x-ms-range']))?.[1])
      t.ok(
        from <= afterBytes && elementAt(gets, 1).downBytes === CONTENT.length - from,
        `goes on from ${from}`,
      )
      if (kind === 'short-body') t.equal(from, afterBytes, 'nothing is read twice')
    }
})

t.test('an answer that is not of the range and version asked for is discarded', async (t) => {
  const container = await behindProxy({ retry: { maxAttempts: 3 } })
  const faults: readonly Fault[] = [
    { kind: 'headers', headers: { 'content-range': 'bytes 1-524288/524289' } },
    { kind: 'headers', headers: { 'content-range': '' } },
    { kind: 'headers', headers: { etag: '"0x1"' } },
    { kind: 'short-body', afterBytes: 1000, clean: true },
  ]
  for (const fault of faults) {
    proxy.reset(nthFails(1, fault, { where: isGet }))
    t.ok((await readX(container)).equals(CONTENT), inspect(fault))
    t.equal(proxy.seen.filter(isGet).length, 2)
    proxy.reset(nthFails(1, fault, { where: isGet, onwards: true }))
    await t.rejects(
      readX(container),
      { code: 'SERVICE_UNAVAILABLE', message: /WRONG_ANSWER/ },
      inspect(fault),
    )
  }
})

t.test('a 200 for a range is discarded', async (t) => {
  const container = await behindProxy({ retry: { maxAttempts: 2 } })
  const etag = (await container.head('x'))?.etag ?? ''
  const whole = [
    'HTTP/1.1 200 OK',
    `ETag: "${etag}"`,
    `Content-Length: ${CONTENT.length}`,
    '',
    CONTENT.toString('latin1'),
  ].join('\r\n')
  const server = createServer((socket) => socket.on('error', () => {}).end(Buffer.from(whole, 'latin1')))
  const port = await listening(t, server)
  const other = containerAt(`http://127.0.0.1:${port}`, { retry: { maxAttempts: 2 } })
  const read = other.read('x', { etag, fromByte: 0, toByte: CONTENT.length })
  await t.rejects(read.read(Buffer.alloc(10)), { code: 'SERVICE_UNAVAILABLE', message: /WRONG_ANSWER/ })
})

t.test('a service that never answers is noticed', async (t) => {
  const container = await behindProxy({ limits: { requestMs: 200 }, retry: { maxAttempts: 3 } })
  proxy.reset(nthFails(1, { kind: 'stall' }))
  t.ok((await readX(container)).equals(CONTENT))
  proxy.reset(nthFails(1, { kind: 'stall' }, { onwards: true }))
  await t.rejects(container.head('x'), { code: 'SERVICE_UNAVAILABLE', message: /TIMEOUT/ })
  t.equal(proxy.seen.length, 3)
})

t.test('a body that stalls or drips is noticed, and a slow reader is not taken for it', async (t) => {
  const container = await behindProxy({ limits: { idleMs: 150 }, retry: { maxAttempts: 3 } })
  proxy.reset(nthFails(1, { kind: 'drip', everyMs: 20 }, { where: isGet }))
  t.ok((await readX(container)).equals(CONTENT))
  t.equal(proxy.seen.filter(isGet).length, 2)
  proxy.reset(nthFails(1, { kind: 'drip', everyMs: 20 }, { where: isGet, onwards: true }))
  await t.rejects(readX(container), { code: 'SERVICE_UNAVAILABLE', message: /STALLED/ })
  proxy.reset()
  const etag = (await container.head('x'))?.etag ?? ''
  const read = container.read('x', { etag, fromByte: 0, toByte: CONTENT.length })
  for (let at = 0; at < CONTENT.length; at += 128 * 1024) {
    const target = Buffer.alloc(128 * 1024)
    await read.read(target)
    t.ok(target.equals(CONTENT.subarray(at, at + target.length)))
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  t.equal(proxy.seen.filter(isGet).length, 1)
})

t.test('a write whose answer is lost is told from one that is refused', async (t) => {
  const container = await behindProxy({ role: 'sink' })
  const lost = { kind: 'lost-answer' } as const
  proxy.reset(nthFails(1, lost))
  t.strictSame(await container.put('new', CONTENT, { ifNoneMatch: '*' }), {
    kind: 'refused',
    code: 'BlobAlreadyExists',
    isAmbiguous: true,
  })
  t.strictSame(await container.put('new', CONTENT, { ifNoneMatch: '*' }), {
    kind: 'refused',
    code: 'BlobAlreadyExists',
    isAmbiguous: false,
  })
  proxy.reset(nthFails(1, lost))
  await container.stageBlock('blocks', 'id', CONTENT)
  t.equal((await container.blocks('blocks')).uncommitted.length, 1)
  proxy.reset(nthFails(1, lost))
  t.match(await container.commit('blocks', ['id'], { ifNoneMatch: '*' }), {
    kind: 'refused',
    isAmbiguous: true,
  })
  t.equal((await container.head('blocks'))?.bytes, CONTENT.length, 'it was carried out')
  proxy.reset(nthFails(1, lost))
  t.match(await container.createAppendBlob('log', { ifNoneMatch: '*' }), {
    kind: 'refused',
    isAmbiguous: true,
  })
  for (const position of [0, 4]) {
    proxy.reset(nthFails(1, lost))
    t.match(await container.appendBlock('log', Buffer.from('row\n'), { position }), { kind: 'done' })
  }
  t.equal((await container.readText('log'))?.text, 'row\nrow\n', 'nothing is there twice')
  proxy.reset(nthFails(1, lost))
  t.equal(await container.delete('log'), true)
  const lease = '4fd7a5e6-3c5a-4a3c-9f61-5c6b1d1d9a10'
  proxy.reset(nthFails(1, lost))
  t.ok(await container.acquireLease('x', lease, 15))
})

t.test('a bit that flips on its way up is found by its MD5 and sent again', async (t) => {
  const container = await behindProxy({ role: 'sink' })
  proxy.reset(nthFails(1, { kind: 'flip-up', atByte: 1234 }))
  await container.stageBlock('y', 'id', CONTENT)
  t.equal(proxy.seen.length, 2)
  await container.commit('y', ['id'])
  t.ok((await bytesOf(container, 'y')).equals(CONTENT))
})

async function bytesOf(container: BlobContainer, name: string): Promise<Buffer> {
  const head = await container.head(name)
  const target = Buffer.alloc(head?.bytes ?? 0)
  await container.read(name, { etag: head?.etag ?? '', fromByte: 0, toByte: target.length }).read(target)
  return target
}

t.test('an interrupted run waits neither for answers, bodies nor retries', async (t) => {
  const faults: readonly Fault[] = [
    { kind: 'stall' },
    { kind: 'drip', everyMs: 20_000 },
    { kind: 'status', status: 503, headers: { 'retry-after': '60' } },
  ]
  for (const fault of faults)
    for (const whose of ['run', 'call'] as const) {
      const interrupt = new AbortController()
      const container = await behindProxy({ retry: whose === 'run' ? { signal: interrupt.signal } : {} })
      proxy.reset((request) => {
        if (!isGet(request)) return undefined
        setTimeout(() => interrupt.abort(), 50)
        return fault
      })
      const startMs = performance.now()
      await t.rejects(
        readX(container, whose === 'call' ? interrupt.signal : undefined),
        { code: 'INTERRUPTED' },
        `${fault.kind} ${whose}`,
      )
      t.ok(performance.now() - startMs < 2000)
    }
})

t.test('a server that is not there, or does not speak TLS, is named', async (t) => {
  const server = createServer()
  const port = await listening(t, server)
  await new Promise((resolve) => server.close(resolve))
  await t.rejects(containerAt(`http://127.0.0.1:${port}`, { retry: { maxAttempts: 2 } }).head('x'), {
    code: 'SERVICE_UNAVAILABLE',
    message: /ECONNREFUSED/,
  })
  let connections = 0
  const tls = createTlsServer({}, () => {})
  tls.on('connection', () => {
    connections += 1
  })
  const tlsPort = await listening(t, tls)
  await t.rejects(containerAt(`https://127.0.0.1:${tlsPort}`).head('x'), {
    code: 'CONNECTION_UNTRUSTED',
    message: /trusted/,
  })
  t.equal(connections, 1, 'at once')
})

function listening(
  t: { teardown(end: () => void): void },
  server: ReturnType<typeof createServer>,
): Promise<number> {
  t.teardown(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}

const containerAt = (
  url: string,
  options: Options & { key?: string; container?: string } = {},
): BlobContainer =>
  azureContainer({
    endpoint: `${url}/${ACCOUNT}`,
    container: options.container ?? 'some',
    place: 'azurite://some',
    role: options.role ?? 'source',
    authorization: { kind: 'key', account: ACCOUNT, key: new Secret(options.key ?? ACCOUNT_KEY) },
    retry: createRetry({ baseMs: 1, ...options.retry }),
    limits: options.limits,
  })

/** The container of `behindProxy`, by a SAS. */
function withSas(name: string, permissions: string, expiresMs = Date.now() + 60_000) {
  const query = generateBlobSASQueryParameters(
    {
      containerName: name,
      permissions: ContainerSASPermissions.parse(permissions),
      expiresOn: new Date(expiresMs),
    },
    new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY),
  ).toString()
  const container = azureContainer({
    endpoint: `${proxy.url}/${ACCOUNT}`,
    container: name,
    place: `azurite://${name}`,
    role: 'source',
    authorization: { kind: 'sas', query: new Secret(query), facts: checkSas(query, '', 0) },
    retry: createRetry({ baseMs: 1 }),
  })
  return { container, signature: new URLSearchParams(query).get('sig') ?? 'none' }
}

const failureOf = async (running: Promise<unknown>): Promise<unknown> => {
  try {
    await running
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

t.test('a denied request names what is missing, and no secret', async (t) => {
  proxy.reset()
  const { container, client } = await newContainer(azurite)
  await container.put('x', CONTENT)
  const name = client.containerName
  const reader = withSas(name, 'r')
  t.equal((await reader.container.head('x'))?.bytes, CONTENT.length, 'the SAS works')
  const expired = withSas(name, 'r', Date.now() - 1000)
  const lister = withSas(name, 'l')
  const wrongKey = Buffer.alloc(64, 7).toString('base64')
  const cases: readonly (readonly [() => Promise<unknown>, RegExp, string])[] = [
    [
      () => firstOf(reader.container.list('')),
      /lacks the permission "l" \(list\); it has "r"/,
      reader.signature,
    ],
    [() => lister.container.head('x'), /lacks the permission "r" \(read\); it has "l"/, lister.signature],
    [() => expired.container.head('x'), /expired at 20/, expired.signature],
    [
      () => containerAt(azurite.url, { key: wrongKey, container: name }).head('x'),
      /account key is not accepted/,
      wrongKey,
    ],
  ]
  for (const [ask, message, secret] of cases) {
    const error = await failureOf(ask())
    t.match(error, { code: 'SOURCE_DENIED', message, retry: 'never' })
    const shown = inspect(error, { depth: 20, showHidden: true, getters: true })
    for (const text of [secret, encodeURIComponent(secret), 'sig=', ACCOUNT_KEY])
      t.notOk(shown.includes(text))
  }
})

t.test('failures of every kind, shown with all their causes, hold no secret', async (t) => {
  proxy.reset()
  const { container, client } = await newContainer(azurite)
  await container.put('x', CONTENT)
  const { container: reader, signature } = withSas(client.containerName, 'r')
  const faults: readonly Fault[] = [
    ...[400, 403, 404, 409, 412, 416].map((status) => ({ kind: 'status', status }) as const),
  ]
  for (const fault of faults) {
    proxy.reset(nthFails(1, fault, { onwards: true }))
    const read = reader.read('x', { etag: 'e', fromByte: 0, toByte: 9 })
    const shown = inspect(await failureOf(read.read(Buffer.alloc(9))), { depth: 20, showHidden: true })
    for (const text of [signature, encodeURIComponent(signature), 'sig='])
      t.notOk(shown.includes(text), fault.kind)
  }
})

t.test('a clock that is wrong is named', async (t) => {
  const container = await behindProxy()
  for (const [hours, message] of [
    [-1, /clock is 60 minutes ahead/],
    [1, /clock is 60 minutes behind/],
  ] as const) {
    const date = new Date(Date.now() + hours * 3_600_000).toUTCString()
    proxy.reset(nthFails(1, { kind: 'status', status: 403, headers: { date } }))
    await t.rejects(container.head('x'), { code: 'SOURCE_DENIED', message })
  }
})

t.test('whichever request fails, listing and reading give the same', async (t) => {
  const { container, client } = await newContainer(azurite, { url: proxy.url, pageCount: 2 })
  for (const name of ['a', 'b', 'c', 'd', 'x'])
    await client.getBlockBlobClient(name).upload(CONTENT, CONTENT.length)
  const all = async (): Promise<string> => {
    const names: string[] = []
    for await (const { name } of container.list('')) names.push(name)
    return `${names.join()} ${(await readX(container)).equals(CONTENT)}`
  }
  const faults: readonly Fault[] = [
    { kind: 'status', status: 503 },
    { kind: 'reset' },
    { kind: 'lost-answer' },
    { kind: 'reset-body', afterBytes: 300 },
    { kind: 'short-body', afterBytes: 300 },
  ]
  for (const fault of faults)
    for (let nth = 1; ; nth += 1) {
      proxy.reset(nthFails(nth, fault))
      t.equal(await all(), 'a,b,c,d,x true', `${fault.kind} of request ${nth}`)
      if (proxy.seen.length < nth) break
    }
})

t.test('a list that repeats itself is no list', async (t) => {
  const page =
    '<?xml version="1.0"?><EnumerationResults><Blobs></Blobs><NextMarker>again</NextMarker></EnumerationResults>'
  const answer = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/xml\r\nContent-Length: ${page.length}\r\n\r\n${page}`
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answer))
  })
  const port = await listening(t, server)
  const container = containerAt(`http://127.0.0.1:${port}`)
  await t.rejects(firstOf(container.list('')), { code: 'SOURCE_UNUSABLE', message: /WRONG_ANSWER/ })
})
