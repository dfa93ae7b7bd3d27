import { sluiceError } from '../../errors.js'
import { judgeConfig } from './configuration.js'
import { baseFolderOf, readConfigFile } from './configuration-file.js'
import { resolveKeys } from './keys.js'
import { configPathOf } from './presets.js'
import type { KeySource } from './schema.js'

/** Where `sluice decrypt` finds its key: one of these. */
export interface DecryptKeyPlace {
  readonly config?: string | undefined
  readonly env?: string | undefined
  readonly file?: string | undefined
}

/** The key, 16, 24 or 32 bytes of UTF-8. Throws SluiceError CONFIG_INVALID, which never quotes it. */
export async function encryptKeyOf({ config, env, file }: DecryptKeyPlace): Promise<string> {
  if (config !== undefined) return keyOfConfig(config)
  const source: KeySource = env === undefined ? { file: file ?? '' } : { env }
  const { fixed, problems } = resolveKeys({ encryptKey: source }, new Map(), {
    baseFolder: process.cwd(),
    allowRandomKeys: false,
    allowWeakKeys: true,
    warnsOfWeakKeys: false,
  })
  if (fixed.encryptKey !== undefined && problems.length === 0) return fixed.encryptKey
  throw noKey(
    `no key: ${problems[0]?.message ?? 'it is empty'}`,
    'provide it by --config, --key-env or --key-file',
  )
}

async function keyOfConfig(nameOrPath: string): Promise<string> {
  const path = configPathOf(nameOrPath)
  const { checked, problems } = judgeConfig(await readConfigFile(path), {
    baseFolder: baseFolderOf(path),
    allowRandomKeys: true,
    allowWeakKeys: true,
    warnsOfWeakKeys: false,
  })
  if (checked === undefined) {
    const places = problems.map((problem) => problem.path).join(', ')
    throw noKey(`${path} has problems (${places})`, 'sluice lint explains them')
  }
  const { encryptKey } = checked.spec.parameters
  if (encryptKey !== undefined) return encryptKey
  const fate = checked.randomKeys.includes('encryptKey')
    ? 'its encryptKey is made for each run and destroyed'
    : 'it has no encryptKey'
  throw noKey(
    `${path} gives no key to decrypt with: ${fate}`,
    'give the configuration with the key that encrypted the values',
  )
}

const noKey = (message: string, help: string) => sluiceError('CONFIG_INVALID', { message, help })
