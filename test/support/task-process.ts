import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FaultPoint, RunOptions } from '../../src/pipeline/options.js'
import type { TaskFaultPoint } from '../../src/pipeline/tasks/task.js'
import type { LockTimes } from '../../src/storage/folder/folder-lock.js'
import type { Ended } from './pipeline-run.js'

const CHUNK_BYTES = 16 * 1024

/** Small chunks and ranges, so that a little data is many units. */
export const TASK_SIZES = {
  chunkBytes: CHUNK_BYTES,
  rangeBytes: 4 * CHUNK_BYTES,
  memoryBudgetBytes: 2 ** 22,
  maxLineBytes: 100_000,
}

export type AnyPoint = FaultPoint | TaskFaultPoint

export interface TaskEntryOptions extends Pick<RunOptions, 'maxQuarantined'> {
  readonly input: string
  readonly output: string
  readonly config?: object
  readonly runId?: string
  readonly kill?: { readonly point: AnyPoint; readonly nth: number }
  /** Freezes the process there, after it has written its number into the file. */
  readonly stop?: { readonly point: AnyPoint; readonly nth: number; readonly file: string }
  readonly lockTimes?: LockTimes
  readonly clockSkewMs?: number
}

/** Runs a task in a process of its own. */
export function taskProcess(
  options: TaskEntryOptions,
  /** What starts it, `unshare` for example. */
  wrapper: readonly string[] = [],
): Promise<Ended> {
  const entry = fileURLToPath(new URL('../faults/task-entry.js', import.meta.url))
  return new Promise((resolve, reject) => {
    const [command, ...args] = [...wrapper, process.execPath, entry, JSON.stringify(options)]
    // Without tap's loaders: many processes start.
    const { NODE_OPTIONS: _, ...env } = process.env
    const child = spawn(command, args, { env })
    const texts = { stdout: '', stderr: '' }
    child.stdout.on('data', (data) => {
      texts.stdout += data
    })
    child.stderr.on('data', (data) => {
      texts.stderr += data
    })
    child.on('error', reject)
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, ...texts }))
  })
}
