import { Readable, Writable } from 'node:stream'
import { linePrinters } from '../../src/commands/display/terminal.js'
import { exitCodeOf } from '../../src/commands/exit-codes.js'
import { describeFailure } from '../../src/commands/failure.js'
import { runVerb } from '../../src/commands/parser.js'
import { VERBS } from '../../src/commands/verbs.js'
import type { Finished } from './sluice.js'

/** Runs a verb as `cli.ts` does, in this process: many runs cost little. The environment is this process's. */
export async function verbRun(
  words: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Finished> {
  const out = { stdout: '', stderr: '' }
  const streamOf = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _, done) {
        out[name] += String(chunk)
        done()
      },
    })
  const [stdout, stderr] = [streamOf('stdout'), streamOf('stderr')]
  const printers = linePrinters(stdout, stderr)
  const terminal = {
    stdin: Readable.from([]),
    stdout,
    stderr,
    ...printers,
    isInteractive: false,
    signal,
  }
  try {
    return { exitCode: await runVerb(VERBS, words, '0.0.0', terminal), ...out }
  } catch (error) {
    const { text, json } = describeFailure(error)
    if (words.includes('--json')) printers.print(JSON.stringify(json))
    for (const line of `sluice: ${text}`.split('\n')) printers.warn(line)
    return { exitCode: exitCodeOf(error), ...out }
  }
}
