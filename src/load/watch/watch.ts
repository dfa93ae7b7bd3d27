import { isSluiceError, type SluiceError } from '../../errors.js'
import type { RetryClock } from '../../http/retry-clock.js'
import type { Arrival, Inbox } from '../../storage/inbox.js'
import type { Source, SourceItem } from '../../storage/store.js'
import { arrivedSource, itemsOf } from './arrived-source.js'
import { type FileOutcome, FileOutcomes, type ItemOutcome, isClean } from './file-outcome.js'
import { putAway, type Shelves } from './put-away.js'
import { ReadyFiles } from './ready-files.js'

/** A place that files arrive in. */
export interface WatchedPlace {
  readonly inbox: Inbox
  /** The same place, to be read. */
  readonly source: Source
  /** Default: files stay where they are, and the state remembers them. */
  readonly shelves?: Shelves | undefined
  /** Loads a source. Tells of each item once all of its entries are settled, also by an earlier load. */
  readonly load: (source: Source, onItem: (item: ItemOutcome) => void) => Promise<LoadedFiles>
  /** Where the audit of this place is, for the notes beside files that were moved. */
  readonly audit: string
  /** Where the reasons are recorded for what was not loaded. */
  readonly errors: string
}

/** What a load could not even read. */
export interface LoadedFiles {
  readonly unreadable: readonly { readonly item: string; readonly code: string; readonly message: string }[]
}

export interface WatchOptions {
  readonly places: readonly WatchedPlace[]
  readonly clock: RetryClock
  /** Time between checks. */
  readonly everyMs: number
  /** How long a file must not change before it is read. */
  readonly settleMs: number
  /** Ends the watch, at once while it waits. */
  readonly signal: AbortSignal
  readonly onEvent?: ((event: WatchEvent) => void) | undefined
}

/** An event with its fields; never a value from a resource. */
export interface WatchEvent {
  readonly event: 'watch.loaded' | 'watch.moved' | 'watch.changed' | 'watch.failed'
  readonly level: 'info' | 'warn'
  readonly item?: string | undefined
  readonly [field: string]: unknown
}

// A load keeps the outcomes of its files until it ends.
const MAX_FILES = 10_000
const MAX_PAUSE_MS = 10 * 60_000

/**
 * Loads what arrives, in order, until the signal aborts. A failure that may pass, such as a server that is down, is
 * told of and tried again after a pause, which doubles up to ten minutes; other places go on. Throws what another
 * attempt cannot change.
 */
export async function watch(options: WatchOptions): Promise<void> {
  const { places, clock, signal } = options
  const looks = places.map((place) => new PlaceWatch(place, options))
  for (const { inbox, shelves } of places)
    for (const shelf of [inbox, shelves?.processed, shelves?.failed]) await shelf?.create()
  while (!signal.aborted) {
    for (const look of looks) if (!signal.aborted && look.dueMs <= clock.nowMs()) await look.look()
    const nextMs = Math.min(...looks.map(({ dueMs }) => dueMs))
    await clock.sleep(Math.max(0, nextMs - clock.nowMs()), signal)
  }
}

/** One place and its pauses. */
class PlaceWatch {
  readonly #place: WatchedPlace
  readonly #options: WatchOptions
  readonly #files: ReadyFiles
  #pauseMs: number
  #dueMs = Number.NEGATIVE_INFINITY

  constructor(place: WatchedPlace, options: WatchOptions) {
    this.#place = place
    this.#options = options
    this.#files = new ReadyFiles(place.inbox, options.clock, options.settleMs)
    this.#pauseMs = options.everyMs
  }

  /** Time of the next check. */
  get dueMs(): number {
    return this.#dueMs
  }

  async look(): Promise<void> {
    const { clock, everyMs, settleMs, onEvent = () => {} } = this.#options
    let unsettled = 0
    try {
      unsettled = await lookOnce(this.#place, this.#files, onEvent)
      this.#pauseMs = everyMs
    } catch (error) {
      if (!mayPass(error)) throw error
      this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2)
      const { at: item, code, message } = error
      onEvent({ event: 'watch.failed', level: 'warn', item, code, reason: message, waitMs: this.#pauseMs })
    }
    this.#dueMs = clock.nowMs() + (unsettled > 0 ? Math.min(this.#pauseMs, settleMs) : this.#pauseMs)
  }
}

/** Loads what is ready. Returns how many files are still being written. */
async function lookOnce(
  place: WatchedPlace,
  files: ReadyFiles,
  onEvent: (event: WatchEvent) => void,
): Promise<number> {
  const { ready, unsettled } = await files.look()
  if (ready.length === 0) return unsettled
  const items = await itemsOf(place.source)
  // What the source does not list is not for loading, and stays. What changed since is another version: it waits.
  for (const arrival of ready) if (!items.has(arrival.name)) files.finish(arrival)
  const arrivals = ready.filter(({ name, version }) => items.get(name)?.version === version)
  for (let at = 0; at < arrivals.length; at += MAX_FILES)
    await loadFiles(place, arrivals.slice(at, at + MAX_FILES), { items, files, onEvent })
  return unsettled
}

interface LookContext {
  readonly items: ReadonlyMap<string, SourceItem>
  readonly files: ReadyFiles
  readonly onEvent: (event: WatchEvent) => void
}

async function loadFiles(
  place: WatchedPlace,
  arrivals: readonly Arrival[],
  { items, files, onEvent }: LookContext,
): Promise<void> {
  const outcomes = new FileOutcomes(arrivals)
  const source = arrivedSource(place.source, items, arrivals)
  const { unreadable } = await place.load(source, (item) => outcomes.add(item))
  for (const { item, code, message } of unreadable) outcomes.addUnreadable(item, code, message)
  // One that cannot be moved, because of its name for example, holds up no other.
  const failures: unknown[] = []
  for (const arrival of arrivals) {
    const outcome = outcomes.of(arrival)
    onEvent(loadedEvent(outcome))
    if (place.shelves === undefined) files.finish(arrival)
    else
      await moveAway(arrival, outcome, { ...place, shelves: place.shelves, onEvent }).catch(
        (error: unknown) => failures.push(error),
      )
  }
  if (failures.length > 0) throw failures[0]
}

function loadedEvent(outcome: FileOutcome): WatchEvent {
  const { file, version: _, unreadable, ...counts } = outcome
  const level = isClean(outcome) ? 'info' : 'warn'
  return {
    event: 'watch.loaded',
    level,
    item: file,
    ...counts,
    ...(unreadable && { reason: unreadable.code }),
  }
}

async function moveAway(
  arrival: Arrival,
  outcome: FileOutcome,
  {
    onEvent,
    ...place
  }: Pick<WatchedPlace, 'inbox' | 'audit' | 'errors'> & {
    readonly shelves: Shelves
    readonly onEvent: (event: WatchEvent) => void
  },
): Promise<void> {
  const { name: item } = arrival
  try {
    onEvent({ event: 'watch.moved', level: 'info', item, to: await putAway(arrival, outcome, place) })
  } catch (error) {
    if (!isSluiceError(error) || error.code !== 'SOURCE_CHANGED') throw error
    onEvent({ event: 'watch.changed', level: 'warn', item, reason: 'another version arrived' })
  }
}

/** Whether the same call can succeed later. */
const mayPass = (error: unknown): error is SluiceError =>
  isSluiceError(error) && error.code !== 'INTERRUPTED' && error.retry !== 'never'
