import { readPipelineConfig } from '../../config/pipeline/configuration.js'
import type { PipelineConfig } from '../../config/pipeline/schema.js'
import { scheduleProblems } from '../../runs/cron.js'
import { isTask } from '../anonymize/task-options.js'
import { openRunDisplay } from '../display/run-display.js'
import { openPipelineMetrics } from '../display/run-metrics.js'
import type { Terminal } from '../display/terminal.js'
import type { ExitCode } from '../exit-codes.js'
import { fileOf, metricsPlaces } from '../pipeline-file.js'
import { usage } from '../shared-options.js'
import { attempt } from './attempt.js'
import type { RunValues } from './options.js'
import { printPipelineReport } from './report-text.js'

/** `sluice run`. Throws what the pipeline's file, its parts and the run throw. */
export async function run(
  values: RunValues,
  terminal: Terminal,
  words: readonly string[],
): Promise<ExitCode> {
  const path = words[0] ?? ''
  const chosen = (['daemon', 'check', 'status'] as const).filter((name) => values[name])
  const isJoined = isTask(values)
  if (isJoined && chosen.length > 0) throw usage(`--join and --${chosen[0]} exclude each other`)
  if (chosen.length > 1) throw usage(`--${chosen.join(' and --')} exclude each other`)
  const read = await readPipelineConfig(path, scheduleProblems)
  const config = values.allowEmpty ? { ...read, allowEmpty: true } : read
  if (values.status)
    return (await import('./status.js')).status(fileOf(path, config, terminal), values, terminal)
  if (values.check)
    return (await import('./configuration-check.js')).check(fileOf(path, config, terminal), values, terminal)
  if (values.daemon) return (await import('./daemon.js')).daemon(path, config, values, terminal)
  if (isJoined) return (await import('./join.js')).joinPipeline(path, config, values, terminal)
  return once(path, config, values, terminal)
}

async function once(
  path: string,
  config: PipelineConfig,
  values: RunValues,
  terminal: Terminal,
): Promise<ExitCode> {
  const metrics = await openPipelineMetrics(metricsPlaces(config, path))
  const display = await openRunDisplay(terminal, { isVerbose: values.verbose, hasBar: true })
  try {
    if (metrics?.url !== undefined) display.served(metrics.url)
    const ended = await attempt(
      fileOf(path, config, terminal, () => display),
      { isFull: values.full, display, metrics: metrics?.run, signal: terminal.signal },
    )
    await display.close()
    if (ended.report === undefined) throw ended.error
    printPipelineReport(ended.report, values, terminal)
    return ended.exitCode
  } finally {
    await display.close()
    await metrics?.close()
  }
}
