import { isSluiceError } from '../../errors.js'
import { lockState } from '../../storage/held-lock.js'
import { waitForLock } from '../../storage/lock-wait.js'
import type { JoinOptions } from './task.js'

const ASK_EVERY_MS = 500
// A source of very many items takes minutes to list, and a run of as many outputs to end.
const MAX_WAIT_MS = 15 * 60_000

/**
 * Takes the lock of the run, which another task holds only while it writes the plan or ends the run. Returns undefined
 * once nothing is left to do under it. Throws SINK_LOCKED if it is held for longer than either takes.
 */
export async function lockRun(
  options: Pick<JoinOptions, 'sink' | 'signal' | 'onEvent'>,
  isSettled: () => Promise<boolean>,
): Promise<(() => Promise<void>) | undefined> {
  const until = performance.now() + MAX_WAIT_MS
  for (;;) {
    try {
      return await lockState(options.sink.state, options)
    } catch (error) {
      if (!isSluiceError(error) || error.code !== 'SINK_LOCKED') throw error
      if (await isSettled()) return undefined
      if (performance.now() > until) throw error
    }
    await waitForLock(ASK_EVERY_MS, options.signal)
  }
}
