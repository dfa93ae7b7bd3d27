import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import t from 'tap'
import { azureSink } from '../../src/storage/azure/azure-sink.js'
import { azureSource } from '../../src/storage/azure/azure-source.js'
import { blobState } from '../../src/storage/azure/blob-state.js'
import { folderSink, folderSource } from '../../src/storage/folder/folder.js'
import { memorySink, memorySource } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'
import { startAzurite } from '../support/azurite.js'
import { containerAt, newContainer } from '../support/blob-containers.js'
import { OUTPUT_CHECKS } from './output-checks.js'
import type { StoreUnderTest } from './place.js'
import { SOURCE_CHECKS } from './source-checks.js'
import { STATE_CHECKS } from './state-checks.js'

const CHECKS = { ...SOURCE_CHECKS, ...OUTPUT_CHECKS, ...STATE_CHECKS }

const azurite = await startAzurite(t)

const STORES: readonly StoreUnderTest[] = [
  {
    name: 'folder',
    async make(t) {
      const folder = join(t.testdir(), 'place')
      await mkdir(folder)
      return {
        source: folderSource(folder),
        sink: () => folderSink(folder),
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
      const { container: state } = await newContainer(azurite, { role: 'sink' })
      const { containerName } = client
      return {
        source: azureSource(containerAt(azurite.url, containerName), {
          place: container.place,
          container: containerName,
          path: '',
        }),
        sink: () =>
          azureSink({
            container,
            place: container.place,
            prefix: '',
            state: blobState({ container: state, place: state.place, prefix: '' }),
          }),
        write: async (name, content) => void (await container.put(name, Buffer.from(content))),
        delete: async (name) => void (await container.delete(name)),
      }
    },
    differences: { 'aborted bytes stay': 'the service forgets uncommitted blocks only after a week' },
  },
]

for (const store of STORES)
  t.test(store.name, async (t) => {
    for (const [difference, reason] of Object.entries(store.differences))
      t.comment(`${difference}: ${reason}`)
    for (const [name, check] of Object.entries(CHECKS))
      t.test(name, async (t) => check(t, await store.make(t), store))
  })
