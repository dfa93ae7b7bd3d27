import { readProxies } from '../../config/environment/proxy-settings.js'
import { readSecret } from '../../config/environment/secret-place.js'
import type { PipelineConfig } from '../../config/pipeline/schema.js'
import { asSluiceError } from '../../environment-error.js'
import { createRetry } from '../../http/retry.js'
import type { PipelineReport } from '../../runs/run-end.js'
import { postWebhook, type Webhook } from '../../runs/webhook.js'
import { Secret } from '../../secret.js'
import type { ShownEvent } from '../display/run-display.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { describeFailure } from '../failure.js'
import { keyVaultReader } from '../key-vault-reader.js'
import { type PipelineFile, secretSourcesOf } from '../pipeline-file.js'

/** A run that ended, well or not. */
export interface Attempt {
  readonly exitCode: ExitCode
  readonly startedAt: Date
  readonly finishedAt: Date
  /** Where it came to an end. */
  readonly report?: PipelineReport
  /** What ended it. */
  readonly error?: unknown
}

/** Whether everything was delivered but for lines that were quarantined. */
export const isDelivered = (exitCode: ExitCode): boolean =>
  exitCode === EXIT.delivered || exitCode === EXIT.someQuarantined

/** Reports a run to the webhook of the pipeline, if it wants that. A message that is not taken is only a warning. */
export async function notify(
  file: PipelineFile,
  attempt: Attempt,
  onEvent: (event: ShownEvent) => void,
): Promise<void> {
  const { config } = file
  const kind = isDelivered(attempt.exitCode) ? 'success' : 'failure'
  if (config.notify?.on.includes(kind) !== true) return
  try {
    const webhook = await webhookOf(config.notify, file)
    // Who stops a run does not want to wait long.
    const isStopping = file.access.retry.signal?.aborted === true
    await postWebhook(isStopping ? { ...webhook, timeoutMs: 5000, retry: { totalMs: 5000 } } : webhook, {
      event: kind === 'success' ? 'run.succeeded' : 'run.failed',
      pipeline: config.name ?? null,
      ...messageOf(attempt),
    })
    onEvent({ event: 'notify.sent', level: 'info' })
  } catch (error) {
    const { code, message, at } = asSluiceError(error)
    onEvent({ event: 'notify.failed', level: 'warn', item: at, code, message })
  }
}

async function webhookOf(
  { url, secret }: NonNullable<PipelineConfig['notify']>,
  file: PipelineFile,
): Promise<Webhook> {
  // To be had also after the signal that ended the run.
  const keyVault = keyVaultReader(createRetry({ totalMs: 10_000 }))
  const sources = { ...secretSourcesOf(file), keyVault }
  const address = typeof url === 'string' ? url : await readSecret(url, 'notify.url', sources)
  return {
    url: new Secret(address),
    proxies: readProxies(),
    ...(secret === undefined
      ? {}
      : { secret: new Secret(await readSecret(secret, 'notify.secret', sources)) }),
  }
}

/** Counts, names of folders, codes: nothing from a resource. */
function messageOf({ exitCode, startedAt, finishedAt, report, error }: Attempt): object {
  return {
    exitCode,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    ...(report === undefined ? {} : summaryOf(report)),
    ...(error === undefined ? {} : describeFailure(error).json),
  }
}

/** A report without its list of outputs. */
export function summaryOf({ report, ...facts }: PipelineReport): object {
  const {
    items,
    lines,
    bytes,
    seconds,
    resourcesByType,
    idleRules,
    quarantinedByCode,
    codesRemoved,
    failed,
    asOf,
  } = report
  const counts = { items, lines, bytes, resourcesByType, idleRules, quarantinedByCode, codesRemoved }
  return { ...facts, asOf, seconds, ...counts, failed }
}
