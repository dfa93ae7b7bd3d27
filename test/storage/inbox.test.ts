// Holds src/storage/inbox.ts, src/storage/folder/folder-inbox.ts, src/storage/azure/blob-inbox.ts.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { createRetry } from '../../src/http/retry.js'
import type { StoreAccess } from '../../src/storage/access.js'
import { BlobInbox } from '../../src/storage/azure/blob-inbox.js'
import { type Arrival, type Inbox, namesFor } from '../../src/storage/inbox.js'
import { openInbox, openSource } from '../../src/storage/open.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../support/azurite.js'
import { newContainer } from '../support/blob-containers.js'

const azurite = await startAzurite(t)
const ACCESS: StoreAccess = {
  credentials: () => ({
    accounts: [],
    emulator: { account: ACCOUNT, endpoint: `${azurite.url}/${ACCOUNT}`, key: ACCOUNT_KEY },
  }),
  retry: createRetry({ baseMs: 1 }),
}

interface Place {
  readonly address: string
  write(name: string, text: string): Promise<void>
  read(name: string): Promise<string | undefined>
}

const PLACES: Readonly<Record<string, (t: Test) => Promise<Place>>> = {
  async folder(t) {
    const address = join(t.testdir(), 'inbox')
    const pathOf = (name: string): string => join(address, name)
    return {
      address,
      async write(name, text) {
        await mkdir(dirname(pathOf(name)), { recursive: true })
        await writeFile(pathOf(name), text)
      },
      read: (name) => readFile(pathOf(name), 'utf8').catch(() => undefined),
    }
  },
  async azure() {
    const { container, client } = await newContainer(azurite, { role: 'sink' })
    return {
      address: `azurite://${client.containerName}`,
      write: async (name, text) => void (await container.put(name, Buffer.from(text))),
      read: async (name) => (await container.readText(name))?.text,
    }
  },
}

const arrivalsOf = async (inbox: Inbox): Promise<Arrival[]> => {
  const found: Arrival[] = []
  for await (const arrival of inbox.list()) found.push(arrival)
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function arrival(inbox: Inbox, name: string): Promise<Arrival> {
  const found = (await arrivalsOf(inbox)).find((one) => one.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

for (const [kind, make] of Object.entries(PLACES))
  t.test(kind, async (t) => {
    const from = await make(t)
    const to = await make(t)
    const inbox = await openInbox(from.address, ACCESS)
    const done = await openInbox(kind === 'folder' ? `${to.address}processed` : to.address, ACCESS)
    await inbox.create()
    await done.create()
    await done.create()
    const doneFile = (name: string) =>
      kind === 'folder' ? readFile(join(done.place, name), 'utf8').catch(() => undefined) : to.read(name)

    await from.write('a/one.ndjson', '1')
    await from.write('two.json', '2')
    await from.write('.hidden/three.json', '3')
    const listed = await arrivalsOf(inbox)
    t.strictSame(
      listed.map(({ name, bytes }) => [name, bytes]),
      [
        ['a/one.ndjson', 1],
        ['two.json', 1],
      ],
      'it lists what arrived',
    )
    const source = await openSource(from.address, ACCESS)
    for await (const item of source.list(() => {}))
      t.equal(
        listed.find(({ name }) => name === item.name)?.version,
        item.version,
        `${item.name} has the version that a source lists`,
      )
    for (const { arrivedMs } of listed) t.ok(Math.abs(Date.now() - arrivedMs) < 60_000, 'with its time')

    const one = await arrival(inbox, 'a/one.ndjson')
    t.equal(await inbox.move(one, done, 'a/one.ndjson.processed'), 'a/one.ndjson.processed')
    t.equal(await doneFile('a/one.ndjson.processed'), '1', 'a moved file is there')
    t.equal(await from.read('a/one.ndjson'), undefined, 'and no longer here')

    await from.write('a/one.ndjson', '1, again')
    const again = await arrival(inbox, 'a/one.ndjson')
    t.equal(await inbox.move(again, done, 'a/one.ndjson.processed'), 'a/one.ndjson-2.processed')
    t.equal(await doneFile('a/one.ndjson.processed'), '1', 'nothing is replaced')

    const two = await arrival(inbox, 'two.json')
    await from.write('two.json', 'another')
    await t.rejects(inbox.move(two, done, 'two.json.err'), { code: 'SOURCE_CHANGED' })
    t.equal(await from.read('two.json'), 'another', 'a file that changed stays')
    t.equal(await doneFile('two.json.err'), undefined, 'and is not put away')

    await done.put('two.json.err.response', 'why')
    t.equal(await doneFile('two.json.err.response'), 'why')
    await t.rejects(inbox.move(two, done, '../outside'), { code: 'SOURCE_UNUSABLE' })
  })

t.test('a move that was cut short after the copy is finished, not repeated', async (t) => {
  const { container, client } = await newContainer(azurite, { role: 'sink' })
  const { client: targetClient } = await newContainer(azurite, { role: 'sink' })
  const place = { place: client.url, endpoint: `${azurite.url}/${ACCOUNT}`, prefix: '' }
  const inbox = new BlobInbox(container, place)
  const done = await openInbox(`azurite://${targetClient.containerName}`, ACCESS)
  await container.put('a.ndjson', Buffer.from('1'))
  const one = await arrival(inbox, 'a.ndjson')
  const remove = container.delete
  container.delete = async () => {
    throw new Error('killed')
  }
  await t.rejects(inbox.move(one, done, 'a'), { message: 'killed' })
  container.delete = remove
  t.equal(await inbox.move(await arrival(inbox, 'a.ndjson'), done, 'a'), 'a', 'the copy is found')
  t.strictSame(await arrivalsOf(inbox), [])
  t.strictSame(
    (await arrivalsOf(done)).map(({ name }) => name),
    ['a'],
  )
})

t.test('files are moved only within one kind of store', async (t) => {
  const { client } = await newContainer(azurite, { role: 'sink' })
  const folder = t.testdir({ 'a.json': '{}' })
  const inbox = await openInbox(folder, ACCESS)
  const container = await openInbox(`azurite://${client.containerName}`, ACCESS)
  await t.rejects(inbox.move(await arrival(inbox, 'a.json'), container, 'a.json'), { code: 'USAGE' })
})

t.test('numbered names keep their ending', async (t) => {
  const names = namesFor('a/b.ndjson.err')
  t.strictSame(
    [names.next().value, names.next().value, names.next().value],
    ['a/b.ndjson.err', 'a/b.ndjson-2.err', 'a/b.ndjson-3.err'],
  )
})
