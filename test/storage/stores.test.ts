// Holds src/storage/stores.ts, src/storage/location.ts, src/storage/address-error.ts, src/storage/open.ts,
// src/storage/folder/folder-store.ts, src/storage/azure/azure-store.ts, src/storage/azure/blob-location.ts.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createRetry } from '../../src/http/retry.js'
import type { StoreAccess } from '../../src/storage/access.js'
import type { Location } from '../../src/storage/location.js'
import { blobAddressAt, isLocal, localPathsOf, placeOf } from '../../src/storage/open.js'
import { locate, STORES, storeOf } from '../../src/storage/stores.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../support/azurite.js'

const azurite = await startAzurite(t)
const ACCESS: StoreAccess = {
  credentials: () => ({
    accounts: [],
    emulator: { account: ACCOUNT, endpoint: `${azurite.url}/${ACCOUNT}`, key: ACCOUNT_KEY },
  }),
  retry: createRetry({ baseMs: 1 }),
}

t.test('each address belongs to one store', async (t) => {
  for (const [address, name] of [
    ['in', 'folder'],
    ['/data/in', 'folder'],
    ['C:\\data', 'folder'],
    ['https://acct.blob.core.windows.net/data', 'azure'],
    ['HTTPS://acct.blob.core.windows.net/data', 'azure'],
    ['http://127.0.0.1:10000/acct/data', 'azure'],
    ['abfss://data@acct.dfs.core.windows.net/a', 'azure'],
    ['azurite://data', 'azure'],
  ] as const) {
    t.equal(storeOf(address).name, name, address)
    t.equal(isLocal(address), name === 'folder', address)
  }
  const schemes = STORES.flatMap((store) => store.schemes)
  t.equal(new Set(schemes).size, schemes.length, 'no scheme is claimed twice')
})

t.test(
  'an unknown scheme is refused with the schemes that there are, a missing one with the advice',
  async (t) => {
    t.throws(() => storeOf('s3://bucket/x'), {
      code: 'USAGE',
      at: 's3://bucket/x',
      message: /has an unknown scheme; give a path, https:\/\/, abfss:\/\/ or azurite:\/\//,
    })
    for (const address of ['acct.blob.core.windows.net/data', 'https:/acct.blob.core.windows.net/data'])
      t.throws(() => storeOf(address), { code: 'USAGE', message: /write https:\/\/ before it/ }, address)
    try {
      storeOf('s3://key:c2VjcmV0@bucket/x?sig=c2VjcmV0')
      t.fail('an unknown scheme')
    } catch (error) {
      t.notMatch(JSON.stringify({ ...(error as object), message: String(error) }), /c2VjcmV0/)
    }
  },
)

t.test('an address that its store cannot have is refused before anything is opened', async (t) => {
  const address = 'https://acct.blob.core.windows.net/UPPER'
  for (const ask of [isLocal, placeOf, localPathsOf]) t.throws(() => ask(address), { code: 'USAGE' })
  t.throws(() => locate(address, ACCESS), { code: 'USAGE' })
})

t.test(
  'only what is on this machine has local paths, and only what is in a container a blob address',
  async (t) => {
    t.same(localPathsOf('/data/out'), { outputs: '/data/out', state: '/data/out.sluice' })
    t.same(localPathsOf('azurite://data/out'), {})
    t.equal(blobAddressAt('/data/out', ACCESS), undefined)
    t.match(blobAddressAt('azurite://data/out', ACCESS), { container: 'data', path: 'out' })
  },
)

const textsIn = async (location: Location): Promise<Readonly<Record<string, string>>> => {
  const files = await location.outputFiles()
  const texts: Record<string, string> = {}
  for await (const file of files.list()) {
    const pieces: Buffer[] = []
    for await (const piece of files.read(file)) pieces.push(Buffer.from(piece))
    texts[file.name] = Buffer.concat(pieces).toString()
  }
  return texts
}

/** For each row, a location with the files `a.txt` and `sub/.b`, and a name for another one. */
const MADE: Readonly<
  Record<string, (t: Test) => Promise<{ readonly address: string; readonly statePlace: string }>>
> = {
  async folder(t) {
    const folder = join(realpathSync(t.testdir()), 'place')
    mkdirSync(join(folder, 'sub'), { recursive: true })
    writeFileSync(join(folder, 'a.txt'), 'A')
    writeFileSync(join(folder, 'sub/.b'), 'B')
    return { address: folder, statePlace: `${folder}.sluice` }
  },
  async azure() {
    const client = await azurite.container()
    await client.getBlockBlobClient('run/a.txt').upload('A', 1)
    await client.getBlockBlobClient('run/sub/.b').upload('B', 1)
    const name = client.containerName
    return { address: `azurite://${name}/run`, statePlace: `azurite://${name}-sluice/run` }
  },
}

for (const { name } of STORES)
  t.test(`${name}: a location lists, reads and nests`, async (t) => {
    const make = MADE[name]
    if (make === undefined) throw new Error(`no location is made for ${name}`)
    const { address, statePlace } = await make(t)
    const location = locate(address, ACCESS)
    t.equal(location.place, address)
    t.equal(location.stateLocation().place, statePlace)
    t.notOk((await location.loadStateLocation().root()).startsWith(await location.root()))
    t.same(await textsIn(location), { 'a.txt': 'A', 'sub/.b': 'B' }, 'hidden files, too')
    const below = location.below('sub')
    t.equal(below.place, `${address}/sub`)
    t.same(await textsIn(below), { '.b': 'B' })
    t.equal(await location.below('a.txt').readText(), 'A')
    t.equal(await location.below('none.txt').readText(), undefined)
    const [root, inner] = [await location.root(), await below.root()]
    t.ok(inner.startsWith(root) && inner !== root, `${inner} lies in ${root}`)
    t.notOk((await locate(`${address}x`, ACCESS).root()).startsWith(root), 'not what only begins so')
    t.ok(root.startsWith(await location.readableRoot()))
    t.notOk((await location.stateLocation().root()).startsWith(await location.readableRoot()))
  })

t.test('a folder is known by its real path, also where its end is not there yet', async (t) => {
  const place = realpathSync(t.testdir())
  mkdirSync(join(place, 'real'))
  symlinkSync(join(place, 'real'), join(place, 'link'))
  t.equal(await locate(join(place, 'link/new/a'), ACCESS).root(), `${join(place, 'real/new/a')}/`)
  t.equal(await locate('/', ACCESS).root(), '/')
})
