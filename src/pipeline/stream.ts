import type { Readable, Writable } from 'node:stream'
import { sluiceError } from '../errors.js'
import type { RunOptions } from './options.js'
import type { LineTotals } from './report.js'

export interface StreamOptions
  extends Pick<
    RunOptions,
    | 'plan'
    | 'workers'
    | 'memoryBudgetBytes'
    | 'chunkBytes'
    | 'maxLineBytes'
    | 'chunkTimeoutMs'
    | 'gzip'
    | 'onBadLine'
    | 'signal'
    | 'onEvent'
    | 'metrics'
  > {
  readonly input: Readable
  readonly output: Writable
  /** Each rejected line; without it they are only counted. */
  readonly onQuarantined?: (line: QuarantinedLine) => void
}

export interface QuarantinedLine {
  readonly item: string
  /** In bytes from the start of the (decompressed) item. */
  readonly offset: number
  readonly length: number
  /** From 1, blank lines counted. */
  readonly line: number
  readonly code: string
  /** Of the element at fault, in bytes from the start of the line. */
  readonly elementOffset: number
  readonly message: string
}

/** NDJSON (gzip or not) from a stream to a stream. No checkpoint: what is written cannot be taken back. */
export async function anonymizeStream(options: StreamOptions): Promise<LineTotals> {
  throw sluiceError('INTERNAL', `no stream for ${options.plan.fingerprint}`, { blame: 'bug', retry: 'never' })
}
