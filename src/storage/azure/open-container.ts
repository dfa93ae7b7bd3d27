import type { StoreAccess } from '../access.js'
import { authorizationFor, emulatorOf } from './authorization.js'
import { type BlobAddress, parseBlobAddress } from './blob-address.js'
import type { BlobContainer } from './blob-container.js'
import type { BlobRole } from './blob-errors.js'

/** Parses an address, `azurite://` as it is configured. Throws USAGE, CONFIG_INVALID. */
export function readBlobAddress(address: string, access: StoreAccess): BlobAddress {
  if (!/^azurite:/i.test(address)) return parseBlobAddress(address)
  return parseBlobAddress(address, emulatorOf(access.credentials()))
}

/** Opens the container of an address with the credentials that fit it. */
export async function openContainer(
  address: BlobAddress,
  access: StoreAccess,
  role: BlobRole,
): Promise<BlobContainer> {
  const { azureContainer } = await import('./azure-container.js')
  return azureContainer({
    endpoint: address.endpoint,
    container: address.container,
    place: address.place,
    role,
    authorization: await authorizationFor(address, access),
    retry: access.retry,
    limits: access.limits,
  })
}
