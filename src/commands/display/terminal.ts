import type { Readable, Writable } from 'node:stream'
import { visible } from '../../visible.js'

/** What a command sees of the outside: only `cli.ts` has the process itself. */
export interface Terminal {
  readonly stdin: Readable
  /** For data; text goes through `print`. */
  readonly stdout: Writable
  /** For a progress bar; text goes through `warn`. */
  readonly stderr: Writable
  /** Writes a line to stdout, made visible. Never throws, even if no one reads. */
  print(line: string): void
  /** Writes a line to stdout whose parts are visible and may be coloured. */
  printColored(line: string): void
  /** Writes a line to stderr, made visible. Never throws, even if no one reads. */
  warn(line: string): void
  /** Whether a person looks at stderr. */
  readonly isInteractive: boolean
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal
}

/**
 * How lines reach a terminal. Names of files, servers' texts and the like come from others: no character in them is a
 * command to the terminal or ends the line.
 */
export const linePrinters = (
  stdout: Writable,
  stderr: Writable,
): Pick<Terminal, 'print' | 'printColored' | 'warn'> => ({
  print: (line) => void stdout.write(`${visible(line)}\n`),
  printColored: (line) => void stdout.write(`${line}\n`),
  warn: (line) => void stderr.write(`${visible(line)}\n`),
})
