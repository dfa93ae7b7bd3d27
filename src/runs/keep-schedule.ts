import type { Clock } from './clock.js'
import type { Calendar } from './cron.js'

// A clock that is set, or a machine that slept, is noticed within this time.
const LONGEST_SLEEP_MS = 30_000

export interface ScheduleOptions {
  readonly calendar: Calendar
  readonly clock: Clock
  /** Ends it: at once while it waits, after the run while one is going. */
  readonly signal: AbortSignal
  /** Run at the start too, not only at the first time of the calendar. */
  readonly isNow?: boolean
  /** One run; throws nothing. */
  readonly run: () => Promise<void>
  /** Says when the next run is due. */
  readonly onWaiting?: (next: Date) => void
  /** Times that came while a run was going; they have none. */
  readonly onMissed?: (times: readonly Date[]) => void
}

const MOST_MISSED = 1000

/** Runs at each time of the calendar until the signal comes or the calendar ends; never two at once. */
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
    await clock.sleep(Math.min(ms, LONGEST_SLEEP_MS), signal)
  }
}

function timesBetween(calendar: Calendar, after: Date, until: Date): readonly Date[] {
  const times: Date[] = []
  for (let at = calendar.next(after); at !== undefined && at <= until; at = calendar.next(at))
    if (times.push(at) === MOST_MISSED) break
  return times
}
