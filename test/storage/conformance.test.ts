// Holds src/storage/store.ts, src/storage/folder/folder-state.ts, src/storage/folder/folder-sink-item.ts,
// src/storage/folder/file-reader.ts, src/storage/folder/file-version.ts,
// src/storage/folder/folder-files.ts, src/storage/folder/folder-names.ts,
// src/storage/folder/file-errors.ts, src/storage/memory/memory-content.ts,
// src/storage/memory/memory-sink-item.ts, src/storage/memory/memory-state.ts,
// src/storage/azure/state/blob-state.ts, src/storage/azure/output/block-sink-item.ts,
// src/storage/azure/output/block-uploads.ts, src/storage/azure/open-container.ts, src/storage/output-digest.ts.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { createRetry } from '../../src/http/retry.js'
import type { StoreAccess } from '../../src/storage/access.js'
import { memorySink, memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import { openLake, openSource } from '../../src/storage/open.js'
import { STORES } from '../../src/storage/stores.js'
import { ACCOUNT, ACCOUNT_KEY, startAzurite } from '../support/azurite.js'
import { newContainer } from '../support/blob-containers.js'
import { OUTPUT_CHECKS } from './output-checks.js'
import type { StoreUnderTest } from './place.js'
import { SOURCE_CHECKS } from './source-checks.js'
import { STATE_CHECKS } from './state-checks.js'
import { UNIT_CHECKS } from './unit-checks.js'

const CHECKS = { ...SOURCE_CHECKS, ...OUTPUT_CHECKS, ...STATE_CHECKS, ...UNIT_CHECKS }

const azurite = await startAzurite(t)

const retry = createRetry({ baseMs: 1 })
const ACCESS: StoreAccess = {
  credentials: () => ({
    accounts: [],
    emulator: { account: ACCOUNT, endpoint: `${azurite.url}/${ACCOUNT}`, key: ACCOUNT_KEY },
  }),
  retry,
}

/** Each is opened by its address, as runs open it, but for the one that has none. */
const TESTED: readonly StoreUnderTest[] = [
  {
    name: 'folder',
    async make(t) {
      const folder = join(t.testdir(), 'place')
      await mkdir(folder)
      const lake = await openLake(folder, ACCESS)
      return {
        source: await openSource(folder, ACCESS),
        sink: () => lake.sink(''),
        async write(name, content) {
          const path = join(folder, name)
          await mkdir(dirname(path), { recursive: true })
          await writeFile(path, content)
        },
        delete: (name) => rm(join(folder, name)),
      }
    },
    differences: {
      'order within folders': 'the names of all folders at once need not fit into memory',
      'no output above another': 'a path is a file or a folder',
      'short segments': 'file systems have no longer ones',
      'replaces whatever is there': 'a rename has no condition',
    },
  },
  {
    name: 'memory',
    async make() {
      const content = new MemoryContent()
      return {
        source: memorySource(content),
        sink: () => memorySink(content),
        write: async (name, bytes) => content.write(name, bytes),
        delete: async (name) => void content.objects.delete(name),
      }
    },
    differences: {},
  },
  {
    name: 'azure',
    async make() {
      const { container, client } = await newContainer(azurite, { role: 'sink' })
      const { client: state } = await newContainer(azurite, { role: 'sink' })
      const address = `azurite://${client.containerName}`
      const lake = await openLake(address, ACCESS, { state: `azurite://${state.containerName}` })
      return {
        source: await openSource(address, ACCESS),
        sink: () => lake.sink(''),
        write: async (name, content) => void (await container.put(name, Buffer.from(content))),
        delete: async (name) => void (await container.delete(name)),
      }
    },
    differences: { 'aborted bytes stay': 'the service forgets uncommitted blocks only after a week' },
  },
]

t.test('every store of the table is tested', async (t) => {
  const tested = TESTED.map(({ name }) => name)
  for (const { name } of STORES) t.ok(tested.includes(name), name)
})

for (const store of TESTED)
  t.test(store.name, async (t) => {
    for (const [difference, reason] of Object.entries(store.differences))
      t.comment(`${difference}: ${reason}`)
    for (const [name, check] of Object.entries(CHECKS))
      t.test(name, async (t) => check(t, await store.make(t), store))
  })
