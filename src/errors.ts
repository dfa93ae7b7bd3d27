/** What a code promises, wherever it is thrown. */
interface CodeFacts {
  /** What has happened, for the table in docs/errors.md. */
  readonly means: string
  readonly blame: Blame
  /** Whether the same call can succeed: never, at once, or after a wait. */
  readonly retry: 'never' | 'now' | 'later'
  /** What the process ends with. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 6
  /** What the user can do, in words that end a message. A place that knows better gives its own. */
  readonly help: string
}

export type Blame = 'input' | 'config' | 'source' | 'sink' | 'service' | 'user' | 'environment' | 'bug'

/** Every way a run can fail. Closed, so that callers can switch on it; docs/errors.md is made from this. */
export const CODES = {
  USAGE: {
    means: 'an option, an address or a call of the library asks for something that cannot be done',
    blame: 'user',
    retry: 'never',
    exitCode: 2,
    help: 'see --help',
  },
  CONFIG_INVALID: {
    means: 'a configuration, or a file or variable that belongs to it, is missing or wrong',
    blame: 'config',
    retry: 'never',
    exitCode: 2,
    help: 'correct it and run it again',
  },
  KEY_MISSING: {
    means: 'a key or secret that the configuration names cannot be read',
    blame: 'config',
    retry: 'never',
    exitCode: 2,
    help: 'provide it and run it again',
  },
  NAME_COLLISION: {
    means: 'two items of the source would become the same output',
    blame: 'source',
    retry: 'never',
    exitCode: 2,
    help: 'rename one of them',
  },
  STATE_UNREADABLE: {
    means: 'the state of earlier runs cannot be read',
    blame: 'user',
    retry: 'never',
    exitCode: 2,
    help: 'check its owner and permissions, or give another --state',
  },
  PLAN_DIFFERS: {
    means: 'a task was started with another configuration or other options than the run it would join',
    blame: 'user',
    retry: 'never',
    exitCode: 2,
    help: 'start every task of a run alike, or end that run with `sluice finish --abandon`',
  },
  METRICS_UNAVAILABLE: {
    means: 'the metrics cannot be published at the given address',
    blame: 'user',
    retry: 'later',
    exitCode: 2,
    help: 'choose another address',
  },
  CONNECTION_UNTRUSTED: {
    means: 'the certificate or the encryption of a server or proxy is not accepted',
    blame: 'user',
    retry: 'never',
    exitCode: 2,
    help: 'correct the address, or name the authority of the certificate in NODE_EXTRA_CA_CERTS',
  },
  AUTH_FAILED: {
    means: 'a server, its token endpoint or a proxy refuses the credentials',
    blame: 'config',
    retry: 'never',
    exitCode: 2,
    help: 'check the credentials and what they may access',
  },
  EXPORT_REFUSED: {
    means: 'the FHIR server refuses the export as it was requested',
    blame: 'user',
    retry: 'never',
    exitCode: 2,
    help: 'check the address and the options of the export',
  },
  LOAD_REFUSED: {
    means: 'the FHIR server refused the load as requested',
    blame: 'user',
    retry: 'never',
    exitCode: 2,
    help: 'check the address and the options of the load',
  },
  SOURCE_NOT_FOUND: {
    means: 'the source does not exist, or holds nothing that can be read',
    blame: 'user',
    retry: 'never',
    exitCode: 3,
    help: 'check the address',
  },
  SOURCE_DENIED: {
    means: 'the source, or a link to it, does not give the access that is needed',
    blame: 'source',
    retry: 'never',
    exitCode: 3,
    help: 'check the credentials and the permissions',
  },
  SOURCE_UNREADABLE: {
    means: 'reading the source failed; it may succeed another time',
    blame: 'source',
    retry: 'later',
    exitCode: 3,
    help: 'check its permissions and its disk or server, then run it again',
  },
  SOURCE_UNUSABLE: {
    means: 'the source cannot be read until someone changes it: its kind, its name, its storage tier',
    blame: 'source',
    retry: 'never',
    exitCode: 3,
    help: 'change it or leave it out',
  },
  SOURCE_CHANGED: {
    means: 'the source changed or went away while it was read',
    blame: 'source',
    retry: 'now',
    exitCode: 3,
    help: 'run it again',
  },
  SOURCE_INCOMPLETE: {
    means: 'the source delivered something other than it announced, such as fewer resources',
    blame: 'source',
    retry: 'later',
    exitCode: 3,
    help: 'run it again',
  },
  SOURCE_CORRUPT: {
    means: 'the source is damaged: it is not a complete gzip or zstd file, or not what its name says',
    blame: 'source',
    retry: 'never',
    exitCode: 3,
    help: 'replace it with an intact copy',
  },
  SOURCE_NOT_UTF8: {
    means: 'the source is text in another encoding',
    blame: 'source',
    retry: 'never',
    exitCode: 3,
    help: 'convert it to UTF-8',
  },
  PAIR_MISMATCH: {
    means: 'the two sides that `sluice diff` compares are not from the same run',
    blame: 'source',
    retry: 'never',
    exitCode: 3,
    help: 'give the input and the output of one run',
  },
  BAD_LINE: {
    means: 'a line or an encrypted value cannot be processed, and the options forbid leaving it out',
    blame: 'input',
    retry: 'never',
    exitCode: 3,
    help: 'correct it, or allow lines to be quarantined',
  },
  TOO_MANY_QUARANTINED: {
    means: 'more lines were rejected than the options allow',
    blame: 'input',
    retry: 'never',
    exitCode: 3,
    help: 'see the quarantine for the reasons',
  },
  EXPORT_FAILED: {
    means: 'the FHIR server began the export and failed, or lost it',
    blame: 'source',
    retry: 'later',
    exitCode: 3,
    help: 'run it again to start another export',
  },
  EXPORT_INVALID: {
    means: 'the FHIR server does not answer as the Bulk Data specification says',
    blame: 'source',
    retry: 'never',
    exitCode: 3,
    help: 'report it to the operators of the server',
  },
  SINK_FULL: {
    means: 'the output has no room left',
    blame: 'sink',
    retry: 'later',
    exitCode: 4,
    help: 'make room and run it again',
  },
  SINK_DENIED: {
    means: 'the output does not give the access that is needed',
    blame: 'sink',
    retry: 'never',
    exitCode: 4,
    help: 'check the credentials and the permissions',
  },
  SINK_UNWRITABLE: {
    means: 'writing the output failed; it may succeed another time',
    blame: 'sink',
    retry: 'later',
    exitCode: 4,
    help: 'check its permissions and its disk or server, then run it again',
  },
  SINK_UNUSABLE: {
    means:
      'the output cannot be written until someone changes it: a link, a missing container, a storage tier',
    blame: 'sink',
    retry: 'never',
    exitCode: 4,
    help: 'change it, or choose another output',
  },
  OUTPUT_TOO_LARGE: {
    means: 'one output is larger than a file can be there',
    blame: 'sink',
    retry: 'never',
    exitCode: 4,
    help: 'split it with --split-bytes',
  },
  SINK_CHANGED: {
    means: 'another program changed the output while it was written',
    blame: 'sink',
    retry: 'later',
    exitCode: 4,
    help: 'run it again when nothing else writes there',
  },
  SINK_CONFLICT: {
    means: 'something that this run did not make is where an output belongs',
    blame: 'sink',
    retry: 'never',
    exitCode: 4,
    help: 'move it away, or choose another output',
  },
  SINK_LOCKED: {
    means: 'another run or program is writing to the output or its state',
    blame: 'sink',
    retry: 'later',
    exitCode: 4,
    help: 'wait for it to end and run it again',
  },
  LOAD_INVALID: {
    means: 'the response of the FHIR server to a load violates the FHIR specification',
    blame: 'sink',
    retry: 'never',
    exitCode: 4,
    help: 'report it to the operators of the server',
  },
  IMPORT_FAILED: {
    means: 'the FHIR server began the import and failed, or lost it',
    blame: 'sink',
    retry: 'later',
    exitCode: 4,
    help: 'see the log of the server, then run it again to start another import',
  },
  STATE_DAMAGED: {
    means: 'the state of the server holds less than the server wrote there',
    blame: 'sink',
    retry: 'later',
    exitCode: 4,
    help: 'start the server again',
  },
  SERVICE_UNAVAILABLE: {
    means: 'a service still failed after the retries',
    blame: 'service',
    retry: 'later',
    exitCode: 5,
    help: 'run it again later',
  },
  UNITS_MISSING: {
    means: 'a run cannot be finished yet, because not all of its units are done',
    blame: 'service',
    retry: 'later',
    exitCode: 5,
    help: 'start a task with --join to do the rest',
  },
  WEBHOOK_REFUSED: {
    means: 'the address of `notify` answers, but does not accept the message',
    blame: 'config',
    retry: 'never',
    exitCode: 5,
    help: 'check notify.url and what it accepts',
  },
  EXPORT_OVERDUE: {
    means: 'the export took longer than the options allow',
    blame: 'service',
    retry: 'later',
    exitCode: 5,
    help: 'run it again to continue waiting',
  },
  IMPORT_OVERDUE: {
    means: 'the import took longer than the options allow',
    blame: 'service',
    retry: 'later',
    exitCode: 5,
    help: 'run it again to continue waiting',
  },
  IMPORT_INCOMPLETE: {
    means:
      'the counts of loaded and refused resources do not add up to the number that was staged for the import',
    blame: 'service',
    retry: 'later',
    exitCode: 5,
    help: 'compare the counts that the report lists for each file, then import those files again',
  },
  WORKER_FAILED: {
    means: 'worker threads did not start, or died',
    blame: 'environment',
    retry: 'later',
    exitCode: 5,
    help: 'check the load, the memory and the thread limit of this machine (ulimit -u, ulimit -v), or lower --workers, then run it again',
  },
  OUT_OF_RESOURCES: {
    means: 'this machine has no memory, threads, open files or disk space left',
    blame: 'environment',
    retry: 'later',
    exitCode: 5,
    help: 'free some and run it again',
  },
  SYSTEM_ERROR: {
    means: 'the operating system or Node reports an error',
    blame: 'environment',
    retry: 'later',
    exitCode: 5,
    help: 'check this machine and run it again',
  },
  INTERRUPTED: {
    means: 'a signal or the caller stopped the run',
    blame: 'user',
    retry: 'now',
    exitCode: 6,
    help: 'run it again to resume',
  },
  RECONCILIATION_FAILED: {
    means:
      'what was written does not add up to what was read: a bug in Sluice, stopped before it could do harm',
    blame: 'bug',
    retry: 'never',
    exitCode: 1,
    help: 'please report this bug',
  },
  INTERNAL: {
    means: 'a bug in Sluice',
    blame: 'bug',
    retry: 'never',
    exitCode: 1,
    help: 'please report this bug',
  },
} as const satisfies Readonly<Record<string, CodeFacts>>

export type ErrorCode = keyof typeof CODES

/** What a place knows of a failure; `CODES` knows the rest. */
export interface ErrorFacts {
  /** What it concerns: an item, a path in the configuration, a file. Never a value from a resource. */
  readonly at?: string | undefined
  /** What has happened, in words that follow the place. Never a value from a resource, a key or a credential. */
  readonly message: string
  /** What to do, where this place knows better than `CODES`. */
  readonly help?: string | undefined
  readonly cause?: unknown
  /** Every single problem, where there are several (a configuration); each says what to do. */
  readonly problems?: readonly Problem[] | undefined
}

/** One problem of a configuration: the rule's number (from 1), the JSON path, and what to do. */
export interface Problem {
  readonly rule?: number
  readonly path: string
  readonly message: string
}

const BRAND = 'fhir-sluice/SluiceError'

/**
 * The one error class. `message` says what has happened and what to do, `at` where. Recognised by brand
 * (`isSluiceError`), so that it survives two copies of the package.
 */
export class SluiceError extends Error {
  readonly brand = BRAND
  readonly code: ErrorCode
  readonly blame: Blame
  readonly retry: CodeFacts['retry']
  readonly at?: string
  /** The two halves of `message`. */
  readonly fact: string
  readonly help?: string
  readonly problems?: readonly Problem[]

  constructor(code: ErrorCode, { at, message, help, cause, problems }: ErrorFacts) {
    const advice = problems === undefined ? (help ?? CODES[code].help) : help
    super(
      advice === undefined ? message : `${message}; ${advice}`,
      cause === undefined ? undefined : { cause },
    )
    this.name = 'SluiceError'
    this.code = code
    this.blame = CODES[code].blame
    this.retry = CODES[code].retry
    this.fact = message
    if (at !== undefined) this.at = at
    if (advice !== undefined) this.help = advice
    if (problems !== undefined) this.problems = problems
  }
}

/** What happened, where, and what to do; whose fault it is and whether to retry follow from the code. */
export const sluiceError = (code: ErrorCode, facts: ErrorFacts): SluiceError => new SluiceError(code, facts)

export const isSluiceError = (value: unknown): value is SluiceError =>
  typeof value === 'object' && value !== null && (value as { brand?: unknown }).brand === BRAND
