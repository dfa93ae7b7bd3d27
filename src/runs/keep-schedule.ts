import type { Clock } from './clock.js'
import type { Calendar } from './cron.js'

// A changed clock or a machine that slept is noticed within this time.
const MAX_SLEEP_MS = 30_000

export interface ScheduleOptions {
  readonly calendar: Calendar
  readonly clock: Clock
  /** Ends the schedule: at once while it waits, else after the current run. */
  readonly signal: AbortSignal
  /** Also run at the start, not only at the first scheduled time. */
  readonly isNow?: boolean
  /** Performs one run; never throws. */
  readonly run: () => Promise<void>
  /** Called with the time of the next run. */
  readonly onWaiting?: (next: Date) => void
  /** Called with scheduled times that were skipped because a run was in progress. */
  readonly onMissed?: (times: readonly Date[]) => void
}

const MAX_MISSED = 1000

/** Runs at each scheduled time until the signal aborts or the calendar ends; never two at once. */
export async function keepSchedule(options: ScheduleOptions): Promise<void> {
  const { calendar, clock, signal, run, onWaiting = () => {}, onMissed = () => {} } = options
  let last = clock.now()
  if (options.isNow === true && !signal.aborted) await run()
  while (!signal.aborted) {
    const missed = timesBetween(calendar, last, clock.now())
    if (missed.length > 0) onMissed(missed)
    last = missed.at(-1) ?? last
    const next = calendar.next(last)
    if (next === undefined) return
    onWaiting(next)
    await sleepUntil(next, clock, signal)
    if (signal.aborted) return
    last = next
    await run()
  }
}

async function sleepUntil(time: Date, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const ms = time.getTime() - clock.now().getTime()
    if (ms <= 0 || signal.aborted) return
    await clock.sleep(Math.min(ms, MAX_SLEEP_MS), signal)
  }
}

function timesBetween(calendar: Calendar, after: Date, until: Date): readonly Date[] {
  const times: Date[] = []
  for (let at = calendar.next(after); at !== undefined && at <= until; at = calendar.next(at))
    if (times.push(at) === MAX_MISSED) break
  return times
}
