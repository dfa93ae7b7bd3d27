import { longFlag, usage, type Values } from '../shared-options.js'
import { ANONYMIZE_OPTIONS } from './options.js'

const {
  join,
  shard,
  splitBytes,
  onBadLine,
  readAhead,
  metricsPort,
  metricsFile,
  bulkData,
  recursive,
  ...shared
} = ANONYMIZE_OPTIONS

/** What every step of a run that tasks share is told, as `sluice anonymize --join` is. */
export const TASK_OPTIONS = shared

export type TaskValues = Values<typeof TASK_OPTIONS>

type JoinValues = Pick<Values<typeof ANONYMIZE_OPTIONS>, 'join' | 'shard' | 'runId' | 'rangeBytes'>

/** Whether this process is to be one task of a run. Throws USAGE for options that only a task has. */
export function isTask(values: JoinValues): boolean {
  if (values.join || values.shard !== undefined) return true
  for (const name of ['runId', 'rangeBytes'] as const)
    if (values[name] !== undefined) throw usage(`${longFlag(ANONYMIZE_OPTIONS[name])} needs --join`)
  return false
}
