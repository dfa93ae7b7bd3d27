import type { Readable, Writable } from 'node:stream'

/** What a command sees of the outside: only `cli.ts` has the process itself. */
export interface Terminal {
  readonly stdin: Readable
  /** For data; text goes through `print`. */
  readonly stdout: Writable
  /** For a progress bar; text goes through `warn`. */
  readonly stderr: Writable
  /** Writes a line to stdout. Never throws, also when nobody reads. */
  print(line: string): void
  /** Writes a line to stderr. Never throws, also when nobody reads. */
  warn(line: string): void
  /** Whether a person looks at stderr. */
  readonly isInteractive: boolean
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
}
