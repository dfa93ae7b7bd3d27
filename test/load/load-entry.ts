import { appendFileSync } from 'node:fs'
import { isSluiceError } from '../../src/errors.js'
import type { LoadFaultPoint } from '../../src/load/options.js'
import { elementAt } from '../support/elements.js'
import { type LoadOverrides, load } from '../support/load-run.js'

/** What the process that fault tests end is given. */
export interface LoadEntryOptions {
  readonly input: string
  readonly base: string
  readonly overrides: LoadOverrides
  /** Kill -9 when this point is reached for the nth time, from 1. */
  readonly kill?: { readonly point: LoadFaultPoint; readonly nth: number }
  /** A file that gets a line for each point reached. */
  readonly trace?: string
}

const { input, base, overrides, kill, trace } = JSON.parse(elementAt(process.argv, 2)) as LoadEntryOptions
const reached = new Map<LoadFaultPoint, number>()
const controller = new AbortController()
process.once('SIGTERM', () => controller.abort())

function faultPoint(point: LoadFaultPoint): void {
  const times = (reached.get(point) ?? 0) + 1
  reached.set(point, times)
  if (trace !== undefined) appendFileSync(trace, `${point}\n`)
  if (kill?.point === point && kill.nth === times) process.kill(process.pid, 'SIGKILL')
}

try {
  const report = await load(input, base, { ...overrides, faultPoint, signal: controller.signal })
  process.stdout.write(JSON.stringify(report))
} catch (error) {
  process.stderr.write(isSluiceError(error) ? `${error.code}: ${error.message}` : String(error))
  process.exitCode = isSluiceError(error) && error.code === 'INTERRUPTED' ? 6 : 1
}
