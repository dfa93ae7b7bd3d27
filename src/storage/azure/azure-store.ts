import type { StoreKind } from '../location.js'
import { missingScheme, parseBlobAddress, SCHEMES } from './blob-address.js'
import { blobLocation } from './blob-location.js'
import { readBlobAddress } from './open-container.js'

/** Containers of Azure Blob Storage and of its emulator, and paths in them. */
export const azureStore: StoreKind = {
  name: 'azure',
  schemes: SCHEMES,
  spellings: ['https://', 'abfss://', 'azurite://'],
  missingScheme,
  placeOf: (address) => parseBlobAddress(address).place,
  localPaths(address) {
    parseBlobAddress(address)
    return undefined
  },
  locate: (address, access) => blobLocation(readBlobAddress(address, access), access),
}
