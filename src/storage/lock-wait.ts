import { setTimeout as wait } from 'node:timers/promises'
import { sluiceError } from '../errors.js'

/** Makes the error for an output whose lock another run holds. */
export const lockedError = (at: string, why = 'another run is writing to this output') =>
  sluiceError('SINK_LOCKED', { at, message: why })

/** Waits before checking another run's lock again. Throws INTERRUPTED. */
export async function waitForLock(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal })
  } catch {
    throw sluiceError('INTERRUPTED', {
      message: 'interrupted while another run holds the lock',
      help: 'run it again when that run has ended',
    })
  }
}
