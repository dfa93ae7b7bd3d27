// Holds src/storage/azure/azure-container.ts, src/storage/azure/azure-client.ts,
// src/storage/azure/blob-container.ts, src/storage/azure/blob-body.ts, src/storage/azure/blob-upload.ts,
// src/storage/azure/pinned-read.ts.
import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import type { BlobContainer } from '../../../src/storage/azure/blob-container.js'
import { startAzurite } from '../../support/azurite.js'
import { newContainer } from '../../support/blob-containers.js'

const azurite = await startAzurite(t)
const bytes = (text: string): Uint8Array => Buffer.from(text)

async function names(container: BlobContainer, prefix = ''): Promise<string[]> {
  const found: string[] = []
  for await (const { name } of container.list(prefix)) found.push(name)
  return found
}

async function readAll(container: BlobContainer, name: string, fromByte = 0): Promise<Buffer> {
  const head = await container.head(name)
  if (head === undefined) throw new Error('no blob')
  const read = container.read(name, { etag: head.etag, fromByte, toByte: head.bytes })
  const target = Buffer.alloc(head.bytes + 1)
  return target.subarray(0, await read.read(target))
}

t.test('a blob is put, found and read again, with its metadata and types', async (t) => {
  const { container } = await newContainer(azurite)
  t.equal(await container.exists(), true)
  await container.createIfMissing()
  const written = await container.put('a/b c%2F?.ndjson', [bytes('one\n'), bytes('two\n')], {
    metadata: { run: 'x' },
    contentType: 'application/fhir+ndjson',
    contentEncoding: 'gzip',
  })
  const head = await container.head('a/b c%2F?.ndjson')
  t.match(head, {
    bytes: 8,
    metadata: { run: 'x' },
    contentType: 'application/fhir+ndjson',
    contentEncoding: 'gzip',
    isFolder: false,
    isArchived: false,
  })
  t.strictSame(written, { kind: 'done', etag: head?.etag })
  t.equal((await readAll(container, 'a/b c%2F?.ndjson')).toString(), 'one\ntwo\n')
  t.equal((await readAll(container, 'a/b c%2F?.ndjson', 5)).toString(), 'wo\n')
  t.strictSame(await container.readText('a/b c%2F?.ndjson'), { text: 'one\ntwo\n', etag: head?.etag })
  t.strictSame(await names(container, 'a/'), ['a/b c%2F?.ndjson'])
  for await (const entry of container.list('a/'))
    t.match(entry, { bytes: 8, etag: head?.etag, metadata: { run: 'x' }, contentEncoding: 'gzip' })
  t.equal(await container.head('none'), undefined)
  t.equal(await container.readText('none'), undefined)
})

t.test('an empty blob is read without a request for a range', async (t) => {
  const { container } = await newContainer(azurite)
  await container.put('x', bytes(''))
  t.equal((await readAll(container, 'x')).length, 0)
  t.strictSame((await container.readText('x'))?.text, '')
})

t.test('a list of several pages has every blob once, in order', async (t) => {
  const { container } = await newContainer(azurite, { pageCount: 7 })
  const wanted = Array.from({ length: 30 }, (_, n) => `n/${String(n).padStart(5, '0')}`)
  for (const name of wanted) await container.put(name, bytes(''))
  t.strictSame(await names(container, 'n/'), wanted)
})

t.test('blocks are staged, listed and committed; what is refused is told', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  t.strictSame(await container.blocks('x'), { committed: [], uncommitted: [] })
  const first = randomBytes(300_000)
  await container.stageBlock('x', 'block-0', first)
  await container.stageBlock('x', 'block-1', [bytes('a'), bytes('b')])
  t.strictSame((await container.blocks('x')).uncommitted, [
    { id: 'block-0', bytes: 300_000 },
    { id: 'block-1', bytes: 2 },
  ])
  t.equal(await container.head('x'), undefined, 'nothing is visible')
  t.strictSame(await names(container), [])
  const uncommitted: string[] = []
  for await (const { name } of container.list('', { withUncommitted: true })) uncommitted.push(name)
  t.strictSame(uncommitted, ['x'])
  const missing = await container.commit('x', ['block-0', 'block-2'])
  t.strictSame(missing, { kind: 'refused', code: 'InvalidBlockList', isAmbiguous: false })
  const written = await container.commit('x', ['block-0', 'block-1'], {
    metadata: { lines: '2' },
    contentType: 'application/fhir+ndjson',
    ifNoneMatch: '*',
  })
  const head = await container.head('x')
  t.match(head, { metadata: { lines: '2' }, contentType: 'application/fhir+ndjson', bytes: 300_002 })
  t.strictSame(written, { kind: 'done', etag: head?.etag })
  t.ok((await readAll(container, 'x')).equals(Buffer.concat([first, bytes('ab')])))
  const blocks = await container.blocks('x')
  t.strictSame(blocks, {
    etag: head?.etag,
    committed: [
      { id: 'block-0', bytes: 300_000 },
      { id: 'block-1', bytes: 2 },
    ],
    uncommitted: [],
  })
  t.match(await container.put('x', bytes('y'), { ifNoneMatch: '*' }), {
    kind: 'refused',
    code: 'BlobAlreadyExists',
  })
  t.match(await container.put('x', bytes('y'), { ifMatch: '0x0' }), { kind: 'refused' })
  t.match(await container.put('x', bytes('y'), { ifMatch: head?.etag }), { kind: 'done' })
})

t.test('views of shared memory go up as they are', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  const shared = Buffer.from(new SharedArrayBuffer(100))
  shared.fill('abc')
  await container.stageBlock('x', 'i', shared.subarray(3, 9))
  await container.stageBlock('x', 'j', [shared.subarray(0, 2), shared.subarray(50, 52)])
  await container.commit('x', ['i', 'j'])
  t.equal((await readAll(container, 'x')).toString(), 'abcabcabca'.slice(0, 8) + shared.subarray(50, 52))
})

t.test('append blobs grow at the position that is asked for only', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  t.match(await container.createAppendBlob('j', { ifNoneMatch: '*' }), { kind: 'done' })
  t.match(await container.createAppendBlob('j', { ifNoneMatch: '*' }), {
    kind: 'refused',
    code: 'BlobAlreadyExists',
    isAmbiguous: false,
  })
  t.match(await container.appendBlock('j', bytes('one\n'), { position: 0 }), { kind: 'done' })
  t.match(await container.appendBlock('j', [bytes('t'), bytes('wo\n')], { position: 4 }), { kind: 'done' })
  t.strictSame(await container.appendBlock('j', bytes('x'), { position: 4 }), { kind: 'refused', bytes: 8 })
  t.equal((await container.readText('j'))?.text, 'one\ntwo\n')
  t.equal((await container.head('j'))?.committedBlockCount, 2)
})

t.test('a lease keeps others out; its holder may ask again', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  await container.put('lock', bytes(''))
  const [mine, other] = [randomUUID(), randomUUID()]
  t.ok(await container.acquireLease('lock', mine, 15))
  t.ok(await container.acquireLease('lock', mine, 15))
  t.equal(await container.acquireLease('lock', other, 15), undefined)
  t.equal(await container.renewLease('lock', mine), true)
  t.equal(await container.renewLease('lock', other), false)
  await t.rejects(container.put('lock', bytes('x')), { code: 'SINK_LOCKED' })
  await t.rejects(container.delete('lock'), { code: 'SINK_LOCKED' })
  t.match(await container.put('lock', bytes('x'), { leaseId: mine }), { kind: 'done' })
  await container.releaseLease('lock', mine)
  t.ok(await container.acquireLease('lock', other, 15))
})

t.test('what is deleted is gone, another version is left alone', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  await container.put('x', bytes('1'))
  t.equal(await container.delete('x', { ifMatch: '0x0' }), false)
  t.equal(await container.delete('x', { ifMatch: (await container.head('x'))?.etag }), true)
  t.equal(await container.delete('x'), true, 'nothing is there')
  t.equal(await container.head('x'), undefined)
})

t.test('a container that is not there is named', async (t) => {
  const { container, client } = await newContainer(azurite)
  await client.delete()
  t.equal(await container.exists(), false)
  await t.rejects(names(container), { code: 'SOURCE_NOT_FOUND', at: container.place })
  await t.rejects(container.head('x'), { code: 'SOURCE_NOT_FOUND' })
  await container.createIfMissing()
  t.equal(await container.exists(), true)
})
