import { basename, dirname, resolve } from 'node:path'
import { isSluiceError } from '../errors.js'
import { RequestFailure } from '../http/request-failure.js'
import { REPORT_NAME } from '../published/names.js'
import type { StoreAccess } from '../storage/access.js'
import type { Location } from '../storage/location.js'
import { openLake, openSink, openSource } from '../storage/open.js'
import type { Source, State } from '../storage/store.js'
import { locate } from '../storage/stores.js'

/** Both sides of a comparison, and what the run left. Nothing is written to any of them. */
export interface DiffStores {
  readonly before: Source
  readonly after: Source
  /** State of the run that made the later side. */
  readonly state: Pick<State, 'place' | 'read'>
  /** The quarantine's texts, as a stream. */
  readonly quarantine: Source
}

/** Where the sides are: folders or addresses. */
export interface DiffPlaces {
  readonly before: string
  readonly after: string
  /** Place of the state of the run that made `after`; by default where that run keeps it. */
  readonly state?: string | undefined
}

/** Throws USAGE, CONFIG_INVALID, SOURCE_*. */
export async function openDiffStores(places: DiffPlaces, access: StoreAccess): Promise<DiffStores> {
  const { state, location } = await openState(places, access)
  return {
    before: await openSource(places.before, access),
    after: await openSource(places.after, access),
    state,
    quarantine: await location.below('quarantine').source(),
  }
}

async function openState({ after, state: given }: DiffPlaces, access: StoreAccess): Promise<FoundState> {
  const outputs = locate(after, access)
  const location = given === undefined ? outputs.stateLocation() : locate(given, access)
  const { state } = await openSink(after, access, { state: given })
  if (given !== undefined || outputs.localPath === undefined || (await hasReport(state)))
    return { state, location }
  // The folder of one run in a lake: its state lies in the lake's.
  const folder = resolve(outputs.localPath)
  const ofLake = (await openLake(dirname(folder), access)).sink(basename(folder)).state
  if (!(await hasReport(ofLake))) return { state, location }
  return { state: ofLake, location: locate(dirname(folder), access).stateLocation().below(basename(folder)) }
}

interface FoundState {
  readonly state: State
  readonly location: Location
}

const hasReport = async (state: State): Promise<boolean> => (await state.read(REPORT_NAME)) !== undefined

/** Undefined where the container of the state is not there. */
export async function unlessAbsent<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    const { cause } = error as { cause?: unknown }
    if (isSluiceError(error) && cause instanceof RequestFailure && cause.status === 404) return undefined
    throw error
  }
}
