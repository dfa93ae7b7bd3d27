import { printByteCount, printCount, printCounted } from '../../config/units/sizes.js'
import type { Joined } from '../../pipeline/tasks/join.js'
import type { TaskWork } from '../../pipeline/tasks/work.js'

/** What a task did, for people. */
export function* taskText(joined: Exclude<Joined, { kind: 'finished' }>): Iterable<string> {
  if (joined.work.units > 0) yield workText(joined.work)
  if (joined.kind === 'worked') {
    const { left } = joined
    yield `${printCounted(left, 'unit is', 'units are')} left to other tasks; the one that finishes the last unit ends the run`
    return
  }
  const { runIds, ended } = joined.plan
  yield endedText(runIds.at(-1) ?? '', ended?.at)
  if (joined.work.units === 0) yield AGAIN
}

export const endedText = (runId: string, at: string | undefined): string =>
  `the run${runId === '' ? '' : ` ${runId}`} ended${at === undefined ? '' : ` at ${at}`}: nothing is left to do`

export const AGAIN = 'to run it again, give another --run-id'

export const workText = ({ units, bytes, lines, quarantined }: TaskWork): string =>
  `this task did ${printCounted(units, 'unit', 'units')}: ${printByteCount(bytes)}, ${printCount(lines)} lines, ${printCount(quarantined)} of them quarantined`

/** The same for a machine. */
export const taskJson = (joined: Exclude<Joined, { kind: 'finished' }>): object =>
  joined.kind === 'worked'
    ? { kind: joined.kind, work: joined.work, unitsLeft: joined.left }
    : { kind: joined.kind, work: joined.work, endedAt: joined.plan.ended?.at }
