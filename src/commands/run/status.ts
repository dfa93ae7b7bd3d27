import { printCount } from '../../config/units/sizes.js'
import { isSluiceError } from '../../errors.js'
import { runStatus } from '../../pipeline/tasks/status.js'
import { type RunRecord, readRecords } from '../../runs/history.js'
import { familyOf } from '../../runs/pipeline.js'
import type { Lake } from '../../storage/store.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { openPipelineLake, openPipelineSource } from '../open-pipeline.js'
import type { PipelineFile } from '../pipeline-file.js'
import type { RunValues } from './options.js'

/** One run, from its records. */
interface RunStatus {
  readonly run: string
  readonly state: 'running' | 'succeeded' | 'failed' | 'interrupted'
  readonly startedAt: string
  readonly endedAt?: string
  readonly code?: string | undefined
  readonly lines?: unknown
}

const SHOWN = 20

/** `sluice run --status`: the runs of the pipeline, newest last. */
export async function status(file: PipelineFile, values: RunValues, terminal: Terminal): Promise<ExitCode> {
  const lake = await openPipelineLake(file)
  const { name, source } = file.config
  // The address of a server is enough to know its runs; its secrets are not.
  const anonymous = 'fhir' in source ? { ...source, auth: undefined } : source
  const family = familyOf({
    name,
    source: await openPipelineSource({ ...file, config: { ...file.config, source: anonymous } }),
  })
  const records = await readRecords(lake.state, family)
  const runs = statesOf(records, await isGoingOn(lake, records.at(-1)))
  if (values.json) terminal.print(JSON.stringify(runs))
  else if (runs.length === 0) terminal.print(`no run yet in ${lake.place}`)
  else for (const run of runs.slice(-SHOWN)) terminal.print(lineOf(run))
  return EXIT.delivered
}

function statesOf(records: readonly RunRecord[], isGoing: boolean): readonly RunStatus[] {
  const runs = new Map<string, RunStatus>()
  for (const { run, at, event, code, lines } of records) {
    const isBegin = event === 'started' || event === 'resumed'
    const startedAt = runs.get(run)?.startedAt ?? at
    const ended = { endedAt: at, code: code as string | undefined, lines }
    runs.delete(run)
    runs.set(
      run,
      isBegin ? { run, startedAt, state: 'interrupted' } : { run, startedAt, state: event, ...ended },
    )
  }
  const all = [...runs.values()]
  const last = records.at(-1)
  const isLastGoing = isGoing && (last?.event === 'started' || last?.event === 'resumed')
  return isLastGoing
    ? all.map((run, at) => (at === all.length - 1 ? { ...run, state: 'running' } : run))
    : all
}

/** Whether somebody is at work on the newest run: if not, and it is unfinished, it was killed. */
async function isGoingOn(lake: Lake, newest: RunRecord | undefined): Promise<boolean> {
  if (newest === undefined) return false
  if (await isLocked(lake)) return true
  // Tasks that share a run hold its units, not the lake.
  return ((await runStatus(lake.sink(newest.run)))?.units.held ?? 0) > 0
}

/** Whether a process holds the lake. */
async function isLocked({ state }: Lake): Promise<boolean> {
  try {
    await (await state.lock({ isPatient: false }))()
    return false
  } catch (error) {
    if (isSluiceError(error) && error.code === 'SINK_LOCKED') return true
    throw error
  }
}

function lineOf({ run, state, startedAt, endedAt, code, lines }: RunStatus): string {
  const delivered = (lines as { readonly delivered?: number } | undefined)?.delivered
  return [
    run.padEnd(26),
    state.padEnd(11),
    `from ${startedAt}`,
    ...(endedAt === undefined ? [] : [`to ${endedAt}`]),
    ...(delivered === undefined ? [] : [`${printCount(delivered)} lines`]),
    ...(code === undefined ? [] : [code]),
  ].join('  ')
}
