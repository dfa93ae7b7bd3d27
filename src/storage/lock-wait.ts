import { setTimeout as wait } from 'node:timers/promises'
import { sluiceError } from '../errors.js'

/** The lock of an output is another run's. */
export const lockedError = (at: string, why = 'another run is writing to this output') =>
  sluiceError('SINK_LOCKED', { at, message: why })

/** Waits before a lock that another run holds is looked at again. Throws INTERRUPTED. */
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
