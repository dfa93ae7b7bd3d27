#!/usr/bin/env node
import { linePrinters, type Terminal } from './commands/display/terminal.js'
import { EXIT, type ExitCode, exitCodeOf } from './commands/exit-codes.js'
import { describeFailure } from './commands/failure.js'
import { checkNodeVersion } from './commands/node-version.js'
import { sluiceError } from './errors.js'

const words = process.argv.slice(2)
// The list of processes shows everybody what was typed, and an address can hold a SAS.
process.title = 'sluice'
const interrupt = new AbortController()
let endingWith: number | undefined

// SIGHUP: the terminal or the connection is gone, and what is not finished can be resumed.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    // The work is done; only a slow reader of stdout is waited for.
    if (endingWith !== undefined) process.exit(endingWith)
    // A second signal does not wait for anything: promise 3 holds without a tidy end.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    interrupt.abort(sluiceError('INTERRUPTED', { message: `stopped by ${name}` }))
  })

// A reader that went away (EPIPE) must not end the run: its outputs are files.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const terminal: Terminal = {
  // Made when it is asked for: a stdin that cannot be opened matters to those only who read it.
  get stdin() {
    return process.stdin
  },
  stdout: process.stdout,
  stderr: process.stderr,
  ...linePrinters(process.stdout, process.stderr),
  isInteractive: process.stderr.isTTY === true,
  signal: interrupt.signal,
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

function fail(error: unknown): void {
  const { text, json } = describeFailure(error)
  if (words.includes('--json')) terminal.print(JSON.stringify(json))
  for (const line of `sluice: ${text}`.split('\n')) terminal.warn(line)
  end(exitCodeOf(error))
}

/** Ends the process once stdout has taken what was printed, or can take no more. */
function end(exitCode: number): void {
  const { stdout } = process
  endingWith = exitCode
  if (stdout.destroyed || stdout.writableLength === 0) process.exit(exitCode)
  stdout.once('error', () => process.exit(exitCode))
  stdout.write('', () => process.exit(exitCode))
}

// The rest is loaded here, where a failure is caught: old versions of Node cannot load it, nor can a process that may
// open too few files.
async function main(): Promise<ExitCode> {
  checkNodeVersion(process.versions.node)
  const { setV8Flags } = await import('./commands/v8-flags.js')
  setV8Flags(process.versions.v8)
  const { runVerb } = await import('./commands/parser.js')
  const { VERBS } = await import('./commands/verbs.js')
  const { packageVersion } = await import('./version.js')
  return runVerb(VERBS, words, packageVersion(), terminal)
}

main().then(end, fail)
