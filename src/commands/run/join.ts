import { sharedRun } from '../../config/environment/array-task.js'
import type { PipelineConfig } from '../../config/pipeline/schema.js'
import { type JoinedOnce, joinOnce, type SharedPipeline } from '../../runs/join-once.js'
import type { Pipeline } from '../../runs/pipeline.js'
import { AGAIN, endedText, taskJson, taskText, workText } from '../anonymize/task-text.js'
import { openRunDisplay } from '../display/run-display.js'
import { openPipelineMetrics } from '../display/run-metrics.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { openPipeline } from '../open-pipeline.js'
import { fileOf, metricsPlaces } from '../pipeline-file.js'
import { usage } from '../shared-options.js'
import { countRun, exitCodeFor } from './attempt.js'
import { notify } from './notification.js'
import type { RunValues } from './options.js'
import { printPipelineReport } from './report-text.js'

/** `sluice run --join`: one task of a pipeline's run. The task that ends the run also notifies. */
export async function joinPipeline(
  path: string,
  config: PipelineConfig,
  values: RunValues,
  terminal: Terminal,
): Promise<ExitCode> {
  const { shard, rangeBytes } = values
  const { runId, index: taskIndex } = taskOf(config, values)
  const startedAt = new Date()
  const metrics = await openPipelineMetrics(metricsPlaces(config, path))
  const display = await openRunDisplay(terminal, { isVerbose: values.verbose, hasBar: true })
  try {
    if (metrics?.url !== undefined) display.served(metrics.url)
    const file = fileOf(path, config, terminal, () => display)
    const { pipeline, checked } = await openPipeline(file, { isFull: values.full, isShared: true })
    display.configured(checked)
    const { onProgress, onEvent } = display
    const joined = await joinOnce(
      sharedPipeline(pipeline),
      { runId, taskIndex, shard, rangeBytes },
      { signal: terminal.signal, onProgress, onEvent, metrics: metrics?.run },
    )
    if (joined.kind !== 'finished') {
      await display.close()
      return told(joined, values, terminal)
    }
    const { report } = joined
    const exitCode = exitCodeFor(report, EXIT.delivered)
    const ended = { exitCode, report, startedAt, finishedAt: new Date() }
    countRun(metrics?.run, ended)
    await notify(file, ended, onEvent)
    await display.close()
    if (!values.json) terminal.print(workText(joined.work))
    printPipelineReport(report, values, terminal)
    return exitCode
  } finally {
    await display.close()
    await metrics?.close()
  }
}

/** Throws USAGE for what tasks cannot share. */
function taskOf({ source, sink }: PipelineConfig, values: RunValues) {
  if (!('store' in source))
    throw usage(
      '--join needs a source that is a folder or a container: export the data first (sluice export --raw)',
    )
  if (sink.splitBytes !== undefined)
    throw usage(
      '--join cannot be used with sink.splitBytes: the ranges of an item are its parts (--range-bytes)',
    )
  const { runId: given, index } = sharedRun()
  const runId = values.runId ?? given
  if (runId === '')
    throw usage(
      '--join needs --run-id, the same in all tasks and another one for the next run, such as the day',
    )
  return { runId, index }
}

function sharedPipeline(pipeline: Pipeline): SharedPipeline {
  const { source } = pipeline
  if (source.kind !== 'store') throw new TypeError('the source was checked')
  return { ...pipeline, source }
}

/** An empty run stays a failure for tasks that come after its end. */
function told(
  joined: Exclude<JoinedOnce, { readonly kind: 'finished' }>,
  { json }: RunValues,
  { print }: Terminal,
): ExitCode {
  if (joined.kind === 'worked') {
    if (json) print(JSON.stringify(taskJson(joined)))
    else for (const line of taskText(joined)) print(line)
    return EXIT.delivered
  }
  const { kind, runId, endedAt, isEmptyFailure, work } = joined
  if (json) print(JSON.stringify({ kind, work, endedAt, isEmptyFailure }))
  else {
    if (work.units > 0) print(workText(work))
    print(endedText(runId, endedAt))
    if (isEmptyFailure) print('it delivered no resource; check the source')
    else if (work.units === 0) print(AGAIN)
  }
  return isEmptyFailure ? EXIT.source : EXIT.delivered
}
