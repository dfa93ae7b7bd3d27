import { Cron } from 'croner'

/** When a pipeline runs. */
export interface Schedule {
  /** Five fields (minute, hour, day, month, weekday), or `@daily` and the like. */
  readonly cron: string
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
}

/** Times of a schedule. If clocks go forward past a time, it fires in the first minute after; if they go back, once. */
export interface Calendar {
  /** Returns the first time after `after`, or undefined if there is none. */
  next(after: Date): Date | undefined
}

/** Finds the problems of a schedule; none if `calendarOf` accepts it. */
export function scheduleProblems(schedule: Schedule): readonly ScheduleProblem[] {
  if (!isTimeZone(schedule.timeZone))
    return [{ path: 'timeZone', message: 'is not a time zone, such as Europe/Berlin' }]
  try {
    const never = { path: 'cron', message: 'names a time that never comes' } as const
    return calendarOf(schedule).next(new Date()) === undefined ? [never] : []
  } catch {
    return [{ path: 'cron', message: 'is not a cron expression of five fields, such as "0 1 * * *"' }]
  }
}

export interface ScheduleProblem {
  readonly path: 'cron' | 'timeZone'
  readonly message: string
}

export function calendarOf({ cron, timeZone }: Schedule): Calendar {
  const job = new Cron(cron, { paused: true, timezone: timeZone, mode: '5-part' })
  return { next: (after) => job.nextRun(after) ?? undefined }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
