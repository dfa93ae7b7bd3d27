import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { sluiceError } from '../../errors.js'
import { LIST_NAME, REPORT_NAME } from '../../published/names.js'
import type { ConfigStore, ContainerStore } from '../../server/jobs/export-run.js'
import { folderContainers } from '../../server/jobs/folder-containers.js'
import { badRequest } from '../../server/refusal.js'
import { isLocal, openLake, openSource, type StoreAccess, settle } from '../../storage/open.js'
import type { Source, SourceItem } from '../../storage/store.js'
import {
  type ConfigReading,
  conditionNotMet,
  folderConfigs,
  MAX_CONFIG_BYTES,
  planFrom,
  presetConfigs,
} from './configurations.js'

/** Containers as folders below a folder, or as prefixes in a container of the cloud. */
export const openContainers = (root: string, access: StoreAccess): ContainerStore =>
  isLocal(root) ? folderContainers(root) : cloudContainers(root, access)

const cloudContainers = (root: string, access: StoreAccess): ContainerStore => ({
  async open(container, folder) {
    const lake = await openLake(root, access)
    const sinkOf = () => lake.sink(`${container}/${folder}`)
    const files = () => openSource(below(root, `${container}/${folder}`), access)
    return {
      sink: (state) => ({ ...sinkOf(), state, localPaths: async () => [state.place] }),
      files,
      async discard() {
        const sink = sinkOf()
        for await (const { name } of (await files()).list(() => undefined)) await sink.remove(name)
        for (const name of [REPORT_NAME, LIST_NAME]) await sink.remove(name)
      },
    }
  },
})

/** The address of what lies below another: a SAS stays at its end. */
export const below = (address: string, path: string): string =>
  isLocal(address) ? join(address, path) : address.replace(/\/*(\?.*)?$/s, `/${path}$1`)

/** Configurations in a folder, or below a prefix of a container in the cloud; or one preset. A folder of its name wins. */
export async function openConfigs(
  root: string,
  access: StoreAccess,
  reading: ConfigReading,
): Promise<ConfigStore> {
  if (!isLocal(root)) return cloudConfigs(await openSource(root, access), reading)
  const preset = existsSync(root) ? undefined : presetConfigs(root, reading)
  return preset ?? folderConfigs(root, reading)
}

/** The ETag is the blob's own. Collections are folders, which the cloud has none of. */
const cloudConfigs = (source: Source, reading: ConfigReading): ConfigStore => ({
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
  const served = await pathOf(data, access)
  for (const [option, place] of Object.entries(places)) {
    if (place === undefined) continue
    const written = await pathOf(place, access)
    const isInside = written.startsWith(served)
    if (!isInside && !served.startsWith(written)) continue
    const what = isInside ? `${option} lies in the data` : `The data lie in ${option}`
    throw sluiceError('USAGE', `${what}; choose another place.`, {
      blame: 'user',
      retry: 'never',
      at: place.replace(/[?#].*$/s, ''),
    })
  }
}

/** What the paths of all that lies there begin with: a folder by its real path, a blob's by its endpoint. */
async function pathOf(address: string, access: StoreAccess): Promise<string> {
  const settled = settle(address, access)
  if (settled.kind === 'folder') {
    const path = await realpath(settled.path).catch(() => resolve(settled.path))
    return path.endsWith(sep) ? path : `${path}${sep}`
  }
  const { endpoint, container, path } = settled
  return `${[endpoint, container, path].filter(Boolean).join('/')}/`
}
