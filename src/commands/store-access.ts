import { baseFolderOf, parseConfigText, readConfigFile } from '../config/anonymizer/configuration-file.js'
import { configPathOf } from '../config/anonymizer/presets.js'
import { readAzureSettings } from '../config/environment/azure-settings.js'
import { settleProxies } from '../config/environment/proxy-settings.js'
import { sluiceError } from '../errors.js'
import { createRetry, type RetryEvent } from '../http/retry.js'
import type { StoreAccess } from '../storage/access.js'
import { isLocal, placeOf } from '../storage/open.js'
import { locate } from '../storage/stores.js'
import type { Terminal } from './display/terminal.js'

export interface AccessOptions {
  readonly readAheadBytes?: number | undefined
  readonly onRetry?: (retry: RetryEvent) => void
}

/** What the stores of one run share: credentials, retries, and the signal that ends their requests. */
export const storeAccess = (
  { signal }: Terminal,
  { readAheadBytes, onRetry }: AccessOptions = {},
): StoreAccess => ({
  credentials() {
    settleProxies()
    return readAzureSettings()
  },
  retry: createRetry({ signal, onRetry }),
  readAheadBytes,
})

/**
 * Reads a configuration as it is written: a file (relative to `from`), a preset by its name, or a blob. `baseFolder` is
 * where the relative paths in it start: for a blob the current folder. Throws CONFIG_INVALID, USAGE and SOURCE_*.
 */
export async function readConfigAt(
  address: string,
  access: StoreAccess,
  from?: string,
): Promise<{ readonly raw: unknown; readonly baseFolder: string }> {
  if (isLocal(address)) {
    const path = configPathOf(address, from)
    return { raw: await readConfigFile(path, access.retry.signal), baseFolder: baseFolderOf(path) }
  }
  const place = placeOf(address)
  const text = await locate(address, access).readText()
  if (text !== undefined) return { raw: parseConfigText(text, place), baseFolder: process.cwd() }
  throw sluiceError('CONFIG_INVALID', {
    at: place,
    message: 'there is no such configuration',
    help: 'check the address',
  })
}
