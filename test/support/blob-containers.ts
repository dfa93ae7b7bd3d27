import type { ContainerClient } from '@azure/storage-blob'
import type { RequestLimits } from '../../src/http/request-limits.js'
import { createRetry, type RetryOptions } from '../../src/http/retry.js'
import { Secret } from '../../src/secret.js'
import { azureContainer } from '../../src/storage/azure/azure-container.js'
import type { BlobContainer } from '../../src/storage/azure/blob-container.js'
import { ACCOUNT, ACCOUNT_KEY, type Azurite } from './azurite.js'

export interface AccessOptions {
  readonly retry?: RetryOptions
  readonly limits?: RequestLimits
  readonly role?: 'source' | 'sink'
  readonly pageCount?: number
}

/** A container at the emulator, or at a proxy in front of it, spoken to by Sluice with waits that a test can afford. */
export const containerAt = (url: string, name: string, options: AccessOptions = {}): BlobContainer =>
  azureContainer({
    endpoint: `${url}/${ACCOUNT}`,
    container: name,
    place: `azurite://${name}`,
    role: options.role ?? 'source',
    authorization: { kind: 'key', account: ACCOUNT, key: new Secret(ACCOUNT_KEY) },
    retry: createRetry({ baseMs: 1, ...options.retry }),
    limits: options.limits,
    pageCount: options.pageCount,
  })

/** A new one; `url` is that of a proxy. */
export async function newContainer(
  azurite: Azurite,
  { url = azurite.url, ...options }: AccessOptions & { readonly url?: string | undefined } = {},
): Promise<{ readonly container: BlobContainer; readonly client: ContainerClient }> {
  const client = await azurite.container()
  return { container: containerAt(url, client.containerName, options), client }
}
