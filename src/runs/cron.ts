import { Cron } from 'croner'

/** When a pipeline runs. */
export interface Schedule {
  /** Five fields (minute, hour, day, month, weekday), or `@daily` and the like. */
  readonly cron: string
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
}

/** What a schedule answers. Where the clock is put forward over its time it fires at the first minute after, where it is put back, once. */
export interface Calendar {
  /** The first time after `after`; undefined where there is none any more. */
  next(after: Date): Date | undefined
}

/** What is wrong with a schedule; nothing for one that `calendarOf` takes. */
export function scheduleProblems(schedule: Schedule): readonly ScheduleProblem[] {
  if (!isTimeZone(schedule.timeZone))
    return [{ path: 'timeZone', message: 'is no time zone, such as Europe/Berlin' }]
  try {
    const never = { path: 'cron', message: 'names a time that never comes' } as const
    return calendarOf(schedule).next(new Date()) === undefined ? [never] : []
  } catch {
    return [{ path: 'cron', message: 'is no cron expression of five fields, such as "0 1 * * *"' }]
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
