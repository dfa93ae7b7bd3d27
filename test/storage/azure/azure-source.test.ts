// Holds src/storage/azure/azure-source.ts, src/storage/azure/range-reader.ts,
// src/storage/azure/pinned-read.ts.
import { randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { openItem } from '../../../src/pipeline/chunks/unpack.js'
import { type AzureSourceOptions, azureSource } from '../../../src/storage/azure/azure-source.js'
import type { Source, SourceItem, StoreEvent } from '../../../src/storage/store.js'
import { startAzurite } from '../../support/azurite.js'
import { newContainer } from '../../support/blob-containers.js'
import { firstOf } from '../../support/elements.js'
import { type FaultProxy, nthFails, startFaultProxy } from '../../support/fault-proxy.js'

const azurite = await startAzurite(t)

async function sourceOf(
  blobs: Readonly<Record<string, string | Uint8Array>>,
  { path = '', url, ...options }: AzureSourceOptions & { path?: string; url?: string } = {},
) {
  const { container, client } = await newContainer(azurite, { url })
  for (const [name, content] of Object.entries(blobs)) await container.put(name, Buffer.from(content))
  const place = { place: `azurite://${client.containerName}`, container: client.containerName, path }
  return { source: azureSource(container, place, options), container, client }
}

async function listed(source: Source) {
  const items: SourceItem[] = []
  const events: StoreEvent[] = []
  for await (const item of source.list((event) => events.push(event))) items.push(item)
  return { items, events, names: items.map(({ name }) => name) }
}

/** Everything from a byte on, in reads of so many bytes. */
async function readAll(source: Source, item: SourceItem, { fromByte = 0, pieceBytes = 70_000 } = {}) {
  const reader = await openItem(source, item, fromByte)
  const pieces: Buffer[] = []
  for (;;) {
    const target = Buffer.alloc(pieceBytes)
    const bytes = await reader.read(target)
    pieces.push(target.subarray(0, bytes))
    if (bytes < pieceBytes) break
  }
  await reader.verify()
  await reader.close()
  return Buffer.concat(pieces)
}

t.test('items are listed in order, once, without what is none', async (t) => {
  const { source, client } = await sourceOf({
    'a/x.ndjson': '1',
    'a-b.ndjson': '1',
    'a/.hidden.ndjson': '1',
    '.hidden/x.ndjson': '1',
    'a/y.json.gz': '1',
    'run.json': '{}',
    'z.ndjson.part': '1',
    'readme.txt': '1',
    'ü %2F.NDJSON': '1',
  })
  await client.getBlockBlobClient('dir.ndjson').upload('', 0, { metadata: { hdi_isfolder: 'true' } })
  const { names, events } = await listed(source)
  t.strictSame(names, ['a-b.ndjson', 'a/x.ndjson', 'a/y.json.gz', 'ü %2F.NDJSON'])
  t.same(
    events.map(({ item, leftOut }) => [item, leftOut]),
    [
      ['.hidden/x.ndjson', 'hidden'],
      ['a/.hidden.ndjson', 'hidden'],
      ['readme.txt', 'unknown-ending'],
      ['run.json', 'own-name'],
      ['z.ndjson.part', 'unknown-ending'],
    ],
    'each is reported',
  )
})

t.test('names that cannot be outputs are listed as items that fail by themselves', async (t) => {
  const { source, client } = await sourceOf({ 'a.ndjson': '1' })
  for (const name of ['b//x.ndjson', 'b/\u0085.ndjson', 'c/%2e%2e/x.ndjson', '/d.ndjson'])
    await client.getBlockBlobClient(name).upload('1', 1)
  const found = new Map<string, string | undefined>()
  for await (const { name, unreadable } of source.list(() => t.fail('none is left out')))
    found.set(name, unreadable)
  t.match(Object.fromEntries(found), {
    'a.ndjson': undefined,
    'c/%2e%2e/x.ndjson': undefined,
    '/d.ndjson': /relative path/,
    'b//x.ndjson': /relative path/,
    'b/\u0085.ndjson': /control characters/,
  })
})

t.test('an archived blob is skipped and told; named alone it is an error', async (t) => {
  const { source, client } = await sourceOf({ 'a.ndjson': '1', 'b.ndjson': '1' })
  await client.getBlobClient('a.ndjson').setAccessTier('Archive')
  const { names, events } = await listed(source)
  t.strictSame(names, ['b.ndjson'])
  t.match(events, [{ event: 'source.skipped', item: 'a.ndjson', reason: /archive tier/ }])
  const { container } = await newContainer(azurite)
  await container.put('a.ndjson', Buffer.from('1'))
  const single = azureSource(container, { place: 'p', container: 'c', path: 'a.ndjson' })
  t.strictSame((await listed(single)).names, ['a.ndjson'])
})

t.test('a path is a folder of blobs or one blob', async (t) => {
  const blobs = {
    'd/e/x.ndjson': '1',
    'd/e/f/y.ndjson': '1',
    'd/other.ndjson': '1',
    'd/e2/z.ndjson': '1',
    'd/t.txt': '1',
  }
  const folder = await sourceOf(blobs, { path: 'd/e' })
  t.strictSame((await listed(folder.source)).names, ['f/y.ndjson', 'x.ndjson'])
  t.equal(folder.source.folderName, 'e')
  t.match(await folder.source.head('x.ndjson'), { name: 'x.ndjson', bytes: 1 })
  const single = await sourceOf(blobs, { path: 'd/e/x.ndjson' })
  const { items } = await listed(single.source)
  t.match(items, [{ name: 'x.ndjson' }])
  t.equal(single.source.folderName, 'e')
  t.equal((await readAll(single.source, firstOf(items))).toString(), '1')
  const top = await sourceOf(blobs)
  t.equal(top.source.folderName, top.client.containerName)
  t.equal((await listed(top.source)).names.length, 4)
  t.strictSame((await listed((await sourceOf({})).source)).names, [], 'an empty container')
  await t.rejects(listed((await sourceOf(blobs, { path: 'd/none' })).source), { code: 'SOURCE_NOT_FOUND' })
  await t.rejects(listed((await sourceOf(blobs, { path: 'd/t.txt' })).source), { code: 'SOURCE_UNUSABLE' })
})

t.test('a large blob is read in parallel ranges, its bytes in order, within the buffers', async (t) => {
  const content = randomBytes(1_000_003)
  const proxy = await startFaultProxy(t, azurite.url)
  const options = { url: proxy.url, rangeBytes: 100_000, readAheadBytes: 300_000 }
  const { source } = await sourceOf({ 'x.ndjson': content }, options)
  const item = firstOf((await listed(source)).items)
  for (const pieceBytes of [1_100_000, 100_000, 33_333]) {
    proxy.reset()
    t.ok((await readAll(source, item, { pieceBytes })).equals(content), `pieces of ${pieceBytes}`)
    const ranges = proxy.seen.filter(({ operation }) => operation === 'GET')
    t.equal(ranges.length, 11)
    t.equal(
      ranges.reduce((sum, { downBytes }) => sum + downBytes, 0),
      content.length,
      'no byte twice',
    )
  }
  for (const fromByte of [1, 99_999, 100_000, 555_555, 1_000_002])
    t.ok((await readAll(source, item, { fromByte })).equals(content.subarray(fromByte)), `from ${fromByte}`)
})

/** How many requests for ranges are under way at once; none is answered before as many as wanted have come. */
async function maxUnderWay(proxy: FaultProxy, wanted: number, read: () => Promise<void>): Promise<number> {
  let underWay = 0
  let most = 0
  const enough = new EventEmitter()
  const came = once(enough, 'came', { signal: AbortSignal.timeout(10_000) }).catch(() => {})
  proxy.reset(async ({ operation }) => {
    if (operation !== 'GET') return undefined
    underWay += 1
    most = Math.max(most, underWay)
    if (underWay === wanted) enough.emit('came')
    await came
    underWay -= 1
    return undefined
  })
  await read()
  return most
}

t.test('ranges are under way side by side, also after readers that were closed early', async (t) => {
  const content = randomBytes(1_000_000)
  const proxy = await startFaultProxy(t, azurite.url)
  const options = { url: proxy.url, rangeBytes: 100_000, readAheadBytes: 300_000 }
  const { source } = await sourceOf({ 'x.ndjson': content }, options)
  const item = firstOf((await listed(source)).items)
  for (let n = 0; n < 5; n += 1) {
    const reader = await source.open(item, 1)
    await reader.read(Buffer.alloc(10))
    await reader.close()
  }
  // Their buffers come back when the requests that were ended have settled.
  await new Promise((resolve) => setTimeout(resolve, 500))
  const most = await maxUnderWay(proxy, 4, async () => {
    const target = Buffer.alloc(999_999)
    const reader = await source.open(item, 1)
    t.equal(await reader.read(target), 999_999)
    t.ok(target.equals(content.subarray(1)))
  })
  t.equal(most, 4, 'one for the reader and three ahead')
})

t.test('without buffers left a blob is read as its reader asks', async (t) => {
  const content = randomBytes(500_000)
  const { source } = await sourceOf({ 'x.ndjson': content }, { rangeBytes: 100_000, readAheadBytes: 0 })
  const item = firstOf((await listed(source)).items)
  t.ok((await readAll(source, item)).equals(content))
})

t.test('gzip is unpacked by its first bytes, whatever name and Content-Encoding say', async (t) => {
  const content = randomBytes(300_000).toString('hex')
  const packed = gzipSync(content)
  const { source, client } = await sourceOf(
    { 'x.ndjson': packed, 'y.ndjson.gz': content },
    { rangeBytes: 100_000 },
  )
  await client.getBlockBlobClient('z.ndjson').upload(packed, packed.length, {
    blobHTTPHeaders: { blobContentEncoding: 'gzip' },
  })
  for (const item of (await listed(source)).items) {
    t.equal((await readAll(source, item)).toString(), content, item.name)
    t.equal(
      (await readAll(source, item, { fromByte: 123_456 })).toString(),
      content.slice(123_456),
      item.name,
    )
  }
})

t.test('a blob that is overwritten while it is read is SOURCE_CHANGED, whenever that is', async (t) => {
  const [before, after] = [randomBytes(600_000), randomBytes(600_000)]
  for (const readBefore of [0, 2, 100_000, 600_000]) {
    const { source, container } = await sourceOf(
      { 'x.ndjson': before },
      { rangeBytes: 100_000, readAheadBytes: 100_000 },
    )
    const item = firstOf((await listed(source)).items)
    const reader = await source.open(item, 0)
    const got = Buffer.alloc(600_000)
    t.equal(await reader.read(got.subarray(0, readBefore)), readBefore)
    await container.put('x.ndjson', after)
    const rest = async (): Promise<void> => {
      const bytes = await reader.read(got.subarray(readBefore))
      t.ok(got.equals(before), `nothing of the new one is mixed in (${bytes} bytes)`)
      await reader.verify()
    }
    await t.rejects(rest(), { code: 'SOURCE_CHANGED', at: 'x.ndjson' }, `after ${readBefore} bytes`)
    await reader.close()
    await t.rejects(
      source.open(item, 0).then((again) => again.read(got)),
      { code: 'SOURCE_CHANGED' },
    )
  }
})

t.test('a blob that is deleted while it is read is SOURCE_CHANGED', async (t) => {
  const { source, container } = await sourceOf({ 'x.ndjson': randomBytes(500_000) }, { rangeBytes: 100_000 })
  const item = firstOf((await listed(source)).items)
  const reader = await source.open(item, 0)
  await reader.read(Buffer.alloc(2))
  await container.delete('x.ndjson')
  await t.rejects(reader.read(Buffer.alloc(500_000)), { code: 'SOURCE_CHANGED' })
  await t.rejects(reader.verify(), { code: 'SOURCE_CHANGED' })
})

t.test('a failed range ahead is retried, and its bytes are right', async (t) => {
  const content = randomBytes(1_000_000)
  const proxy = await startFaultProxy(t, azurite.url)
  const options = { url: proxy.url, rangeBytes: 100_000, readAheadBytes: 300_000 }
  const { source } = await sourceOf({ 'x.ndjson': content }, options)
  const item = firstOf((await listed(source)).items)
  for (let nth = 1; nth <= 10; nth += 1) {
    proxy.reset(
      nthFails(
        nth,
        { kind: 'reset-body', afterBytes: 40_000 },
        { where: ({ operation }) => operation === 'GET' },
      ),
    )
    t.ok((await readAll(source, item)).equals(content), `range ${nth}`)
  }
})

t.test('nothing is fetched ahead beyond where the caller says that it will stop', async (t) => {
  const bytes = randomBytes(400_000)
  const { container } = await sourceOf({ 'a.ndjson': bytes })
  const asked: (readonly [number, number])[] = []
  const watched: typeof container = {
    ...container,
    head: (name) => container.head(name),
    list: (prefix) => container.list(prefix),
    read(name, range) {
      asked.push([range.fromByte, range.toByte])
      return container.read(name, range)
    },
  }
  const source = azureSource(watched, { place: 'x', container: 'x', path: '' }, { rangeBytes: 50_000 })
  const item = firstOf((await listed(source)).items)
  const reader = await source.open(item, 100_000, 220_000)
  const target = Buffer.alloc(120_000)
  t.equal(await reader.read(target), target.length)
  t.ok(target.equals(bytes.subarray(100_000, 220_000)))
  t.strictSame(asked, [
    [100_000, 150_000],
    [150_000, 200_000],
    [200_000, 220_000],
  ])
  const rest = Buffer.alloc(200_000)
  t.equal(await reader.read(rest), 180_000, 'all of it can be read')
  t.ok(rest.subarray(0, 180_000).equals(bytes.subarray(220_000)))
  await reader.close()
})
