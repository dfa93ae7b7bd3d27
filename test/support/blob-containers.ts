import type { ContainerClient } from '@azure/storage-blob'
import { createRetry, type RetryOptions } from '../../src/retry.js'
import { azureContainer } from '../../src/storage/azure-blob.js'
import type { BlobContainer } from '../../src/storage/blob-container.js'
import type { RequestLimits } from '../../src/storage/request-limits.js'
import { Secret } from '../../src/storage/secret.js'
import { ACCOUNT, ACCOUNT_KEY, type Azurite } from './azurite.js'

/** A new container, spoken to by Sluice, with waits that a test can afford. */
export async function newContainer(
  azurite: Azurite,
  options: {
    /** Of a proxy in front of the emulator. */
    readonly url?: string
    readonly retry?: RetryOptions
    readonly limits?: RequestLimits
    readonly role?: 'source' | 'sink'
    readonly pageCount?: number
  } = {},
): Promise<{ readonly container: BlobContainer; readonly client: ContainerClient }> {
  const client = await azurite.container()
  const { url = azurite.url, role = 'source' } = options
  const container = azureContainer({
    endpoint: `${url}/${ACCOUNT}`,
    container: client.containerName,
    place: `azurite://${client.containerName}`,
    role,
    authorization: { kind: 'key', account: ACCOUNT, key: new Secret(ACCOUNT_KEY) },
    retry: createRetry({ baseMs: 1, ...options.retry }),
    limits: options.limits,
    pageCount: options.pageCount,
  })
  return { container, client }
}
