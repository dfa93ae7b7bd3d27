import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { sluiceError } from '../../errors.js'
import { LIST_NAME, REPORT_NAME } from '../../published/names.js'
import type { ConfigStore, ContainerStore } from '../../server/jobs/export-work.js'
import { folderContainers } from '../../server/jobs/folder-containers.js'
import { badRequest } from '../../server/refusal.js'
import type { StoreAccess } from '../../storage/access.js'
import type { Location } from '../../storage/location.js'
import { openLake } from '../../storage/open.js'
import type { Lake, Source, SourceItem } from '../../storage/store.js'
import { locate } from '../../storage/stores.js'
import {
  type ConfigReading,
  conditionNotMet,
  folderConfigs,
  MAX_CONFIG_BYTES,
  planFrom,
  presetConfigs,
} from './configurations.js'

/** Containers as folders below a folder, or below an address in the cloud. */
export function openContainers(root: string, access: StoreAccess): ContainerStore {
  const location = locate(root, access)
  return location.localPath === undefined
    ? remoteContainers(location, () => openLake(root, access))
    : folderContainers(location.localPath)
}

const remoteContainers = (root: Location, openRoot: () => Promise<Lake>): ContainerStore => ({
  async open(container, folder) {
    const name = `${container}/${folder}`
    const lake = await openRoot()
    const files = () => root.below(name).source()
    return {
      sink: (state) => ({ ...lake.sink(name), state, localPaths: async () => [state.place] }),
      files,
      async discard() {
        const sink = lake.sink(name)
        for await (const { name } of (await files()).list(() => undefined)) await sink.remove(name)
        for (const name of [REPORT_NAME, LIST_NAME]) await sink.remove(name)
      },
    }
  },
})

/**
 * Configurations in a folder, or below an address in the cloud; or one preset. A folder of its name wins. By default
 * they lie in `anonymization` below the outputs.
 */
export async function openConfigs(
  { configs, outputs }: { readonly configs?: string | undefined; readonly outputs: string },
  access: StoreAccess,
  reading: ConfigReading,
): Promise<ConfigStore> {
  const location =
    configs === undefined ? locate(outputs, access).below('anonymization') : locate(configs, access)
  const folder = location.localPath
  if (folder === undefined) return remoteConfigs(await location.source(), reading)
  const preset = existsSync(folder) ? undefined : presetConfigs(folder, reading)
  return preset ?? folderConfigs(folder, reading)
}

/** The ETag is the blob's own. Collections are folders, which the cloud has none of. */
const remoteConfigs = (source: Source, reading: ConfigReading): ConfigStore => ({
  hasCollection: async () => false,
  async load({ config, etag }) {
    const item = await source.head(config)
    if (item === undefined)
      throw badRequest(`Anonymization configuration '${config}' not found.`, 'not-found')
    if (item.bytes > MAX_CONFIG_BYTES)
      throw badRequest(`Anonymization configuration '${config}' is too large.`, 'too-costly')
    if (etag !== undefined && unquoted(etag) !== unquoted(item.version)) throw conditionNotMet()
    const text = await readItem(source, item)
    const digest = createHash('sha256').update(text).digest('hex')
    return { plan: planFrom(text, { config, baseFolder: process.cwd(), reading }), digest }
  },
})

const unquoted = (etag: string): string => etag.replace(/^"|"$/g, '')

async function readItem(source: Source, item: SourceItem): Promise<Buffer> {
  const reader = await source.open(item, 0)
  try {
    const bytes = Buffer.alloc(item.bytes)
    return bytes.subarray(0, await reader.read(bytes))
  } finally {
    await reader.close()
  }
}

/**
 * Throws USAGE where the server would write into the data, or the data lie where it writes: that would be served, or
 * change what is served.
 */
export async function refuseShared(
  data: string,
  places: Readonly<Record<string, string | undefined>>,
  access: StoreAccess,
): Promise<void> {
  const served = await locate(data, access).root()
  for (const [option, place] of Object.entries(places)) {
    if (place === undefined) continue
    const written = await locate(place, access).root()
    const isInside = written.startsWith(served)
    if (!isInside && !served.startsWith(written)) continue
    const what = isInside ? `${option} lies in the data` : `the data lie in ${option}`
    throw sluiceError('USAGE', {
      at: place.replace(/[?#].*$/s, ''),
      message: what,
      help: 'choose another place',
    })
  }
}
