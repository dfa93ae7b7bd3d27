import { writeFileSync } from 'node:fs'
import { isSluiceError } from '../../src/errors.js'
import { joinRun } from '../../src/pipeline/tasks/join.js'
import { folderSink, folderSource, stateFolderOf } from '../../src/storage/folder/folder.js'
import { folderState } from '../../src/storage/folder/folder-state.js'
import { elementAt } from '../support/elements.js'
import { joinedPlan } from '../support/joined-run.js'
import { TASK_SIZES, type TaskEntryOptions } from '../support/task-process.js'

// A task that fault tests end or freeze at a named point.
const options = JSON.parse(elementAt(process.argv, 2)) as TaskEntryOptions
const {
  input,
  output,
  kill,
  stop,
  lockTimes,
  clockSkewMs = 0,
  maxQuarantined,
  runId = 'r1',
  config,
} = options
const systemNow = Date.now
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length > 0 ? args : [systemNow() + clockSkewMs], newTarget),
  get: (target, key) => (key === 'now' ? () => systemNow() + clockSkewMs : Reflect.get(target, key)),
})
const reached = new Map<string, number>()
const controller = new AbortController()
process.once('SIGTERM', () => controller.abort())

function faultPoint(point: string): void {
  const times = (reached.get(point) ?? 0) + 1
  reached.set(point, times)
  if (stop !== undefined && stop.point === point && stop.nth === times) {
    writeFileSync(stop.file, String(process.pid))
    process.kill(process.pid, 'SIGSTOP')
  }
  if (kill !== undefined && kill.point === point && kill.nth === times) process.kill(process.pid, 'SIGKILL')
}

const { signal } = controller
try {
  const sink = folderSink(output, folderState(stateFolderOf(output), lockTimes))
  const joined = await joinRun({
    ...TASK_SIZES,
    source: folderSource(input),
    sink,
    plan: joinedPlan(config),
    runId,
    workers: 1,
    ...(maxQuarantined === undefined ? {} : { maxQuarantined }),
    signal,
    faultPoint,
    taskFaultPoint: faultPoint,
  })
  process.stdout.write(JSON.stringify(joined))
} catch (error) {
  process.stderr.write(isSluiceError(error) ? error.code : String(error))
  process.exitCode = isSluiceError(error) && error.code === 'INTERRUPTED' ? 6 : 1
}
