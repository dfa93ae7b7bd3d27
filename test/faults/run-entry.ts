import { appendFileSync } from 'node:fs'
import { isSluiceError } from '../../src/errors.js'
import type { FaultPoint } from '../../src/pipeline/options.js'
import { peakMebibytes } from '../support/peak-memory.js'
import { type EntryOptions, run } from '../support/pipeline-run.js'

// The process that fault tests end: one run, its report on stdout, exit 6 when a signal interrupts it.
const { input, output, config, overrides, kill, trace } = JSON.parse(process.argv[2]) as EntryOptions
const reached = new Map<FaultPoint, number>()
const controller = new AbortController()
process.once('SIGTERM', () => controller.abort())

function faultPoint(point: FaultPoint): void {
  const times = (reached.get(point) ?? 0) + 1
  reached.set(point, times)
  if (trace !== undefined) appendFileSync(trace, `${point}\n`)
  if (kill !== undefined && kill.point === point && kill.nth === times) process.kill(process.pid, 'SIGKILL')
}

try {
  const report = await run(input, output, { ...overrides, config, faultPoint, signal: controller.signal })
  process.stdout.write(JSON.stringify({ ...report, peakMebibytes: peakMebibytes() }))
} catch (error) {
  process.stderr.write(isSluiceError(error) ? error.code : String(error))
  process.exitCode = isSluiceError(error) && error.code === 'INTERRUPTED' ? 6 : 1
}
