import { createHash } from 'node:crypto'
import { ContainerClient } from '@azure/storage-blob'
import t from 'tap'
import { connectionStringOf, startAzurite } from './azurite.js'
import { elementAt, firstOf } from './elements.js'
import { type Fault, nthFails, startFaultProxy } from './fault-proxy.js'

const azurite = await startAzurite(t)
const proxy = await startFaultProxy(t, azurite.url)
const { containerName } = await azurite.container()
// Without the library's own retries, as the product uses it.
const container = new ContainerClient(connectionStringOf(proxy.url), containerName, {
  retryOptions: { maxTries: 1 },
})
const BYTES = Buffer.alloc(300_000, 'abcdefg')
const blob = container.getBlockBlobClient('folder ü/x.ndjson')

/** What reading the whole blob gives: its bytes, or the error. */
async function read(): Promise<Buffer> {
  const { readableStreamBody } = await blob.download(0, undefined, {
    abortSignal: AbortSignal.timeout(1000),
  })
  const pieces: Buffer[] = []
  for await (const piece of readableStreamBody ?? []) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

t.test('what no fault concerns passes unchanged and is counted', async (t) => {
  proxy.reset()
  await blob.stageBlock('AAAA', BYTES, BYTES.length)
  await blob.commitBlockList(['AAAA'])
  t.strictSame(await read(), BYTES)
  t.strictSame(
    proxy.seen.map(({ operation, status }) => [operation, status]),
    [
      ['PUT block', 201],
      ['PUT blocklist', 201],
      ['GET', 200],
    ],
  )
  t.equal(firstOf(proxy.seen).upBytes, BYTES.length)
  t.equal(elementAt(proxy.seen, 2).downBytes, BYTES.length)
  t.match(elementAt(proxy.seen, 2).path, /folder ü\/x\.ndjson$/)
})

/** The status a request fails with; undefined for one that does not. */
const statusOf = (running: Promise<unknown>): Promise<number | undefined> =>
  running.then(
    () => undefined,
    (error: { readonly statusCode?: number }) => error.statusCode,
  )

const readFaults: readonly (readonly [Fault, (error: unknown) => boolean])[] = [
  [{ kind: 'status', status: 429, headers: { 'retry-after': '1' } }, has('statusCode', 429)],
  [{ kind: 'reset' }, has('code', 'ECONNRESET')],
  [{ kind: 'stall' }, has('name', 'AbortError')],
  [{ kind: 'lost-answer' }, has('code', 'ECONNRESET')],
  [{ kind: 'reset-body', afterBytes: 100_000 }, () => true],
  [{ kind: 'short-body', afterBytes: 100_000 }, () => true],
  [{ kind: 'drip', everyMs: 50 }, has('name', 'AbortError')],
]

function has(key: string, value: unknown): (error: unknown) => boolean {
  return (error) => (error as Record<string, unknown>)[key] === value
}

t.test('each fault of a read reaches the client', async (t) => {
  for (const [fault, isExpected] of readFaults) {
    proxy.reset(nthFails(1, fault))
    const error = await read().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    t.ok(error !== undefined && isExpected(error), `${fault.kind}: ${error}`)
    t.strictSame(await read(), BYTES, `only the first after ${fault.kind}`)
  }
  proxy.reset(nthFails(1, { kind: 'short-body', afterBytes: 1000, clean: true }))
  t.equal((await read()).length, 1000, 'a body that is short without any error')
  proxy.reset(nthFails(1, { kind: 'flip-down', atByte: 200_000 }))
  const changed = await read()
  t.equal(changed[200_000], elementAt(BYTES, 200_000) ^ 1)
  proxy.reset(nthFails(1, { kind: 'headers', headers: { etag: '"other"' } }))
  t.equal((await blob.getProperties()).etag, '"other"')
})

t.test('a lost answer is lost after the server acted; a status comes before', async (t) => {
  const other = container.getBlockBlobClient('other')
  proxy.reset(nthFails(1, { kind: 'status', status: 503 }))
  t.equal(await statusOf(other.upload('text', 4)), 503)
  t.equal(await other.exists(), false)
  proxy.reset(nthFails(1, { kind: 'lost-answer' }))
  await t.rejects(other.upload('text', 4), { code: 'ECONNRESET' })
  t.equal(await other.exists(), true)
})

t.test('a bit that flips on the way up is refused by its MD5', async (t) => {
  proxy.reset(nthFails(1, { kind: 'flip-up', atByte: 7 }))
  const transactionalContentMD5 = createHash('md5').update(BYTES).digest()
  t.equal(await statusOf(blob.stageBlock('BBBB', BYTES, BYTES.length, { transactionalContentMD5 })), 400)
})

t.test('a plan speaks of some requests only, once or from then on', async (t) => {
  const where = ({ operation }: { readonly operation: string }) => operation === 'HEAD'
  proxy.reset(nthFails(2, { kind: 'status', status: 500 }, { onwards: true, where }))
  t.equal(await blob.exists(), true)
  t.equal((await read()).length, BYTES.length)
  t.equal(await statusOf(blob.exists()), 500)
  t.equal(await statusOf(blob.exists()), 500)
  t.equal((await read()).length, BYTES.length)
})
