import { compressed } from '../../compression/compressed.js'
import type { Compression } from '../../compression/compression.js'
import { contentEnd, lastLineStart, lineStartAfter } from '../../ndjson/line.js'
import type { WorkerPool } from '../../workers/pool.js'
import type { LinesResult, LinesTask } from '../../workers/protocol.js'
import { rejectedLine } from '../../workers/rejections.js'
import type { RunEvent } from '../options.js'

/** An answer for a part of a chunk; nearly always the whole chunk. */
export interface Part {
  readonly task: LinesTask
  readonly result: LinesResult
}

export interface DispatchOptions {
  /** Settled once a first thread can work: until then, no further one is started. */
  readonly ready: Promise<unknown>
  readonly pool: WorkerPool
  readonly chunkTimeoutMs: number
  readonly onEvent: (event: RunEvent) => void
  readonly onBusy: (busy: number) => void
  readonly onRetry: () => void
}

// Size of the chunk to which `chunkTimeoutMs` applies.
const NOMINAL_BYTES = 4 * 2 ** 20
const MIN_SEARCH_MS = 5_000
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Gives tasks to the workers, one to each at a time. A task whose worker dies or takes too long is retried once, then in
 * halves, until the faulty line is found and rejected as WORKER_CRASHED or LINE_TIMEOUT.
 */
export class Dispatch {
  #busy = 0
  readonly #waiting: (() => void)[] = []

  readonly #options: DispatchOptions

  constructor(options: DispatchOptions) {
    this.#options = options
  }

  /** Returns the answers in the order of the lines. Throws WORKER_FAILED. */
  async run(task: LinesTask): Promise<readonly Part[]> {
    await this.#options.ready
    await this.#enter()
    try {
      const whole = await this.#twice(task, this.#timeoutMs(task))
      if (whole.kind === 'lines') return [{ task, result: whole }]
      return await this.#search(task, whole.why)
    } finally {
      this.#leave()
    }
  }

  async #twice(task: LinesTask, timeoutMs: number) {
    const { pool, onEvent, onRetry } = this.#options
    const first = await pool.run(task, timeoutMs)
    if (first.kind === 'lines') return first
    onRetry()
    onEvent({ event: 'chunk.retried', level: 'warn', item: task.item, why: first.why, where: first.where })
    return pool.run(task, timeoutMs)
  }

  async #search(task: LinesTask, why: 'crashed' | 'timeout'): Promise<Part[]> {
    // Before blaming a line, check the pool: one that cannot start workers loses every task.
    await this.#options.pool.hello()
    const middle = task.document ? undefined : middleLine(task)
    if (middle === undefined) {
      const once = await this.#twice(task, this.#timeoutMs(task, why))
      return [{ task, result: once.kind === 'lines' ? once : rejection(task, once.why) }]
    }
    const parts: Part[] = []
    for (const half of halves(task, middle)) {
      const timeoutMs = this.#timeoutMs(half, why)
      const result = await this.#options.pool.run(half, timeoutMs)
      if (result.kind === 'lines') parts.push({ task: half, result })
      else parts.push(...(await this.#search(half, result.why)))
    }
    return parts
  }

  /** Time limit: longer for a long line; proportionally shorter while searching for a slow one. */
  #timeoutMs({ start, end }: LinesTask, why?: 'crashed' | 'timeout'): number {
    const share = (end - start) / NOMINAL_BYTES
    const allowedMs = this.#options.chunkTimeoutMs * Math.max(1, share)
    const soonMs = Math.max(MIN_SEARCH_MS, this.#options.chunkTimeoutMs * share)
    return Math.min(allowedMs, why === 'timeout' ? soonMs : allowedMs, MAX_TIMER_MS)
  }

  async #enter(): Promise<void> {
    if (this.#busy >= this.#options.pool.size) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#busy += 1
    this.#options.onBusy(this.#busy)
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#busy -= 1
    else next()
    this.#options.onBusy(this.#busy)
  }
}

/** Joins the output of all parts, compressing halves that are not compressed yet. */
export function outputOf(
  parts: readonly Part[],
  compression: Compression | undefined,
): readonly Uint8Array[] {
  const pieces = parts
    .map(({ task, result }) => result.moved ?? new Uint8Array(task.slab, task.start, result.outputBytes))
    .filter((piece) => piece.length > 0)
  const isDone = parts.some(({ task }) => task.compression !== undefined)
  return compression === undefined || isDone || pieces.length === 0
    ? pieces
    : [compressed(Buffer.concat(pieces), compression)]
}

/** Returns the start of the first line after the middle; undefined for a single line. */
function middleLine({ slab, start, end }: LinesTask): number | undefined {
  const bytes = Buffer.from(slab, start, end - start)
  const half = Math.floor(bytes.length / 2)
  const after = lineStartAfter(bytes, half)
  if (after > 0 && after < bytes.length) return start + after
  const last = lastLineStart(bytes, bytes.length)
  return last > 0 ? start + last : undefined
}

function halves(task: LinesTask, middle: number): readonly LinesTask[] {
  return [
    // The output must not reach into the other half's input.
    { ...task, compression: undefined, end: middle, roomBytes: middle - task.start },
    {
      ...task,
      compression: undefined,
      start: middle,
      roomBytes: task.roomBytes - (middle - task.start),
      firstRecord: task.firstRecord + middle - task.start,
    },
  ]
}

const BLAME = {
  crashed: { code: 'WORKER_CRASHED', message: 'ends the worker that reads it' },
  timeout: { code: 'LINE_TIMEOUT', message: 'takes longer than allowed' },
} as const

function rejection(task: LinesTask, why: 'crashed' | 'timeout'): LinesResult {
  const bytes = Buffer.from(task.slab, task.start, task.end - task.start)
  const length = task.document ? bytes.length : contentEnd(bytes, 0, bytes.length)
  return {
    ...rejectedLine(BLAME[why], { lengthBytes: length }),
    ...(task.keepContent ? { content: new Uint8Array(bytes.subarray(0, length)) } : {}),
  }
}
