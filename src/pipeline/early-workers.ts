import { WorkerPool } from '../workers/pool.js'
import { type LimitOptions, settleLimits } from './limits.js'

/**
 * Starts a worker thread for a run whose code, configuration and items are still to be loaded, so that the thread loads
 * its own code meanwhile. The run starts the others. The caller must destroy the pool. Throws USAGE.
 */
export function startEarly(options: LimitOptions): WorkerPool {
  const { workers, workerHeapMebibytes } = settleLimits(options)
  return new WorkerPool({ size: workers, startedAtOnce: 1, heapMebibytes: workerHeapMebibytes })
}
