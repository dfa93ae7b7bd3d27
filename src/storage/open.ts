import { join, resolve } from 'node:path'
import { sluiceError } from '../errors.js'
import type { Retry } from '../http/retry.js'
import { Secret } from '../secret.js'
import type { Authorization } from './azure/azure-client.js'
import { type Address, type BlobAddress, parseAddress } from './azure/blob-address.js'
import type { BlobContainer } from './azure/blob-container.js'
import type { BlobRole } from './azure/blob-errors.js'
import type { RequestLimits } from './azure/request-limits.js'
import { checkSas } from './azure/sas-facts.js'
import { folderLake, folderSource, realOf, stateFolderOf } from './folder/folder.js'
import { folderState } from './folder/folder-state.js'
import type { Lake, Sink, Source, State } from './store.js'

/** What stores in the cloud need beside their address. */
export interface StoreAccess {
  /** Asked for such addresses only. Throws CONFIG_INVALID. */
  readonly credentials: () => CloudCredentials
  /** One for all stores of a run. */
  readonly retry: Retry
  readonly limits?: RequestLimits
  /** Held by a source, beside the memory budget, to fetch a large blob ahead of its reader. Default 32 MiB. */
  readonly readAheadBytes?: number | undefined
}

/** Keys and SAS by account, and where `azurite://` leads. */
export interface CloudCredentials {
  readonly accounts: readonly AccountCredentials[]
  readonly emulator?: AccountCredentials | undefined
}

export interface AccountCredentials {
  readonly account: string
  readonly endpoint?: string | undefined
  readonly key?: string | undefined
  readonly sas?: string | undefined
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
  const { azureSource } = await import('./azure/azure-source.js')
  const container = await openContainer(parsed, access, 'source')
  return azureSource(container, parsed, { readAheadBytes: access.readAheadBytes })
}

/** A folder, a container or a prefix in it, for the outputs of one run. Throws USAGE, CONFIG_INVALID. */
export const openSink = async (
  address: string,
  access: StoreAccess,
  options: LakeOptions = {},
): Promise<Sink> => (await openLake(address, access, options)).sink('')

export interface LakeOptions {
  /** Make the container of the outputs if there is none; that of the state is made always. */
  readonly isToBeCreated?: boolean
  /** Where the state goes; default `<folder>.sluice`, or the container `<container>-sluice` of the same account. */
  readonly state?: string | undefined
}

/** A folder, a container or a prefix in it, for the outputs of many runs. Throws USAGE, CONFIG_INVALID. */
export async function openLake(
  address: string,
  access: StoreAccess,
  { isToBeCreated, state }: LakeOptions = {},
): Promise<Lake> {
  const parsed = settle(address, access)
  if (parsed.kind === 'folder' && state === undefined) return folderLake(parsed.path)
  const stateOf = await openStates(state, parsed, access)
  if (parsed.kind === 'folder') return folderLake(parsed.path, stateOf)
  const { azureLake } = await import('./azure/azure-sink.js')
  const container = await openContainer(parsed, access, 'sink')
  if (isToBeCreated === true) await container.createIfMissing()
  return azureLake({ container, place: parsed.place, prefix: prefixOf(parsed), stateOf })
}

/** The state of each folder of a lake. Throws USAGE for a place among the outputs. */
async function openStates(
  place: string | undefined,
  lake: Address,
  access: StoreAccess,
): Promise<(folder?: string) => State> {
  const parsed = place === undefined ? stateAddressOf(lake) : settle(place, access)
  if (await liesIn(parsed, lake))
    throw sluiceError('USAGE', 'The state must not lie among the outputs: give another place for it.', {
      blame: 'user',
      retry: 'never',
      at: parsed.kind === 'folder' ? parsed.path : parsed.place,
    })
  if (parsed.kind === 'folder') return (folder = '') => folderState(join(parsed.path, folder))
  const container = await openContainer(parsed, access, 'sink')
  const { blobState } = await import('./azure/blob-state.js')
  const prefix = prefixOf(parsed)
  return (folder) =>
    blobState({
      container,
      place: folder ? `${parsed.place}/${folder}` : parsed.place,
      prefix: folder ? `${prefix}${folder}/` : prefix,
      isShared: folder === undefined,
      signal: access.retry.signal,
    })
}

/** Whoever may read a container may read all of it; of folders, what lies below. */
async function liesIn(state: Address, lake: Address): Promise<boolean> {
  if (state.kind === 'blob')
    return lake.kind === 'blob' && lake.container === state.container && lake.endpoint === state.endpoint
  if (lake.kind === 'blob') return false
  const [inner, outer] = [await realOf(resolve(state.path)), await realOf(resolve(lake.path))]
  return `${inner}/`.startsWith(outer.endsWith('/') ? outer : `${outer}/`)
}

// Azure allows container names of 63 characters.
const MOST_CONTAINER_LENGTH = 63
const STATE_ENDING = '-sluice'

/** Where the state of outputs goes if nothing else is said. Throws USAGE. */
export function stateAddressOf(lake: Address): Address {
  if (lake.kind === 'folder') return { kind: 'folder', path: stateFolderOf(lake.path) }
  const container = `${lake.container.replace(/^\$/, '')}${STATE_ENDING}`
  if (container.length > MOST_CONTAINER_LENGTH)
    throw sluiceError(
      'USAGE',
      `The name is too long for "${container}", which would hold the state: give --state.`,
      {
        blame: 'user',
        retry: 'never',
        at: lake.place,
      },
    )
  return {
    ...lake,
    container,
    place: [lake.isEmulator ? 'azurite:/' : lake.endpoint, container, lake.path].filter(Boolean).join('/'),
  }
}

/** Below the container, ending in `/`, or empty. */
export const prefixOf = ({ path }: BlobAddress): string => (path === '' ? '' : `${path}/`)

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

/** An address as it was typed, with the emulator's as it is set. Throws USAGE, CONFIG_INVALID. */
export function settle(address: string, access: StoreAccess): Address {
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
  const { azureContainer } = await import('./azure/azure-container.js')
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
export async function authorizationFor(address: BlobAddress, access: StoreAccess): Promise<Authorization> {
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
  const { defaultIdentity } = await import('./azure/identity.js')
  return { kind: 'token', identity: defaultIdentity() }
}
