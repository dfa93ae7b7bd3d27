import { Readable, Writable } from 'node:stream'
import { exitCodeOf } from '../../src/commands/exit-codes.js'
import { describeFailure } from '../../src/commands/failure.js'
import { runVerb } from '../../src/commands/parser.js'
import { VERBS } from '../../src/commands/verbs.js'
import type { Finished } from './sluice.js'

/** Runs a verb as `cli.ts` does, in this process: many runs cost little. The environment is this process's. */
export async function verbRun(words: readonly string[]): Promise<Finished> {
  const out = { stdout: '', stderr: '' }
  const streamOf = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _, done) {
        out[name] += String(chunk)
        done()
      },
    })
  const print = (line: string): void => {
    out.stdout += `${line}\n`
  }
  const warn = (line: string): void => {
    out.stderr += `${line}\n`
  }
  const terminal = {
    stdin: Readable.from([]),
    stdout: streamOf('stdout'),
    stderr: streamOf('stderr'),
    print,
    warn,
    isInteractive: false,
    signal: new AbortController().signal,
  }
  try {
    return { exitCode: await runVerb(VERBS, words, '0.0.0', terminal), ...out }
  } catch (error) {
    const { text, json } = describeFailure(error)
    if (words.includes('--json')) print(JSON.stringify(json))
    warn(`sluice: ${text}`)
    return { exitCode: exitCodeOf(error), ...out }
  }
}
