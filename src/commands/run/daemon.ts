import { DEFAULT_SCHEDULE, type PipelineConfig } from '../../config/pipeline/schema.js'
import { SYSTEM_CLOCK } from '../../runs/clock.js'
import { calendarOf } from '../../runs/cron.js'
import { keepSchedule } from '../../runs/keep-schedule.js'
import { openRunDisplay, type RunDisplay } from '../display/run-display.js'
import { openPipelineMetrics } from '../display/run-metrics.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { describeFailure } from '../failure.js'
import { fileOf, metricsPlaces } from '../pipeline-file.js'
import { refuseRandomKeys } from '../pipeline-rules.js'
import { attempt } from './attempt.js'
import { type Attempt, summaryOf } from './notification.js'
import type { RunValues } from './options.js'

/** What `/healthz` answers while the schedule is kept. */
interface Health {
  readonly state: 'waiting' | 'running'
  readonly next?: string | undefined
  readonly last?: { readonly finishedAt: string; readonly exitCode: ExitCode }
}

/** `sluice run --daemon`: until a signal. A run that fails is told of, and the next one is tried. */
export async function daemon(
  path: string,
  { schedule = DEFAULT_SCHEDULE, ...rest }: PipelineConfig,
  values: RunValues,
  terminal: Terminal,
): Promise<ExitCode> {
  const { signal } = terminal
  const config = { ...rest, schedule }
  await refuseRandomKeys(fileOf(path, config, terminal))
  let health: Health = { state: 'waiting' }
  const metrics = await openPipelineMetrics(metricsPlaces(config, path), () => health)
  // A watch runs unattended for weeks, so it prints lines instead of a progress bar.
  const display = await openRunDisplay(
    { ...terminal, isInteractive: false },
    { isVerbose: values.verbose, hasBar: false },
  )
  let last: Attempt | undefined
  try {
    if (metrics?.url !== undefined) display.served(metrics.url)
    await keepSchedule({
      calendar: calendarOf(schedule),
      clock: SYSTEM_CLOCK,
      signal,
      isNow: values.now,
      onWaiting: (next) => {
        health = { ...health, state: 'waiting', next: next.toISOString() }
        display.onEvent({ event: 'schedule.waiting', level: 'info', next: next.toISOString() })
      },
      onMissed: (times) =>
        display.onEvent({
          event: 'schedule.skipped',
          level: 'warn',
          count: times.length,
          first: times[0]?.toISOString(),
          reason: 'a run was going',
        }),
      run: async () => {
        health = { ...health, state: 'running', next: undefined }
        // With everything of its own: a budget of retries, secrets as they are now.
        const file = fileOf(path, config, terminal, () => display)
        last = await attempt(file, { isFull: values.full, display, metrics: metrics?.run, signal })
        const { finishedAt, exitCode } = last
        health = { ...health, last: { finishedAt: finishedAt.toISOString(), exitCode } }
        tell(last, display, values, terminal)
        await metrics?.write().catch((error: unknown) => warnOf(error, display))
      },
    })
    return last?.exitCode === EXIT.interrupted ? EXIT.interrupted : EXIT.delivered
  } finally {
    await display.close()
    await metrics?.close()
  }
}

function tell(
  { report, error, exitCode }: Attempt,
  { onEvent }: RunDisplay,
  { json }: RunValues,
  terminal: Terminal,
): void {
  if (report !== undefined) {
    const { run, isResumed, since } = report
    const level = exitCode === EXIT.delivered ? 'info' : 'warn'
    onEvent({ event: 'pipeline.ended', level, run, isResumed, since, exitCode })
    if (json) terminal.print(JSON.stringify(summaryOf(report)))
    return
  }
  const failure = describeFailure(error)
  onEvent({ event: 'pipeline.failed', level: 'warn', ...failure.json })
  if (json) terminal.print(JSON.stringify(failure.json))
}

const warnOf = (error: unknown, { onEvent }: RunDisplay): void =>
  onEvent({ event: 'metrics.failed', level: 'warn', ...describeFailure(error).json })
