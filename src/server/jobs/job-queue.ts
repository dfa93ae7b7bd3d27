import { isSluiceError } from '../../errors.js'
import { Refusal } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'
import { describeUnknown } from '../unknown-error.js'
import { isActive, type JobFailure, type JobRecord, sizeOfRecord, withoutCriteria } from './job.js'
import type { JobStore } from './job-store.js'

/** Progress of a running job: done and total, in the same unit. */
export type ReportProgress = (done: number, all: number) => void

export interface JobQueueOptions {
  readonly store: JobStore
  /** Performs a job. Rejects with the signal's reason on abort, and can then be called again. */
  readonly run: (
    job: JobRecord,
    context: {
      readonly signal: AbortSignal
      readonly save: (job: JobRecord) => Promise<void>
      readonly progress: ReportProgress
    },
  ) => Promise<JobRecord>
  /** Removes what a cancelled, incomplete job has outside its folder. */
  readonly discard: (job: JobRecord) => Promise<void>
  readonly maxRunning: number
  readonly maxActive: number
  readonly maxActivePerClient: number
  /** Maximum memory for the records of all jobs; one client may use half of it. */
  readonly maxKeptBytes?: number
  readonly expiresMs: number
  readonly onEvent: (event: ServerEvent) => void
}

interface Entry {
  record: JobRecord
  bytes: number
  percent: number
  readonly stop: AbortController
  running: Promise<void> | undefined
  isStored: boolean
  /** Downloads in progress; the files are kept while there are any. */
  readers: number
}

const SWEEP_EVERY_MS = 30_000
const BUSY_RETRY_SECONDS = 30
/** Maximum number of finished exports. They stay until they expire or are deleted, with their records in memory. */
const MAX_KEPT = 10_000
const MAX_KEPT_PER_CLIENT = 5000
const MAX_KEPT_BYTES = 512 * 1024 * 1024
/** Maximum number of downloads at once; each takes about a megabyte of memory. */
const MAX_READERS = 256

/** The server's jobs, in memory and on disk: queued, running (at most `maxRunning`), or finished until they expire. */
export class JobQueue {
  readonly #entries = new Map<string, Entry>()
  #state: 'waiting' | 'open' | 'closed' = 'waiting'
  #sweep: NodeJS.Timeout | undefined
  #readers = 0

  readonly #options: JobQueueOptions

  constructor(options: JobQueueOptions) {
    this.#options = options
  }

  /** Loads the jobs of an earlier process. Call before any is submitted. */
  async load(): Promise<void> {
    for (const record of await this.#options.store.load()) this.#entries.set(record.id, entryOf(record))
  }

  /** Starts working, first on jobs of an earlier process. */
  start(): void {
    if (this.#state === 'closed') return
    this.#state = 'open'
    this.#sweep = setInterval(() => void this.expire(), SWEEP_EVERY_MS)
    this.#sweep.unref()
    this.#startNext()
  }

  /** Stops running jobs where a later process can resume them. */
  async close(): Promise<void> {
    this.#state = 'closed'
    clearInterval(this.#sweep)
    for (const entry of this.#entries.values()) entry.stop.abort()
    await Promise.all([...this.#entries.values()].map(({ running }) => running))
  }

  /** Throws Refusal 429 if there are too many jobs. */
  async submit(record: JobRecord): Promise<void> {
    const all = [...this.#entries.values()]
    const ofClient = all.filter((entry) => entry.record.client === record.client)
    this.#checkKept(record, all, ofClient)
    const active = all.filter((entry) => isActive(entry.record))
    const own = active.filter((entry) => entry.record.client === record.client)
    if (active.length >= this.#options.maxActive)
      throw tooMany('The server has as many exports as it can queue')
    if (own.length >= this.#options.maxActivePerClient)
      throw tooMany(`This client has ${own.length} unfinished exports, the limit`)
    // The job counts from now on, but starts only once it is on disk.
    const entry = { ...entryOf(record), isStored: false }
    this.#entries.set(record.id, entry)
    try {
      await this.#options.store.save(record)
    } catch (error) {
      this.#entries.delete(record.id)
      throw error
    }
    entry.isStored = true
    this.#startNext()
  }

  /** Limits the memory of records: small exports with large requests could fill it. */
  #checkKept(record: JobRecord, all: readonly Entry[], ofClient: readonly Entry[]): void {
    const { maxKeptBytes = MAX_KEPT_BYTES } = this.#options
    const bytes = sizeOfRecord(record)
    const bytesWith = (entries: readonly Entry[]): number =>
      entries.reduce((sum, entry) => sum + entry.bytes, bytes)
    if (
      all.length >= MAX_KEPT ||
      ofClient.length >= MAX_KEPT_PER_CLIENT ||
      bytesWith(all) > maxKeptBytes ||
      bytesWith(ofClient) > maxKeptBytes / 2
    )
      throw tooMany('The server keeps as many exports as it can')
  }

  get(id: string): JobRecord | undefined {
    return this.#entries.get(id)?.record
  }

  /** Text of `X-Progress`: the number of jobs ahead, or a percentage. */
  progressOf(id: string): string {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.record.state === 'running') return `${entry?.percent ?? 0}%`
    return `queued, ${this.#queued().indexOf(entry)} before it`
  }

  counts(): { readonly queued: number; readonly running: number } {
    const states = [...this.#entries.values()].map(({ record }) => record.state)
    const count = (state: string): number => states.filter((each) => each === state).length
    return { queued: count('queued'), running: count('running') }
  }

  /**
   * Cancels or forgets a job and removes its files. What it delivered to a container stays if it was complete, or if the
   * container cannot be reached, which an event reports. Throws what removing the job's own folder throws.
   */
  async remove(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    entry.stop.abort()
    await entry.running
    try {
      if (entry.record.state !== 'complete') await this.#options.discard(entry.record)
    } catch (error) {
      this.#warn('export.not-discarded', id, error)
    }
    try {
      await this.#options.store.remove(id)
    } finally {
      this.#startNext()
    }
  }

  /**
   * Keeps a job's files while they are read; call the result to release them. Throws Refusal 503 if too many are
   * open.
   */
  reading(id: string): () => void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return () => undefined
    if (this.#readers >= MAX_READERS)
      throw new Refusal('The server sends as many files as it can at once; ask again.', {
        status: 503,
        code: 'throttled',
        retryAfterSeconds: BUSY_RETRY_SECONDS,
      })
    entry.readers += 1
    this.#readers += 1
    return () => {
      entry.readers -= 1
      this.#readers -= 1
    }
  }

  #queued(): Entry[] {
    return [...this.#entries.values()].filter(
      ({ record, running }) => record.state === 'queued' && running === undefined,
    )
  }

  #startNext(): void {
    if (this.#state !== 'open') return
    const running = [...this.#entries.values()].filter((entry) => entry.running !== undefined).length
    const free = this.#options.maxRunning - running
    const waiting = [...this.#entries.values()].filter(
      (entry) => isActive(entry.record) && entry.isStored && entry.running === undefined,
    )
    for (const entry of waiting.slice(0, Math.max(0, free)))
      entry.running = this.#work(entry).finally(() => {
        entry.running = undefined
        this.#startNext()
      })
  }

  async #work(entry: Entry): Promise<void> {
    const { run, store, expiresMs, onEvent } = this.#options
    const { id, client } = entry.record
    const save = async (record: JobRecord): Promise<void> => {
      entry.record = record
      await store.save(record)
    }
    const end = async (record: JobRecord): Promise<void> => {
      await save(withoutCriteria(record))
      entry.bytes = sizeOfRecord(entry.record)
    }
    const progress: ReportProgress = (done, all) => {
      entry.percent = Math.max(entry.percent, Math.min(99, all > 0 ? Math.floor((done / all) * 100) : 0))
    }
    try {
      await save({ ...entry.record, state: 'running' })
      onEvent({ event: 'export.running', level: 'info', job: id })
      const done = await run(entry.record, { signal: entry.stop.signal, save, progress })
      await end({ ...done, state: 'complete', expiresAt: inFuture(expiresMs) })
      const lines = done.output.reduce((sum, { count }) => sum + count, 0)
      onEvent({ event: 'export.complete', level: 'info', job: id, client, files: done.output.length, lines })
    } catch (error) {
      if (entry.stop.signal.aborted) return
      const failure = failureOf(error)
      onEvent({
        event: 'export.failed',
        level: 'warn',
        job: id,
        client,
        status: failure.status,
        reason: failure.text,
        ...(failure.status >= 500 ? describeUnknown(error) : {}),
      })
      await end({ ...entry.record, state: 'failed', failure, expiresAt: inFuture(expiresMs) }).catch(
        () => undefined,
      )
    }
  }

  /** Removes expired exports; also runs every 30 seconds. Never throws. */
  async expire(): Promise<void> {
    const now = new Date().toISOString()
    for (const [id, { record, readers }] of this.#entries) {
      if (record.expiresAt === undefined || record.expiresAt > now || readers > 0) continue
      this.#options.onEvent({ event: 'export.expired', level: 'info', job: id })
      // A later process finds and removes what could not be removed now.
      await this.remove(id).catch((error) => this.#warn('export.not-removed', id, error))
    }
  }

  #warn(event: string, job: string, error: unknown): void {
    this.#options.onEvent({ event, level: 'warn', job, ...describeUnknown(error) })
  }
}

const entryOf = (record: JobRecord): Entry => ({
  record,
  bytes: sizeOfRecord(record),
  percent: 0,
  stop: new AbortController(),
  running: undefined,
  isStored: true,
  readers: 0,
})

const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString()

const tooMany = (what: string): Refusal =>
  new Refusal(`${what}; wait for one to end, or delete one.`, {
    status: 429,
    code: 'throttled',
    retryAfterSeconds: BUSY_RETRY_SECONDS,
  })

/** Makes the client's message of an error. The text of a foreign error may quote data and is not shown. */
function failureOf(error: unknown): JobFailure {
  if (error instanceof Refusal) return { status: error.status, code: error.code, text: error.message }
  if (isSluiceError(error)) {
    const isClients = error.blame === 'config' || error.blame === 'user'
    const text = `The export operation failed for reason: ${error.code}: ${error.message}`
    return { status: isClients ? 400 : 500, code: isClients ? 'invalid' : 'exception', text }
  }
  return { status: 500, code: 'exception', text: 'The export operation failed for reason: Unknown Error.' }
}
