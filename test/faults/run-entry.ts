import { appendFileSync, writeFileSync } from 'node:fs'
import { isSluiceError } from '../../src/errors.js'
import type { FaultPoint } from '../../src/pipeline/options.js'
import { elementAt } from '../support/elements.js'
import { peakMebibytes } from '../support/peak-memory.js'
import { type EntryOptions, run } from '../support/pipeline-run.js'

// The process that fault tests end: one run, its report on stdout, exit 6 when a signal interrupts it.
const {
  input,
  output,
  config,
  overrides,
  kill,
  trace,
  stop,
  lockTimes,
  clockSkewMs = 0,
} = JSON.parse(elementAt(process.argv, 2)) as EntryOptions
const skewedNow = (): number => systemNow() + clockSkewMs
const systemNow = Date.now
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [skewedNow()], newTarget),
  get: (target, key) => (key === 'now' ? skewedNow : Reflect.get(target, key)),
})
const reached = new Map<FaultPoint, number>()
const controller = new AbortController()
process.once('SIGTERM', () => controller.abort())

function faultPoint(point: FaultPoint): void {
  const times = (reached.get(point) ?? 0) + 1
  reached.set(point, times)
  if (trace !== undefined) appendFileSync(trace, `${point}\n`)
  if (stop !== undefined && stop.point === point && stop.nth === times) {
    writeFileSync(stop.file, String(process.pid))
    // Nothing of it moves from here on, its sign of life neither.
    process.kill(process.pid, 'SIGSTOP')
  }
  if (kill !== undefined && kill.point === point && kill.nth === times) process.kill(process.pid, 'SIGKILL')
}

try {
  const report = await run(input, output, {
    ...overrides,
    config,
    lockTimes,
    faultPoint,
    signal: controller.signal,
  })
  process.stdout.write(JSON.stringify({ ...report, peakMebibytes: peakMebibytes() }))
} catch (error) {
  process.stderr.write(isSluiceError(error) ? error.code : String(error))
  process.exitCode = isSluiceError(error) && error.code === 'INTERRUPTED' ? 6 : 1
}
