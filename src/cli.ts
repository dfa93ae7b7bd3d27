#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { EXIT, exitCodeOf } from './commands/exit-codes.js'
import { describeFailure } from './commands/failure.js'
import { letHeapsGrow } from './commands/heap-growth.js'
import { runVerb } from './commands/parser.js'
import type { Terminal } from './commands/terminal.js'
import { VERBS } from './commands/verbs.js'

const words = process.argv.slice(2)
// The list of processes shows everybody what was typed, and an address can hold a SAS.
process.title = 'sluice'
letHeapsGrow()
const interrupt = new AbortController()

for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    // A second signal does not wait for anything: promise 3 holds without a tidy end.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    interrupt.abort(name)
  })

// A reader that went away (EPIPE) must not end the run: its outputs are files.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const terminal: Terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  print: (line) => void process.stdout.write(`${line}\n`),
  warn: (line) => void process.stderr.write(`${line}\n`),
  isInteractive: process.stderr.isTTY === true,
  signal: interrupt.signal,
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

function fail(error: unknown): void {
  const { text, json } = describeFailure(error)
  if (words.includes('--json')) terminal.print(JSON.stringify(json))
  terminal.warn(`sluice: ${text}`)
  end(exitCodeOf(error))
}

/** Ends the process once stdout has taken what was printed, or can take no more. */
function end(exitCode: number): void {
  const { stdout } = process
  if (stdout.destroyed || stdout.writableLength === 0) process.exit(exitCode)
  stdout.once('error', () => process.exit(exitCode))
  stdout.write('', () => process.exit(exitCode))
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

runVerb(VERBS, words, version, terminal).then(end, fail)
