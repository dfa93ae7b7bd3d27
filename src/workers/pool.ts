import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { AnonymizerSpec } from '../anonymizer/spec.js'
import { environmentError } from '../environment-error.js'
import { isSluiceError, type SluiceError, sluiceError } from '../errors.js'
import type { FhirVersion } from '../fhir/version.js'
import { present } from '../invariant.js'
import {
  type Answer,
  CLAIM,
  type HelloTask,
  type LinesResult,
  type LinesTask,
  type Ready,
  type Task,
  type WorkerData,
} from './protocol.js'

export interface PoolOptions {
  /** Number of threads. */
  readonly size: number
  /** Number of those that start with the pool; default all. The others start when a task finds none that is free. */
  readonly startedAtOnce?: number
  /** Heap of one worker; a line that needs more is WORKER_CRASHED. */
  readonly heapMebibytes: number
  /** The module whose default export answers tasks; tests replace it with one that fails. */
  readonly entry?: URL | undefined
  /** Time limit for threads to start; a loaded machine is slow. Default five minutes. */
  readonly startTimeoutMs?: number | undefined
  /** Called with the seconds so far, every ten seconds, while no worker has answered its first task. */
  readonly onWaiting?: (seconds: number) => void
  readonly tellEveryMs?: number
}

/** Thrown for a task whose worker is gone or whose anonymizer threw; its input is untouched. */
export interface Lost {
  readonly kind: 'lost'
  readonly why: 'crashed' | 'timeout'
  readonly where: string
}

// A live thread that has not answered yet is waiting for its share of the processor; it is not broken.
const START_TIMEOUT_MS = 300_000
const TELL_EVERY_MS = 10_000
// Each thread's young generation would grow to 48 MiB over minutes without benefit: objects there die with their line.
const YOUNG_MEBIBYTES = 24

/** Worker threads that anonymize lines; the only user of piscina. They start at once, and load their code. */
export class WorkerPool {
  #size: number
  #spec: AnonymizerSpec | undefined
  readonly #piscina: Piscina<Task, Answer>
  /** Rejects when a thread ends before it got its first task. */
  readonly #startFailure: Promise<never>
  readonly #startTimeoutMs: number
  #onWaiting: (seconds: number) => void
  readonly #tellEveryMs: number
  #destroyed: Promise<void> | undefined

  constructor(options: PoolOptions) {
    const { size, heapMebibytes, entry } = options
    this.#size = size
    this.#startTimeoutMs = options.startTimeoutMs ?? START_TIMEOUT_MS
    this.#onWaiting = options.onWaiting ?? (() => {})
    this.#tellEveryMs = options.tellEveryMs ?? TELL_EVERY_MS
    this.#piscina = new Piscina<Task, Answer>({
      filename: fileURLToPath(new URL('./entry.cjs', import.meta.url)),
      minThreads: options.startedAtOnce ?? size,
      maxThreads: size,
      // A worker that dies takes all of its tasks with it.
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      workerData: { module: (entry ?? new URL('./task.js', import.meta.url)).href } satisfies WorkerData,
      resourceLimits: {
        maxOldGenerationSizeMb: heapMebibytes,
        maxYoungGenerationSizeMb: YOUNG_MEBIBYTES,
      },
    })
    // Errors of idle workers arrive here. Of a late one, the following task is retried. Where a thread cannot start,
    // piscina would start no other, and a task would wait forever.
    this.#startFailure = new Promise((_, reject) => {
      this.#piscina.on('error', (error) => reject(startError(error)))
    })
    this.#startFailure.catch(() => {})
  }

  get size(): number {
    return this.#size
  }

  /** Settles what was not known when the first threads started: how many are needed, and who is told of a slow start. */
  settle({ size, onWaiting }: Required<Pick<PoolOptions, 'size' | 'onWaiting'>>): void {
    this.#size = Math.min(this.#size, size)
    this.#onWaiting = onWaiting
  }

  /** Has a free worker load what a FHIR version takes, while the caller settles the rest. */
  load(fhirVersion: FhirVersion): void {
    // What goes wrong goes wrong again for `prepare`, which reports it.
    this.#piscina.run({ kind: 'load', fhirVersion }).catch(() => {})
  }

  /**
   * Tells all workers what to anonymize by. Resolves with the first one's greeting. Rejects with WORKER_FAILED or the
   * reason why the specification is refused.
   */
  prepare(spec: AnonymizerSpec): Promise<Ready> {
    this.#spec = spec
    const greetings = Array.from({ length: this.size }, () => this.#hello(spec))
    return this.#tellWhile(Promise.race([this.#startFailure, ...greetings]))
  }

  /** Whether a worker can still start and answer. Throws WORKER_FAILED. */
  hello(): Promise<Ready> {
    return this.#tellWhile(this.#hello(this.#prepared()))
  }

  async #tellWhile<T>(waiting: Promise<T>): Promise<T> {
    const startedMs = performance.now()
    const timer = setInterval(
      () => this.#onWaiting(Math.round((performance.now() - startedMs) / 1000)),
      this.#tellEveryMs,
    )
    timer.unref()
    try {
      return await waiting
    } finally {
      clearInterval(timer)
    }
  }

  async #hello(spec: AnonymizerSpec): Promise<Ready> {
    const signal = AbortSignal.timeout(this.#startTimeoutMs)
    let answer: Answer
    try {
      answer = await this.#run({ kind: 'hello', spec }, signal)
    } catch (error) {
      if (signal.aborted) throw notStarted(`none answered within ${this.#startTimeoutMs / 1000} s`, error)
      throw startError(error)
    }
    if (answer?.kind === 'ready') return answer
    if (answer?.kind === 'refused') throw sluiceError(answer.code, answer)
    if (answer?.kind === 'crashed') throw broken(answer.where)
    throw broken('a worker gave no valid answer')
  }

  /** Never rejects for bad input. Throws INTERNAL for an invalid answer, WORKER_FAILED after `destroy`. */
  async run(task: LinesTask, timeoutMs: number): Promise<LinesResult | Lost> {
    const claim = new Int32Array(task.claim)
    Atomics.store(claim, 0, CLAIM.running)
    const end = new AbortController()
    let late = false
    const timer = setTimeout(() => {
      // A worker that is already writing its answer is almost done.
      if (Atomics.compareExchange(claim, 0, CLAIM.running, CLAIM.cancelled) !== CLAIM.running) return
      late = true
      end.abort()
    }, timeoutMs)
    try {
      const answer = await this.#run(task, end.signal)
      if (answer?.kind === 'crashed') return { kind: 'lost', why: 'crashed', where: answer.where }
      if (!isLinesResult(answer)) throw broken('a worker gave no valid answer')
      return answer
    } catch (error) {
      if (this.#destroyed !== undefined || isSluiceError(error)) throw error
      if (late) return { kind: 'lost', why: 'timeout', where: `${timeoutMs} ms` }
      if (Atomics.compareExchange(claim, 0, CLAIM.running, CLAIM.cancelled) !== CLAIM.running)
        throw failed('a worker thread died while it wrote its answer', error)
      return { kind: 'lost', why: 'crashed', where: codeOf(error) }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Resolves once all threads have ended; no new one is started. */
  destroy(): Promise<void> {
    // Call piscina's `destroy` only once: a second call takes the ending threads for crashed and replaces them.
    this.#destroyed ??= this.#piscina.destroy()
    return this.#destroyed
  }

  async #run(task: HelloTask | LinesTask, signal: AbortSignal): Promise<Answer> {
    if (this.#destroyed !== undefined) throw failed('the worker threads were stopped')
    const answer = await this.#piscina.run(task, { signal })
    // Another worker may get it this time, which does not matter.
    return answer?.kind === 'unprepared'
      ? this.#piscina.run({ ...task, spec: this.#prepared() }, { signal })
      : answer
  }

  #prepared(): AnonymizerSpec {
    return present(this.#spec, 'the specification of the workers')
  }
}

/** Makes the error for threads that this machine cannot start or keep. */
const failed = (what: string, cause?: unknown): SluiceError =>
  sluiceError('WORKER_FAILED', {
    message: what,
    cause,
  })

const notStarted = (why: string, cause: unknown): SluiceError =>
  failed(`the worker threads do not start: ${why}`, cause)

const startError = (error: unknown): SluiceError =>
  environmentError(error) ?? notStarted(startMessage(error), error)

/** Makes the error for an answer that no worker may give. */
const broken = (message: string): SluiceError =>
  sluiceError('INTERNAL', {
    message: `the worker threads do not work: ${message}`,
  })

function isLinesResult(answer: unknown): answer is LinesResult {
  const { kind, outputBytes, lines, delivered, blank, rejected } = (answer ?? {}) as Partial<LinesResult>
  return (
    kind === 'lines' &&
    [outputBytes, lines, delivered, blank].every(Number.isSafeInteger) &&
    rejected?.rows instanceof Uint32Array
  )
}

/** Raised before any line is read, so that it cannot contain anything of a resource. */
const startMessage = (error: unknown): string => (error instanceof Error ? error.message : 'no error given')

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'no error given'
}
