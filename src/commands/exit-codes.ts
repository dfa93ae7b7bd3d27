import { asSluiceError } from '../environment-error.js'
import type { ErrorCode } from '../errors.js'

/** What the process ends with; the README's table is made from this. */
export const EXIT = {
  delivered: 0,
  bug: 1,
  usage: 2,
  source: 3,
  sink: 4,
  service: 5,
  interrupted: 6,
  someQuarantined: 10,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.delivered, 'all delivered'],
  [EXIT.someQuarantined, 'delivered, some lines quarantined'],
  [EXIT.usage, 'usage or configuration: nothing was done'],
  [EXIT.source, 'source: not there, not readable, changed while read, too many bad lines'],
  [EXIT.sink, 'sink: full, not writable, already there, locked or changed by another program'],
  [
    EXIT.service,
    'a service still failed after retries, or this machine lacks open files, memory, threads or access; safe to run again',
  ],
  [EXIT.interrupted, 'interrupted; run again to resume'],
  [EXIT.bug, 'a bug in Sluice'],
]

const BY_CODE: Readonly<Record<ErrorCode, ExitCode>> = {
  USAGE: EXIT.usage,
  CONFIG_INVALID: EXIT.usage,
  KEY_MISSING: EXIT.usage,
  NAME_COLLISION: EXIT.usage,
  STATE_UNREADABLE: EXIT.usage,
  METRICS_UNAVAILABLE: EXIT.usage,
  SOURCE_NOT_FOUND: EXIT.source,
  SOURCE_DENIED: EXIT.source,
  SOURCE_UNREADABLE: EXIT.source,
  SOURCE_CHANGED: EXIT.source,
  SOURCE_CORRUPT: EXIT.source,
  SOURCE_NOT_UTF8: EXIT.source,
  BAD_LINE: EXIT.source,
  TOO_MANY_QUARANTINED: EXIT.source,
  SINK_FULL: EXIT.sink,
  SINK_DENIED: EXIT.sink,
  SINK_UNWRITABLE: EXIT.sink,
  SINK_CONFLICT: EXIT.sink,
  SINK_LOCKED: EXIT.sink,
  AUTH_FAILED: EXIT.usage,
  EXPORT_REFUSED: EXIT.usage,
  EXPORT_FAILED: EXIT.source,
  EXPORT_INVALID: EXIT.source,
  EXPORT_OVERDUE: EXIT.service,
  SERVICE_UNAVAILABLE: EXIT.service,
  WORKER_FAILED: EXIT.service,
  OUT_OF_RESOURCES: EXIT.service,
  SYSTEM_ERROR: EXIT.service,
  INTERRUPTED: EXIT.interrupted,
  // Somebody else writes to the output; where the blame is ours, it is a bug.
  RECONCILIATION_FAILED: EXIT.sink,
  INTERNAL: EXIT.bug,
}

/** The exit code of a run that quarantined lines and delivered the rest; a scheduler may want 0. */
export type QuarantineExit = typeof EXIT.delivered | typeof EXIT.someQuarantined

export const exitCodeOfCode = (code: ErrorCode): ExitCode => BY_CODE[code]

/** What is neither a SluiceError nor a fault of this machine is a bug, and one that says so. */
export const exitCodeOf = (error: unknown): ExitCode => {
  const { code, blame } = asSluiceError(error)
  return blame === 'bug' ? EXIT.bug : BY_CODE[code]
}
