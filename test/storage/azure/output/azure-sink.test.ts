// Holds src/storage/azure/output/azure-sink.ts, src/storage/azure/output/block-sink-item.ts,
// src/storage/azure/output/block-leftovers.ts.
import t from 'tap'
import { createRetry } from '../../../../src/http/retry.js'
import { Secret } from '../../../../src/secret.js'
import { azureContainer } from '../../../../src/storage/azure/azure-container.js'
import type { BlobContainer } from '../../../../src/storage/azure/blob-container.js'
import { azureSink } from '../../../../src/storage/azure/output/azure-sink.js'
import { blobState } from '../../../../src/storage/azure/state/blob-state.js'
import type { Sink } from '../../../../src/storage/store.js'
import { ACCOUNT, ACCOUNT_KEY, type Azurite, startAzurite } from '../../../support/azurite.js'

const FACTS = { sourceVersion: '0x8D', lines: 3, quarantined: 1 }
const PRINT = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'
const text = (value: string): [Uint8Array] => [Buffer.from(value)]

interface Place {
  readonly container: BlobContainer
  readonly state: BlobContainer
  /** A sink as another process would open it. */
  open(): Sink
}

async function newPlace(azurite: Azurite): Promise<Place> {
  const { containerName } = await azurite.container()
  const containerOf = (name: string): BlobContainer =>
    azureContainer({
      endpoint: `${azurite.url}/${ACCOUNT}`,
      container: name,
      place: `azurite://${name}`,
      role: 'sink',
      authorization: { kind: 'key', account: ACCOUNT, key: new Secret(ACCOUNT_KEY) },
      retry: createRetry(),
    })
  const [container, state] = [containerOf(containerName), containerOf(`${containerName}-sluice`)]
  await state.createIfMissing()
  return {
    container,
    state,
    open: () =>
      azureSink({
        container,
        place: 'azurite://lake',
        prefix: 'lake/',
        state: blobState({ container: state, place: 'azurite://state', prefix: 'lake/' }),
      }),
  }
}

t.test('outputs as block blobs', async (t) => {
  const azurite = await startAzurite(t)

  t.test('an output appears by commit, with what it is made of in its metadata', async (t) => {
    const { container, open } = await newPlace(azurite)
    const item = open().item('a/Patient.ndjson', PRINT)
    t.equal(await item.resume(0), true)
    await item.append(text('one\n'))
    await item.append(text('two\n'))
    await item.complete()
    t.equal(item.keptBytes, 8)
    const sealed = await item.sealed()
    t.equal(await item.find(sealed), 'ready')
    t.equal(await container.head('lake/a/Patient.ndjson'), undefined, 'not before')
    await item.commit(FACTS)
    t.match(await container.head('lake/a/Patient.ndjson'), {
      bytes: 8,
      contentType: 'application/fhir+ndjson',
      metadata: { sluice_lines: '3', sluice_quarantined: '1', sluice_source_version: '0x8D' },
    })
    t.equal((await container.readText('lake/a/Patient.ndjson'))?.text, 'one\ntwo\n')
    // The writer knows the digest of the content and does not ask the service for it.
    t.same({ ...(await open().head('a/Patient.ndjson')), sha256: sealed.sha256 }, sealed)
    t.equal(await open().item('a/Patient.ndjson', PRINT).find(sealed), 'committed')
  })

  t.test('an empty output, and one of a single document', async (t) => {
    const { container, open } = await newPlace(azurite)
    for (const [name, type] of [
      ['empty.ndjson', 'application/fhir+ndjson'],
      ['one.json', 'application/fhir+json'],
      ['x.ndjson.gz', 'application/gzip'],
    ] as const) {
      const item = open().item(name, PRINT)
      await item.resume(0)
      await item.complete()
      await item.commit(FACTS)
      t.match(await container.head(`lake/${name}`), { bytes: 0, contentType: type })
    }
  })

  t.test('another process goes on behind the blocks that are there', async (t) => {
    const { container, open } = await newPlace(azurite)
    const first = open().item('x', PRINT)
    await first.resume(0)
    for (const value of ['one\n', 'two\n', 'lost\n']) await first.append(text(value))
    await first.complete()
    const second = open().item('x', PRINT)
    t.equal(await second.resume(6), false, 'no block ends there')
    t.equal(await second.resume(8), true)
    await second.append(text('three\n'))
    await second.complete()
    const sealed = await second.sealed()
    const third = open().item('x', PRINT)
    t.equal(await third.find(sealed), 'lost', 'two blocks of one number that differ prove nothing')
    await second.commit(FACTS)
    t.equal((await container.readText('lake/x'))?.text, 'one\ntwo\nthree\n')
    t.equal(await open().item('x', 'f0'.repeat(16)).resume(8), false, 'blocks of another fingerprint')
  })

  t.test('sealed, but not yet committed: a later process finds and commits it', async (t) => {
    const { container, open } = await newPlace(azurite)
    const first = open().item('x', PRINT)
    await first.resume(0)
    await first.append(text('one\n'))
    await first.complete()
    const sealed = await first.sealed()
    const second = open().item('x', PRINT)
    t.equal(await second.find(sealed), 'ready')
    await second.commit(FACTS)
    t.equal((await container.readText('lake/x'))?.text, 'one\n')
  })

  t.test('what stands there is replaced only as it was seen', async (t) => {
    const { container, open } = await newPlace(azurite)
    const sink = open()
    t.equal(await sink.head('x'), undefined)
    await container.put('lake/x', Buffer.from('foreign'))
    const item = sink.item('x', PRINT)
    await item.resume(0)
    await item.append(text('one\n'))
    await item.complete()
    await t.rejects(item.commit(FACTS), { code: 'SINK_CONFLICT' })
    t.equal((await container.readText('lake/x'))?.text, 'foreign')
    const later = open()
    t.match(await later.head('x'), { bytes: 7 }, 'now it is known')
    const again = later.item('x', PRINT)
    await again.resume(0)
    await again.append(text('one\n'))
    await again.complete()
    await again.commit(FACTS)
    t.equal((await container.readText('lake/x'))?.text, 'one\n')
  })

  t.test('equal work of another run is no conflict', async (t) => {
    const { open } = await newPlace(azurite)
    const work = async (sink: Sink) => {
      const item = sink.item('x', PRINT)
      t.equal(await sink.head('x'), undefined)
      await item.resume(0)
      await item.append(text('one\n'))
      await item.complete()
      return item
    }
    const [one, two] = [await work(open()), await work(open())]
    await one.commit(FACTS)
    await t.resolves(two.commit(FACTS))
  })

  t.test('blocks that another program has left are forgotten, what it has committed stays', async (t) => {
    const { container, open } = await newPlace(azurite)
    await container.stageBlock('lake/x', 'short', Buffer.from('left'))
    await container.stageBlock('lake/y', 'older', Buffer.from('whole'))
    await container.commit('lake/y', ['older'], { metadata: { by: 'another' }, contentType: 'text/plain' })
    await container.stageBlock('lake/y', 'newer', Buffer.from('left'))
    for (const name of ['x', 'y']) {
      const sink = open()
      await sink.head(name)
      const item = sink.item(name, PRINT)
      await item.resume(0)
      for (const value of ['one\n', 'two\n', 'three\n']) await item.append(text(value))
      await item.complete()
      if (name === 'y')
        t.match(await container.head('lake/y'), {
          bytes: 5,
          contentType: 'text/plain',
          metadata: { by: 'another' },
        })
      await item.commit(FACTS)
      t.equal((await container.readText(`lake/${name}`))?.text, 'one\ntwo\nthree\n')
    }
  })

  t.test(
    'what another program commits before or after its blocks are forgotten is not overwritten',
    async (t) => {
      const { container, open } = await newPlace(azurite)
      const commitTheirs = async (id: string): Promise<void> => {
        await container.stageBlock('lake/x', id, Buffer.from(id))
        await container.commit('lake/x', [id])
      }
      for (const [when, seen] of [
        ['before', undefined],
        ['before', 'older'],
        ['after', 'older'],
      ] as const) {
        await container.delete('lake/x')
        if (seen !== undefined) await commitTheirs(seen)
        const sink = open()
        await sink.head('x')
        if (when === 'before') await commitTheirs('newer')
        await container.stageBlock('lake/x', 'other', Buffer.from('left'))
        const item = sink.item('x', PRINT)
        const work = async (): Promise<void> => {
          await item.resume(0)
          await item.append(text('one\n'))
          await item.complete()
          if (when === 'after') {
            await container.delete('lake/x')
            await commitTheirs('newer')
          }
          await item.commit(FACTS)
        }
        await t.rejects(work(), { code: 'SINK_CONFLICT' }, `${when} ${seen}`)
        t.equal((await container.readText('lake/x'))?.text, 'newer')
      }
    },
  )

  t.test('a large block is taken in order, however the requests end', async (t) => {
    const { container, open } = await newPlace(azurite)
    const item = open().item('x', PRINT)
    await item.resume(0)
    const pieces = Array.from({ length: 20 }, (_, n) => Buffer.alloc(300_000, n + 1))
    for (const piece of pieces) {
      const reused = Buffer.from(piece)
      await item.append([reused])
      reused.fill(0)
    }
    await item.complete()
    t.equal(item.keptBytes, 6_000_000)
    await item.commit(FACTS)
    t.equal((await container.readText('lake/x'))?.text, Buffer.concat(pieces).toString('utf8'))
  })

  t.test(
    'state: whole texts, appended texts cut where they are kept, nothing left of what is destroyed',
    async (t) => {
      const { open, state } = await newPlace(azurite)
      const first = open().state
      await first.write('a.json', '{"a":1}')
      const log = await first.appender('items/x.journal', 0)
      await log.append('one\n')
      t.equal(await state.head('lake/items/x.journal'), undefined, 'not before it is to be kept')
      await log.keep()
      await log.append('two\n')
      await log.flush()
      await log.append('never kept')
      await log.close()
      const second = open().state
      t.equal(await second.read('a.json'), '{"a":1}')
      t.equal(await second.read('items/x.journal'), 'one\ntwo\n')
      t.equal(await second.bytesOf('items/x.journal'), 8)
      const more = await second.appender('items/x.journal', 4)
      await more.append('three\n')
      await more.flush()
      t.equal(await open().state.read('items/x.journal'), 'one\nthree\n')
      await second.destroy('a.json')
      t.equal(await open().state.read('a.json'), undefined)
      const names: string[] = []
      for await (const { name } of state.list('')) names.push(name)
      t.same(names, ['lake/items/x.journal'])
    },
  )

  t.test('the lock keeps a second run out, and is given back', async (t) => {
    const { open } = await newPlace(azurite)
    const release = await open().state.lock()
    await t.rejects(open().state.lock(), { code: 'SINK_LOCKED' }, 'its holder is alive')
    await release()
    await (await open().state.lock())()
  })
})
