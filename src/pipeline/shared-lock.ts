import { isSluiceError } from '../errors.js'
import { lockState } from '../storage/held-lock.js'
import { waitForLock } from '../storage/lock-wait.js'
import type { State } from '../storage/store.js'
import type { RunOptions } from './options.js'

// Most plans are written at once; a long one is asked for less and less often.
const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 1_000
// A source of very many items takes minutes to list, and a run of as many outputs to end.
const MAX_WAIT_MS = 15 * 60_000

/**
 * Takes a lock that other tasks hold only for a while: to begin a run, to write its plan, to end it. Returns undefined
 * once nothing is left to do under it. Throws SINK_LOCKED if it is held for longer than that takes.
 */
export async function lockShared(
  options: { readonly sink: { readonly state: State } } & Pick<RunOptions, 'signal' | 'onEvent'>,
  isSettled: () => Promise<boolean>,
): Promise<(() => Promise<void>) | undefined> {
  const until = performance.now() + MAX_WAIT_MS
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await lockState(options.sink.state, options)
    } catch (error) {
      if (!isSluiceError(error) || error.code !== 'SINK_LOCKED') throw error
      if (await isSettled()) return undefined
      if (performance.now() > until) throw error
    }
    await waitForLock(waitMs, options.signal)
  }
}
