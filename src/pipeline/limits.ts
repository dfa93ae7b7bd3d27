import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { sluiceError } from '../errors.js'
import type { RunOptions } from './options.js'

const MIB = 2 ** 20
const MIN_BUDGET_BYTES = MIB

/** Sizes derived from the options; together they stay within the byte budget. */
export interface Limits {
  readonly workers: number
  readonly chunkBytes: number
  readonly maxLineBytes: number
  readonly slabBytes: number
  readonly slabCount: number
  readonly chunkTimeoutMs: number
  readonly workerHeapMebibytes: number
  /** Number of items in progress at once. */
  readonly itemsAtOnce: number
  /** Maximum number of chunks of one item that are read but not yet written. */
  readonly chunksPerItem: number
}

export type LimitOptions = Pick<
  RunOptions,
  | 'workers'
  | 'itemsAtOnce'
  | 'memoryBudgetBytes'
  | 'chunkBytes'
  | 'maxLineBytes'
  | 'chunkTimeoutMs'
  | 'workerHeapBytes'
> & { readonly source?: { readonly isRemote?: true }; readonly sink?: { readonly isRemote?: true } }

// Small items of a remote store spend most of their time waiting for answers.
const REMOTE_ITEMS_AT_ONCE = 16

/** Derives missing values from the processors and the memory available to this process. Throws USAGE. */
export function settleLimits(options: LimitOptions): Limits {
  const memory = memoryLimitBytes()
  const workers = atLeast('workers', options.workers ?? processorLimit(), 1)
  const chunkBytes = atLeast('chunkBytes', options.chunkBytes ?? 4 * MIB, 1)
  const budget = atLeast(
    'memoryBudgetBytes',
    options.memoryBudgetBytes ?? Math.max(MIN_BUDGET_BYTES, Math.min(256 * MIB, memory / 4)),
    MIN_BUDGET_BYTES,
  )
  // Output is often longer than input (hashes, labels), and lines do not end on the grid, so slabs are half as large
  // again.
  const slabBytes = Math.ceil(chunkBytes * 1.5) + 64 * 1024
  const besideSlabs = budget - 2 * slabBytes
  if (besideSlabs <= 0)
    throw sluiceError('USAGE', {
      message: `memoryBudgetBytes must be more than ${2 * slabBytes} for this chunkBytes`,
      help: 'give more of it or fewer chunkBytes',
    })
  // A quarter of the budget is for the one long line held at a time.
  const lineRoom = Math.floor(Math.min(budget / 4, besideSlabs))
  const maxLineBytes = atLeast('maxLineBytes', options.maxLineBytes ?? Math.min(64 * MIB, lineRoom), 1)
  const slabRoom = Math.floor((budget - Math.min(maxLineBytes, lineRoom)) / slabBytes)
  const isRemote = options.source?.isRemote === true || options.sink?.isRemote === true
  const itemsAtOnce = atLeast(
    'itemsAtOnce',
    options.itemsAtOnce ?? Math.max(2, isRemote ? REMOTE_ITEMS_AT_ONCE : workers * 2),
    1,
  )
  const chunksPerItem = workers * 3 + 2
  const wantedSlabs = chunksPerItem + (isRemote ? itemsAtOnce : 0)
  const slabCount = Math.max(2, Math.min(wantedSlabs, slabRoom))
  return {
    workers,
    chunkBytes,
    maxLineBytes,
    slabBytes,
    slabCount,
    chunkTimeoutMs: atLeast('chunkTimeoutMs', options.chunkTimeoutMs ?? 60_000, 1),
    workerHeapMebibytes: Math.ceil(
      (options.workerHeapBytes ?? Math.max(128 * MIB, Math.min(1024 * MIB, memory / 2 / workers))) / MIB,
    ),
    chunksPerItem,
    itemsAtOnce: Math.max(1, Math.min(itemsAtOnce, slabCount)),
  }
}

function atLeast(name: string, value: number, minimum: number): number {
  const whole = Math.floor(value)
  if (Number.isSafeInteger(whole) && whole >= minimum) return whole
  throw sluiceError('USAGE', {
    message: `${name} must be a number of at least ${minimum}`,
    help: 'correct it',
  })
}

/** Memory that the control group allows, else that of the machine. */
function memoryLimitBytes(): number {
  const group =
    numberIn('/sys/fs/cgroup/memory.max') ?? numberIn('/sys/fs/cgroup/memory/memory.limit_in_bytes')
  return Math.min(totalmem(), group ?? Number.POSITIVE_INFINITY)
}

function processorLimit(): number {
  const [quota = 0, period = 0] = textOf('/sys/fs/cgroup/cpu.max').split(' ').map(Number)
  const group = quota > 0 && period > 0 ? Math.max(1, Math.floor(quota / period)) : Number.POSITIVE_INFINITY
  return Math.min(availableParallelism(), group)
}

function numberIn(path: string): number | undefined {
  const value = Number(textOf(path).trim() || Number.NaN)
  return value > 0 ? value : undefined
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
