import { basename, dirname, resolve } from 'node:path'
import { isSluiceError } from '../errors.js'
import { REPORT_NAME } from '../pipeline/report.js'
import { isLocal, openLake, openSink, openSource, type StoreAccess } from '../storage/open.js'
import type { Sink, Source } from '../storage/store.js'

/** Both sides of a comparison, and what the run left. Nothing is written to any of them. */
export interface DiffStores {
  readonly before: Source
  readonly after: Source
  /** The later side as the run knows it: its report and its state. */
  readonly output: Pick<Sink, 'place' | 'get' | 'state'>
  /** The quarantine's texts, as a stream. */
  readonly quarantine: Source
}

/** Where the sides are: folders or addresses. */
export interface DiffPlaces {
  readonly before: string
  readonly after: string
  /** Of the run that made `after`; by default where that run keeps it. */
  readonly state?: string
}

/** Throws USAGE, CONFIG_INVALID, SOURCE_*. */
export async function openDiffStores(places: DiffPlaces, access: StoreAccess): Promise<DiffStores> {
  const output = await openOutput(places, access)
  const query = /\?.*$/s.exec(places.state ?? places.after)?.[0] ?? ''
  const state = output.state.place
  return {
    before: await openSource(places.before, access),
    after: await openSource(places.after, access),
    output,
    quarantine: await openSource(`${state}/quarantine${isLocal(state) ? '' : query}`, access),
  }
}

async function openOutput({ after, state }: DiffPlaces, access: StoreAccess): Promise<Sink> {
  const output = await openSink(after, access, { state })
  if (state !== undefined || (await hasReport(output)) || !isLocal(after)) return output
  // The folder of one run in a lake: its state lies in the lake's.
  const folder = resolve(after)
  const lake = await openLake(dirname(folder), access)
  const ofLake = lake.sink(basename(folder))
  return (await hasReport(ofLake)) ? ofLake : output
}

async function hasReport({ state }: Sink): Promise<boolean> {
  try {
    return (await state.read(REPORT_NAME)) !== undefined
  } catch (error) {
    if (isSluiceError(error) && error.code === 'SOURCE_NOT_FOUND') return false
    throw error
  }
}
