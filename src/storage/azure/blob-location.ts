import { sluiceError } from '../../errors.js'
import type { StoreAccess } from '../access.js'
import type { LakeSettings, Location, StateOf } from '../location.js'
import { type BlobAddress, prefixOf, stateAddressOf } from './blob-address.js'
import { openContainer } from './open-container.js'

/** A container or a prefix in it. The SDK is loaded when something is opened. */
export function blobLocation(address: BlobAddress, access: StoreAccess): Location {
  const { place, endpoint, container, path } = address
  return {
    place,
    async source() {
      const { azureSource } = await import('./azure-source.js')
      const opened = await openContainer(address, access, 'source')
      return azureSource(opened, address, { readAheadBytes: access.readAheadBytes })
    },
    async lake({ stateOf, isToBeCreated }: LakeSettings) {
      const { azureLake } = await import('./output/azure-sink.js')
      const opened = await openContainer(address, access, 'sink')
      if (isToBeCreated) await opened.createIfMissing()
      return azureLake({ container: opened, place, prefix: prefixOf(address), stateOf })
    },
    states: () => statesAt(address, access),
    stateLocation: () => blobLocation(stateAddressOf(address), access),
    loadStateLocation: () => blobLocation(stateAddressOf(address), access).below('load'),
    async outputFiles() {
      const { blobOutput } = await import('./blob-output.js')
      return blobOutput(await openContainer(address, access, 'source'), prefixOf(address), place)
    },
    async inbox() {
      const { BlobInbox } = await import('./blob-inbox.js')
      return new BlobInbox(await openContainer(address, access, 'sink'), {
        place,
        endpoint,
        prefix: prefixOf(address),
      })
    },
    async readText() {
      if (path === '')
        throw sluiceError('USAGE', { at: place, message: 'the address does not name a file in a container' })
      return (await (await openContainer(address, access, 'source')).readText(path))?.text
    },
    below: (name) =>
      blobLocation({ ...address, path: `${prefixOf(address)}${name}`, place: `${place}/${name}` }, access),
    root: async () => `${[endpoint, container, path].filter(Boolean).join('/')}/`,
    // Read access may extend to the whole container.
    readableRoot: async () => `${endpoint}/${container}/`,
  }
}

async function statesAt(address: BlobAddress, access: StoreAccess): Promise<StateOf> {
  const container = await openContainer(address, access, 'sink')
  const { blobState } = await import('./state/blob-state.js')
  const { place } = address
  const prefix = prefixOf(address)
  return (folder) =>
    blobState({
      container,
      place: folder ? `${place}/${folder}` : place,
      prefix: folder ? `${prefix}${folder}/` : prefix,
      isShared: folder === undefined,
      signal: access.retry.signal,
    })
}
