import { sluiceError } from '../errors.js'
import type { Retry } from '../retry.js'
import { type BlobAddress, parseAddress } from './address.js'
import type { Authorization } from './azure-blob.js'
import type { BlobContainer } from './blob-container.js'
import type { BlobRole } from './blob-errors.js'
import { folderSink, folderSource } from './folder.js'
import type { RequestLimits } from './request-limits.js'
import { checkSas } from './sas.js'
import { Secret } from './secret.js'
import type { Sink, Source } from './store.js'

/** What stores in the cloud need beside their address. */
export interface StoreAccess {
  /** Asked for such addresses only. Throws CONFIG_INVALID. */
  readonly credentials: () => CloudCredentials
  /** One for all stores of a run. */
  readonly retry: Retry
  readonly limits?: RequestLimits
  /** Held by a source, beside the memory budget, to fetch a large blob ahead of its reader. Default 32 MiB. */
  readonly readAheadBytes?: number
}

/** Keys and SAS by account, and where `azurite://` leads. */
export interface CloudCredentials {
  readonly accounts: readonly AccountCredentials[]
  readonly emulator?: AccountCredentials
}

export interface AccountCredentials {
  readonly account: string
  readonly endpoint?: string
  readonly key?: string
  readonly sas?: string
}

/** The emulator's own account and key, published by Microsoft; they open nothing else. */
const EMULATOR = {
  account: 'devstoreaccount1',
  endpoint: 'http://127.0.0.1:10000/devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
}

/** Whether an address names something on this machine. Throws USAGE for one that cannot be. */
export const isLocal = (address: string): boolean => parseAddress(address).kind === 'folder'

/** A folder, a file, a container or what lies below a prefix of it. Throws USAGE, CONFIG_INVALID. */
export async function openSource(address: string, access: StoreAccess): Promise<Source> {
  const parsed = settle(address, access)
  if (parsed.kind === 'folder') return folderSource(parsed.path)
  const { azureSource } = await import('./azure-source.js')
  const container = await openContainer(parsed, access, 'source')
  return azureSource(container, parsed, { readAheadBytes: access.readAheadBytes })
}

/** A folder. Throws USAGE. */
export async function openSink(address: string, access: StoreAccess): Promise<Sink> {
  const parsed = settle(address, access)
  if (parsed.kind === 'folder') return folderSink(parsed.path)
  throw sluiceError('USAGE', 'Outputs go to a folder.', { blame: 'user', retry: 'never', at: parsed.place })
}

/** The text of one blob; undefined if there is none. Throws USAGE for what is no blob's address, and SOURCE_*. */
export async function readCloudText(address: string, access: StoreAccess): Promise<string | undefined> {
  const parsed = settle(address, access)
  if (parsed.kind === 'folder' || parsed.path === '')
    throw sluiceError('USAGE', 'The address names no file in a container.', {
      blame: 'user',
      retry: 'never',
      at: parsed.kind === 'folder' ? parsed.path : parsed.place,
    })
  const container = await openContainer(parsed, access, 'source')
  return (await container.readText(parsed.path))?.text
}

/** The address without credentials. Throws USAGE. */
export function placeOf(address: string): string {
  const parsed = parseAddress(address)
  return parsed.kind === 'folder' ? parsed.path : parsed.place
}

function settle(address: string, access: StoreAccess) {
  if (!/^azurite:/i.test(address)) return parseAddress(address)
  const { account, endpoint } = emulatorOf(access.credentials())
  return parseAddress(address, { account, endpoint })
}

const emulatorOf = ({ emulator }: CloudCredentials) => ({
  account: emulator?.account ?? EMULATOR.account,
  endpoint: emulator?.endpoint ?? EMULATOR.endpoint,
  key: emulator?.key ?? (emulator?.sas === undefined ? EMULATOR.key : undefined),
  sas: emulator?.sas,
})

/** The container of an address, with the credentials that fit it. */
export async function openContainer(
  address: BlobAddress,
  access: StoreAccess,
  role: BlobRole,
): Promise<BlobContainer> {
  const { azureContainer } = await import('./azure-blob.js')
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

/** A SAS in the address goes first, then key or SAS of this account, then who runs this. */
async function authorizationFor(address: BlobAddress, access: StoreAccess): Promise<Authorization> {
  if (address.sas !== undefined) return { kind: 'sas', ...address.sas }
  const credentials = access.credentials()
  const candidates = address.isEmulator ? [emulatorOf(credentials)] : credentials.accounts
  const own = candidates.filter(({ account }) => account === address.account)
  const { account } = address
  // A key signs and stays here; a SAS goes with the request, so only to the endpoint that it is for.
  for (const { key } of own) if (key !== undefined) return { kind: 'key', account, key: new Secret(key) }
  for (const { sas, endpoint } of own)
    if (sas !== undefined && (endpoint === undefined ? address.isAzure : endpoint === address.endpoint))
      return { kind: 'sas', query: new Secret(sas), facts: checkSas(sas, address.place) }
  if (!address.isAzure)
    throw sluiceError(
      'USAGE',
      `No credentials are given for the account ${account}: set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY, or give a SAS in the address.`,
      { blame: 'user', retry: 'never', at: address.place },
    )
  const { defaultIdentity } = await import('./identity.js')
  return { kind: 'token', identity: defaultIdentity() }
}
