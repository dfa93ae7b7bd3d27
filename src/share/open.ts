import { sluiceError } from '../errors.js'
import type { StoreAccess } from '../storage/access.js'
import { authorizationFor } from '../storage/azure/authorization.js'
import type { Authorization } from '../storage/azure/azure-client.js'
import { type BlobAddress, prefixOf, stateAddressOf } from '../storage/azure/blob-address.js'
import { openContainer } from '../storage/azure/open-container.js'
import { blobAddressAt, placeOf } from '../storage/open.js'
import type { ShareSigner } from './links.js'
import type { SharePlace } from './share.js'

const AUDIT_NAME = 'shares.ndjson'

/**
 * What is needed to share from an address. `state` is where the run that made the output keeps its state, if it was
 * named. Throws USAGE if the address is not that of a container, or if no one can sign.
 */
export async function openShare(address: string, access: StoreAccess, state?: string): Promise<SharePlace> {
  const parsed = cloudAddress(address, access)
  const { sas: _, ...bare } = parsed
  if (parsed.sas !== undefined)
    throw refuse(
      parsed.place,
      'a SAS cannot make other links',
      'give the address without it, and sign in or give the account key',
    )
  const stateAt = state === undefined ? undefined : cloudAddress(state, access)
  const stateOf = (folder: string): BlobAddress => stateAt ?? stateAddressOf({ ...bare, path: folder })
  const states = await openContainer(stateOf(''), access, 'sink')
  return {
    address: bare,
    container: await openContainer(bare, access, 'source'),
    auditOf: (folder) => ({
      container: states,
      name: `${prefixOf(stateOf(folder))}${AUDIT_NAME}`,
      place: `${stateOf(folder).place}/${AUDIT_NAME}`,
    }),
    signers: await signersFor(bare, access),
    retry: access.retry,
    limits: access.limits,
  }
}

/** Lists the identity, if there may be one, then the account key. */
async function signersFor(address: BlobAddress, access: StoreAccess): Promise<readonly ShareSigner[]> {
  const { azureAccount } = await import('../storage/azure/azure-account.js')
  const { endpoint, container, place } = address
  const accountOf = (authorization: Authorization) =>
    azureAccount({
      endpoint,
      container,
      place,
      role: 'source',
      authorization,
      retry: access.retry,
      limits: access.limits,
    })
  const given = await authorizationFor(address, access)
  const signers: ShareSigner[] = []
  if (address.isAzure) {
    const { defaultIdentity } = await import('../storage/azure/identity.js')
    const identity = given.kind === 'token' ? given.identity : defaultIdentity()
    signers.push({ kind: 'identity', account: accountOf({ kind: 'token', identity }) })
  }
  if (given.kind === 'key') signers.push({ kind: 'key', account: accountOf(given), key: given.key })
  if (signers.length > 0) return signers
  throw refuse(place, 'a SAS cannot make other links', 'give the account key')
}

function cloudAddress(address: string, access: StoreAccess): BlobAddress {
  const blob = blobAddressAt(address, access)
  if (blob !== undefined) return blob
  throw refuse(
    placeOf(address),
    'must be the address of a container or of something in it',
    'for example https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH',
  )
}

const refuse = (place: string, message: string, help: string) =>
  sluiceError('USAGE', { at: place, message, help })
