import { randomBytes } from 'node:crypto'
import type { AltExportReport, AltExportStatus } from '../../alt-export/options.js'
import { isSluiceError } from '../../errors.js'
import { Refusal } from '../refusal.js'
import type { ServerEvent } from '../server-event.js'
import { describeUnknown } from '../unknown-error.js'
import { type AltExportJob, isActive, type JobFile, type JobOutput, type RuntimeStatus } from './job.js'
import type { JobFolder } from './job-folder.js'

/** What performs jobs. */
export interface AltExportRunner {
  /**
   * Exports into a place of the job's own; called again for the same job, it resumes. Throws what `runAltExport`
   * throws.
   */
  run(
    job: Pick<AltExportJob, 'id' | 'definition'>,
    hooks: { readonly signal: AbortSignal; readonly onStatus: (status: AltExportStatus) => void },
  ): Promise<{ readonly report: AltExportReport; readonly files: readonly JobFile[] }>
}

/** What starts a job; its id is made at random unless it is given. */
export interface AltExportOrder extends Pick<AltExportJob, 'name' | 'client' | 'input' | 'definition'> {
  readonly id?: string
}

export interface AltExportJobsOptions {
  readonly folder: JobFolder
  readonly runner: AltExportRunner
  /** More jobs at once are refused. */
  readonly maxActive: number
  /** How long a finished job is remembered. */
  readonly expiresMs: number
  readonly now: () => Date
  readonly onEvent: (event: ServerEvent) => void
}

interface Entry {
  job: AltExportJob
  stop: AbortController
  running: Promise<void> | undefined
  saving: Promise<unknown>
}

const SWEEP_EVERY_MS = 60_000
const RETRY_SECONDS = 60

/** The jobs of `$alt-export`. All active ones run at once; a restarted server resumes them. */
export class AltExportJobs {
  readonly #options: AltExportJobsOptions
  readonly #entries = new Map<string, Entry>()
  #sweep: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: AltExportJobsOptions) {
    this.#options = options
  }

  /** Loads the jobs of an earlier process and resumes those that ran. */
  async open(): Promise<void> {
    const { folder, onEvent } = this.#options
    const jobs = await folder.load((item) => onEvent({ event: 'alt-export.damaged', level: 'warn', item }))
    for (const job of jobs) this.#entries.set(job.id, entryOf(job))
    for (const entry of this.#entries.values())
      if (entry.job.status === 'Pending' || entry.job.status === 'Running') this.#start(entry)
    this.#sweep = setInterval(() => void this.expire(), SWEEP_EVERY_MS)
    this.#sweep.unref()
  }

  /** Stops the jobs where a later process can resume them. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    for (const { stop } of this.#entries.values()) stop.abort()
    await Promise.all([...this.#entries.values()].map(({ running }) => running))
  }

  /** Whether another job would be refused. */
  get isFull(): boolean {
    return this.#active().length >= this.#options.maxActive
  }

  /** Starts a job. Throws Refusal 429 if as many are active as may be. */
  async submit({ id = randomBytes(16).toString('hex'), ...order }: AltExportOrder): Promise<AltExportJob> {
    if (this.isFull)
      throw new Refusal(
        `The limit of concurrent exports (${this.#options.maxActive}) is reached; wait for one to end, or terminate one.`,
        { status: 429, code: 'throttled', retryAfterSeconds: RETRY_SECONDS },
      )
    const at = this.#options.now().toISOString()
    const job: AltExportJob = { ...order, id, createdAt: at, updatedAt: at, status: 'Pending' }
    const entry = entryOf(job)
    // It counts from now on, but starts only once it is on disk.
    this.#entries.set(id, entry)
    try {
      await this.#save(entry, {})
    } catch (error) {
      this.#entries.delete(id)
      throw error
    }
    this.#emit('alt-export.queued', entry)
    this.#start(entry)
    return entry.job
  }

  get(id: string): AltExportJob | undefined {
    return this.#entries.get(id)?.job
  }

  /** All jobs, oldest first. */
  list(): readonly AltExportJob[] {
    return [...this.#entries.values()]
      .map(({ job }) => job)
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  /** Ends an active job for good, once nothing of it runs any more. */
  terminate(id: string): Promise<void> {
    return this.#halt(id, 'Terminated')
  }

  /** Stops an active job where it can be resumed. */
  suspend(id: string): Promise<void> {
    return this.#halt(id, 'Suspended')
  }

  /** Continues a job that is suspended, or that failed or was terminated. Throws Refusal 429. */
  async resume(id: string): Promise<AltExportJob | undefined> {
    const entry = this.#entries.get(id)
    // One that has just ended is still being saved.
    if (entry !== undefined && !isActive(entry.job)) await entry.running
    if (entry === undefined || entry.running !== undefined || entry.job.status === 'Completed')
      return entry?.job
    if (!isActive(entry.job) && this.isFull)
      throw new Refusal('The limit of concurrent exports is reached; wait for one to end.', {
        status: 429,
        code: 'throttled',
        retryAfterSeconds: RETRY_SECONDS,
      })
    entry.stop = new AbortController()
    this.#start(entry, { output: undefined, expiresAt: undefined })
    await entry.saving
    return entry.job
  }

  /** Forgets a job that is over. What it exported stays. */
  async purge(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    // A file that is still being written would come back.
    await entry?.saving
    if (entry !== undefined && isActive(entry.job)) return
    this.#entries.delete(id)
    await this.#options.folder.remove(id)
  }

  /** Forgets jobs that ended long ago; also runs every minute. Never throws. */
  async expire(): Promise<void> {
    const now = this.#options.now().toISOString()
    for (const { job } of [...this.#entries.values()]) {
      if (job.expiresAt === undefined || job.expiresAt > now) continue
      await this.purge(job.id).catch((error: unknown) => this.#warn(job.id, error))
    }
  }

  #active(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ job }) => isActive(job))
  }

  async #halt(id: string, status: 'Terminated' | 'Suspended'): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry === undefined || !isActive(entry.job)) return
    entry.stop.abort()
    await entry.running
    // It may have ended by itself in the meantime.
    if (isActive(entry.job))
      await this.#save(entry, { status, ...(status === 'Terminated' ? this.#expiry() : {}) })
    this.#emit(status === 'Terminated' ? 'alt-export.terminated' : 'alt-export.suspended', entry)
  }

  /** At once, so that no other call can start it, too; what was stopped before it started stays so. */
  #start(entry: Entry, changes: Partial<AltExportJob> = {}): void {
    if (this.#isClosed || entry.running !== undefined || entry.stop.signal.aborted) return
    entry.running = this.#run(entry, changes).finally(() => {
      entry.running = undefined
    })
  }

  async #run(entry: Entry, changes: Partial<AltExportJob>): Promise<void> {
    const { runner } = this.#options
    const { signal } = entry.stop
    try {
      await this.#save(entry, { ...changes, status: 'Running' })
      const { report, files } = await runner.run(entry.job, {
        signal,
        onStatus: (progress) => {
          entry.job = { ...entry.job, progress, updatedAt: this.#options.now().toISOString() }
        },
      })
      await this.#end(entry, outcomeOf(report, files))
    } catch (error) {
      // Whoever stopped it has said what it is now.
      if (signal.aborted) return
      const text = isSluiceError(error)
        ? `${error.code}: ${error.message}`
        : 'the server failed; see its log for details'
      this.#warn(entry.job.id, error)
      await this.#end(entry, { status: 'Failed', output: { error: text } }).catch(() => undefined)
    }
  }

  async #end(
    entry: Entry,
    outcome: { readonly status: RuntimeStatus; readonly output: JobOutput },
  ): Promise<void> {
    await this.#save(entry, { ...outcome, ...this.#expiry() })
    this.#emit(outcome.status === 'Completed' ? 'alt-export.complete' : 'alt-export.failed', entry)
  }

  #expiry(): Pick<AltExportJob, 'expiresAt'> {
    const { now, expiresMs } = this.#options
    return { expiresAt: new Date(now().getTime() + expiresMs).toISOString() }
  }

  async #save(entry: Entry, changes: Partial<AltExportJob>): Promise<void> {
    entry.job = { ...entry.job, ...changes, updatedAt: this.#options.now().toISOString() }
    // One after the other, each with what is true by then.
    const saved = entry.saving.then(() => this.#options.folder.save(entry.job))
    entry.saving = saved.catch(() => undefined)
    await saved
  }

  #emit(event: string, { job: { id, client, status } }: Entry): void {
    const level = status === 'Failed' ? 'warn' : 'info'
    this.#options.onEvent({ event, level, job: id, client, status })
  }

  #warn(job: string, error: unknown): void {
    this.#options.onEvent({ event: 'alt-export.error', level: 'warn', job, ...describeUnknown(error) })
  }
}

const entryOf = (job: AltExportJob): Entry => ({
  job,
  stop: new AbortController(),
  running: undefined,
  saving: Promise.resolve(),
})

function outcomeOf(
  { run, isComplete }: AltExportReport,
  files: readonly JobFile[],
): { readonly status: RuntimeStatus; readonly output: JobOutput } {
  if (isComplete) return { status: 'Completed', output: files }
  const { failed } = run
  const error = `${failed.length} of the searches failed; what they find is missing. Restart the export to try them again.`
  return {
    status: 'Failed',
    output: { error, failed: failed.map(({ item, code, message }) => ({ item, code, message })), files },
  }
}
