import type { Terminal } from './display/terminal.js'
import type { ExitCode } from './exit-codes.js'
import { flag, type Options, type Values } from './shared-options.js'

/** One `sluice <verb>`. */
export interface Verb<O extends Options = Options> {
  readonly name: string
  readonly summary: string
  /** Shown by `--help` below the summary. */
  readonly details?: string
  /** Words that follow the verb, as commander names them: `[values...]`. */
  readonly words?: string
  readonly options: O
  /** Commands that work, with what they do. */
  readonly examples: readonly (readonly [command: string, what: string])[]
  /** Loads what the verb needs only when it runs: `--help` and small runs start at once. */
  readonly run: (values: Values<O>, terminal: Terminal, words: readonly string[]) => Promise<ExitCode>
}

/** A verb whose option types reach its `run`, as the table of all verbs holds it. */
export const verb = <O extends Options>(definition: Verb<O>): Verb => definition as unknown as Verb

/** Every verb has it. */
export const JSON_OPTION = flag('--json', 'print the result (or the error) as one JSON document on stdout')
