import { join } from 'node:path'
import type { AltExportDefinition } from '../../alt-export/definition.js'
import type { ServerEvent } from '../server-event.js'
import { describeUnknown } from '../unknown-error.js'
import { JobFolder } from './job-folder.js'
import { AltExportJobs, type AltExportRunner } from './jobs.js'
import { startDropped, type TriggerOptions } from './trigger.js'

/** What `$alt-export` needs. */
export interface AltExportSettings {
  readonly runner: AltExportRunner
  /** Throws CONFIG_INVALID with every problem. */
  readonly readDefinition: (body: unknown) => AltExportDefinition
  /** More exports at once are refused. */
  readonly maxActive: number
  /** How long a finished export is remembered. */
  readonly expiresMs: number
  /** Where definitions may be dropped to start exports. */
  readonly trigger?: Pick<TriggerOptions, 'inbox' | 'processed' | 'read'> | undefined
  /** Time between two looks for dropped definitions; default 10 s. */
  readonly triggerEveryMs?: number | undefined
}

export interface AltExportService {
  readonly jobs: AltExportJobs
  close(): Promise<void>
}

const TRIGGER_EVERY_MS = 10_000

/** Opens the jobs of `$alt-export` and looks for dropped definitions. */
export async function openAltExport(
  {
    runner,
    readDefinition,
    maxActive,
    expiresMs,
    trigger,
    triggerEveryMs = TRIGGER_EVERY_MS,
  }: AltExportSettings,
  {
    stateFolder,
    confirm,
    onEvent,
  }: {
    readonly stateFolder: string
    readonly confirm: () => Promise<void>
    readonly onEvent: (event: ServerEvent) => void
  },
): Promise<AltExportService> {
  const folder = new JobFolder(join(stateFolder, 'alt-export'), confirm)
  const jobs = new AltExportJobs({ folder, runner, maxActive, expiresMs, now: () => new Date(), onEvent })
  await jobs.open()
  if (trigger === undefined) return { jobs, close: () => jobs.close() }
  await trigger.inbox.create()
  await trigger.processed.create()
  const doubted = new Map<string, string>()
  let looking: Promise<void> | undefined
  const look = (): void => {
    looking ??= startDropped({ ...trigger, jobs, readDefinition, doubted, onEvent })
      .catch((error: unknown) =>
        onEvent({ event: 'alt-export.trigger-failed', level: 'warn', ...describeUnknown(error) }),
      )
      .finally(() => {
        looking = undefined
      })
  }
  const timer = setInterval(look, triggerEveryMs)
  timer.unref()
  look()
  return {
    jobs,
    async close() {
      clearInterval(timer)
      await looking
      await jobs.close()
    },
  }
}
