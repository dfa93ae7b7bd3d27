import { createHash } from 'node:crypto'
import { open, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { type ConfigOptions, checkConfig } from '../../config/anonymizer/configuration.js'
import { parseConfigText } from '../../config/anonymizer/configuration-file.js'
import { planOf } from '../../config/anonymizer/plan.js'
import { presetPath } from '../../config/anonymizer/presets.js'
import { isSluiceError } from '../../errors.js'
import type { AnonymizerPlan } from '../../pipeline/plan.js'
import type { ConfigStore } from '../../server/jobs/export-work.js'
import { badRequest } from '../../server/refusal.js'

/** How the server reads its configurations. */
export type ConfigReading = Pick<ConfigOptions, 'fhirVersion' | 'allowRandomKeys' | 'allowWeakKeys'>

export const MAX_CONFIG_BYTES = 1024 * 1024

/**
 * Anonymizer configurations in a folder. A collection (`registry/name:tag`) is the sub-folder `registry/name/tag`,
 * where the files of the image lie. The ETag of a configuration is the SHA-256 of its bytes, in hexadecimal.
 */
export function folderConfigs(root: string, reading: ConfigReading): ConfigStore {
  return {
    hasCollection: (collection) => isFolder(join(root, collectionPath(collection))),
    async load({ config, etag, collection }) {
      if (!(await isFolder(root))) throw badRequest('Anonymization container not found.', 'not-found')
      const folder = collection === undefined ? root : join(root, collectionPath(collection))
      const text = await readWithin(folder, config)
      const digest = createHash('sha256').update(text).digest('hex')
      if (etag !== undefined && unquoted(etag) !== digest) throw conditionNotMet()
      return {
        plan: planFrom(text, { config, baseFolder: dirname(join(folder, config)), reading }),
        digest,
      }
    },
  }
}

/** One preset as the only configuration; clients name it with or without `.json`. Undefined for no preset's name. */
export function presetConfigs(name: string, reading: ConfigReading): ConfigStore | undefined {
  const path = presetPath(name)
  if (path === undefined) return undefined
  const folder = folderConfigs(dirname(path), reading)
  const file = basename(path)
  return {
    hasCollection: async () => false,
    async load(order) {
      if (order.config !== name && order.config !== file) throw configNotFound(order.config)
      return folder.load({ ...order, config: file })
    },
  }
}

/** The plan of a configuration's text; its relative paths start at `baseFolder`. Throws Refusal 400. */
export function planFrom(
  text: Buffer,
  options: { readonly config: string; readonly baseFolder: string; readonly reading: ConfigReading },
): AnonymizerPlan {
  const { config, baseFolder, reading } = options
  try {
    return planOf(checkConfig(parseConfigText(text.toString('utf8'), config), { ...reading, baseFolder }))
  } catch (error) {
    if (!isSluiceError(error)) throw error
    throw badRequest(`Failed to parse configuration file: ${error.message}`)
  }
}

export const conditionNotMet = () =>
  badRequest(
    'The condition specified using HTTP conditional header(s) is not met: _anonymizationConfigEtag.',
    'conflict',
  )

const configNotFound = (name: string) =>
  badRequest(`Anonymization configuration '${name}' not found.`, 'not-found')

/** `name:tag` as folders; digests too. */
const collectionPath = (collection: string): string => collection.replace(/[:@]/g, '/')

const unquoted = (etag: string): string => etag.replace(/^"|"$/g, '').toLowerCase()

/** The bytes of a file that lies below the folder, whatever links there are. */
async function readWithin(folder: string, name: string): Promise<Buffer> {
  const missing = () => configNotFound(name)
  const path = await realpath(join(folder, name)).catch(() => {
    throw missing()
  })
  if (!path.startsWith(`${await realpath(folder)}${sep}`)) throw missing()
  const file = await open(path, 'r')
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw missing()
    if (stats.size > MAX_CONFIG_BYTES)
      throw badRequest(`Anonymization configuration '${name}' is too large.`, 'too-costly')
    return await file.readFile()
  } finally {
    await file.close()
  }
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false
