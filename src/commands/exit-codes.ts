import { asSluiceError } from '../environment-error.js'
import { CODES, type ErrorCode } from '../errors.js'

/** What the process ends with; the README's table is made from this. */
export const EXIT = {
  delivered: 0,
  bug: 1,
  usage: 2,
  source: 3,
  sink: 4,
  service: 5,
  interrupted: 6,
  testFailed: 7,
  someQuarantined: 10,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.delivered, 'all delivered'],
  [EXIT.someQuarantined, 'delivered, some lines quarantined; loaded, some entries failed or ambiguous'],
  [EXIT.usage, 'usage or configuration: nothing was done'],
  [EXIT.source, 'source: missing, unreadable, changed while it was read, or too many bad lines'],
  [EXIT.sink, 'sink: full, not writable, already exists, or locked or changed by another program'],
  [
    EXIT.service,
    'a service still failed after retries, or this machine lacks open files, memory, threads or access; safe to run again',
  ],
  [EXIT.interrupted, 'interrupted; run again to resume'],
  [EXIT.testFailed, 'a test of `sluice test` failed'],
  [EXIT.bug, 'a bug in Sluice'],
]

/** The exit code of a run that quarantined lines and delivered the rest; a scheduler may want 0. */
export type QuarantineExit = typeof EXIT.delivered | typeof EXIT.someQuarantined

export const exitCodeOfCode = (code: ErrorCode): ExitCode => CODES[code].exitCode

/** The exit code for anything thrown: a fault of this machine has its own code, and an error without one is a bug. */
export const exitCodeOf = (error: unknown): ExitCode => exitCodeOfCode(asSluiceError(error).code)
