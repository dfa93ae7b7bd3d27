import { createHash } from 'node:crypto'
import { sluiceError } from '../errors.js'
import type { StoreAccess } from './access.js'
import { azureStore } from './azure/azure-store.js'
import type { BlobAddress } from './azure/blob-address.js'
import { readBlobAddress } from './azure/open-container.js'
import type { Inbox } from './inbox.js'
import type { LocalPaths, Location, StateOf } from './location.js'
import type { OutputFiles } from './output-files.js'
import type { Lake, Sink, Source, State } from './store.js'
import { locate, storeOf } from './stores.js'

/** Opens the items at an address: a folder, a file, a container or a prefix in one. Throws USAGE, CONFIG_INVALID. */
export const openSource = async (address: string, access: StoreAccess): Promise<Source> =>
  locate(address, access).source()

/** Opens an address for the outputs of one run. Throws USAGE, CONFIG_INVALID. */
export const openSink = async (
  address: string,
  access: StoreAccess,
  options: LakeOptions = {},
): Promise<Sink> => (await openLake(address, access, options)).sink('')

export interface LakeOptions {
  /** Create the container of the outputs if it does not exist; that of the state is always created. */
  readonly isToBeCreated?: boolean
  /** Place of the state; default `<folder>.sluice`, or the container `<container>-sluice` of the same account. */
  readonly state?: string | undefined
}

/** Opens an address for the outputs of many runs. Throws USAGE, CONFIG_INVALID. */
export async function openLake(
  address: string,
  access: StoreAccess,
  { isToBeCreated = false, state }: LakeOptions = {},
): Promise<Lake> {
  const outputs = locate(address, access)
  const stateOf =
    state === undefined
      ? await outputs.stateLocation().states()
      : await statesApartFrom(outputs, locate(state, access))
  return outputs.lake({ stateOf, isToBeCreated })
}

/** Throws USAGE if recipients of the outputs could read the state. */
async function statesApartFrom(outputs: Location, state: Location): Promise<StateOf> {
  const [inner, outer] = [await state.root(), await outputs.readableRoot()]
  if (!inner.startsWith(outer)) return state.states()
  throw sluiceError('USAGE', {
    at: state.place,
    message: 'the state must not lie among the outputs',
    help: 'give another --state',
  })
}

export interface LoadStateOptions {
  /** Names the server that is loaded; a folder of the state. */
  readonly target: string
  /** Place of the state; default `<source>.load`, or `load/` in the container `<container>-sluice`. */
  readonly state?: string | undefined
}

/**
 * Opens the state of loading a source into one server. A place that was given may hold the states of many sources.
 * Throws USAGE, CONFIG_INVALID.
 */
export async function openLoadState(
  address: string,
  access: StoreAccess,
  { target, state }: LoadStateOptions,
): Promise<State> {
  const source = locate(address, access)
  const outer = await source.root()
  const place = state === undefined ? source.loadStateLocation() : locate(state, access)
  if ((await place.root()).startsWith(outer))
    throw sluiceError('USAGE', {
      at: place.place,
      message: 'the state must not lie in the source, which would load it',
      help: 'give another --state',
    })
  const folder = state === undefined ? target : `${target}-${shortDigest(outer)}`
  return (await place.below(folder).states())('')
}

export interface StageOptions {
  /** Address of the source; what is staged must not become part of it. */
  readonly source: string
  /** The state of what is staged. */
  readonly state: State
}

/**
 * Opens a place for files that another program reads and that are removed again; it is made if it does not exist.
 * Throws USAGE, CONFIG_INVALID.
 */
export async function openStage(
  address: string,
  access: StoreAccess,
  { source, state }: StageOptions,
): Promise<Sink> {
  const stage = locate(address, access)
  if ((await stage.root()).startsWith(await locate(source, access).root()))
    throw sluiceError('USAGE', {
      at: stage.place,
      message: 'the staging place must not lie in the source, which would load what is staged',
      help: 'give another --stage',
    })
  return (await stage.lake({ stateOf: () => state, isToBeCreated: true })).sink('')
}

const shortDigest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** Opens everything at an address for a check. Throws USAGE, CONFIG_INVALID. */
export const openOutputFiles = async (address: string, access: StoreAccess): Promise<OutputFiles> =>
  locate(address, access).outputFiles()

/** Opens a folder or container that files arrive in, or are put away in. Throws USAGE, CONFIG_INVALID. */
export const openInbox = async (address: string, access: StoreAccess): Promise<Inbox> =>
  locate(address, access).inbox()

/** Whether an address names something on this machine. Throws USAGE for an address that is not valid. */
export const isLocal = (address: string): boolean => storeOf(address).localPaths(address) !== undefined

/**
 * Returns the address of something in a container, which links can share; undefined for another store. Throws USAGE,
 * CONFIG_INVALID.
 */
export const blobAddressAt = (address: string, access: StoreAccess): BlobAddress | undefined =>
  storeOf(address) === azureStore ? readBlobAddress(address, access) : undefined

/** Returns the local paths that an address uses; none for a remote store. Throws USAGE. */
export function localPathsOf(address: string): Partial<LocalPaths> {
  return storeOf(address).localPaths(address) ?? {}
}

/** Returns the address without credentials. Throws USAGE. */
export const placeOf = (address: string): string => storeOf(address).placeOf(address)
