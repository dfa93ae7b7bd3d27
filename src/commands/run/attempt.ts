import type { PipelineMetrics } from '../../metrics/registry.js'
import type { PipelineReport } from '../../runs/run-end.js'
import { runOnce } from '../../runs/run-once.js'
import type { RunDisplay } from '../display/run-display.js'
import { EXIT, type ExitCode, exitCodeOf, exitCodeOfCode, type QuarantineExit } from '../exit-codes.js'
import { openPipeline } from '../open-pipeline.js'
import type { PipelineFile } from '../pipeline-file.js'
import { type Attempt, isDelivered, notify } from './notification.js'

export interface AttemptOptions {
  readonly isFull: boolean
  readonly display: RunDisplay
  readonly metrics: PipelineMetrics | undefined
  readonly signal: AbortSignal
}

/** Performs one run, reading its secrets again, and reports it to the webhook. Throws nothing. */
export async function attempt(file: PipelineFile, options: AttemptOptions): Promise<Attempt> {
  const startedAt = new Date()
  const outcome = await outcomeOf(file, options)
  const finishedAt = new Date()
  const ended: Attempt = { ...outcome, startedAt, finishedAt }
  countRun(options.metrics, ended)
  await notify(file, ended, options.display.onEvent)
  return ended
}

/** Counts a run that ended. */
export const countRun = (
  metrics: PipelineMetrics | undefined,
  { exitCode, finishedAt, report }: Attempt,
): void =>
  metrics?.runEnded(
    isDelivered(exitCode) ? 'succeeded' : exitCode === EXIT.interrupted ? 'interrupted' : 'failed',
    finishedAt,
    report?.report.lines.delivered,
  )

async function outcomeOf(
  file: PipelineFile,
  { isFull, display, metrics, signal }: AttemptOptions,
): Promise<Pick<Attempt, 'exitCode' | 'report' | 'error'>> {
  try {
    const { pipeline, checked } = await openPipeline(file, { isFull })
    display.configured(checked)
    const { onProgress, onEvent } = display
    const report = await runOnce(pipeline, { signal, onProgress, onEvent, metrics })
    return { exitCode: exitCodeFor(report, file.config.limits.quarantineExit), report }
  } catch (error) {
    return { exitCode: exitCodeOf(error), error }
  }
}

/** The exit code of a run that ended. */
export function exitCodeFor(
  { report, hasServerErrors, isEmptyFailure }: PipelineReport,
  quarantineExit: QuarantineExit,
): ExitCode {
  const [failed] = report.failed
  if (failed !== undefined) return exitCodeOfCode(failed.code)
  if (hasServerErrors || isEmptyFailure) return EXIT.source
  return report.lines.quarantined > 0 ? quarantineExit : EXIT.delivered
}
