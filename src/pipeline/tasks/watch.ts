import { waitForLock } from '../../storage/lock-wait.js'
import { inParallel } from '../parallel-work.js'
import type { Unit } from './plan-file.js'
import type { JoinOptions } from './task.js'
import { readUnitResult } from './unit-records.js'
import { unitSink } from './unit-work.js'

const AT_ONCE = 64
// Units that are nearly done are let go at once; others are looked at less and less often.
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 1_000

/** What a claim is called whose holder has shown that it is alive. */
export const ALIVE = 'alive'

/** A unit that was watched: `alive`, or the signature of a claim that did not change; undefined if nobody holds it. */
export type Watched<T> = T & { readonly stale: string | undefined }

/**
 * Watches claims until each holder has shown that it is alive, has let go, or has given no sign of life for as long as
 * makes a claim stale. Only this process's own clock counts. Throws INTERRUPTED.
 */
export async function watch<T extends { readonly unit: Unit }>(
  options: JoinOptions,
  open: readonly T[],
): Promise<readonly Watched<T>[]> {
  const watched: Watched<T>[] = []
  await inParallel(open, AT_ONCE, async (each) => {
    watched.push({ ...each, stale: await claimOf(options, each.unit) })
  })
  return watched
}

async function claimOf(
  { sink, signal, onEvent = () => {} }: JoinOptions,
  unit: Unit,
): Promise<string | undefined> {
  const { state } = unitSink(sink, unit)
  let first: string | undefined
  let quietMs = 0
  let lookedAtMs = performance.now()
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    const holder = await state.holder()
    if (holder === undefined) return undefined
    const nowMs = performance.now()
    if (first === undefined) {
      first = holder.signature
      onEvent({ event: 'unit.waiting', level: 'info', unit: unit.id, host: holder.host })
    } else if (holder.signature !== first) return ALIVE
    // If this process was suspended meanwhile, the holder may have been too.
    else quietMs += Math.min(nowMs - lookedAtMs, 2 * LONGEST_WAIT_MS)
    lookedAtMs = nowMs
    if (quietMs >= state.lockLife.afterMs) return state.lockLife.kind === 'watched' ? first : ALIVE
    await waitForLock(waitMs, signal)
    if ((await readUnitResult(state)) !== undefined) return undefined
  }
}
