import { checkConfig } from './config/anonymizer/configuration.js'
import { planOf } from './config/anonymizer/plan.js'
import { readAzureSettings } from './config/environment/azure-settings.js'
import { settleProxies } from './config/environment/proxy-settings.js'
import { checkedDay } from './config/units/days.js'
import type { AnonymizerOptions } from './engine.js'
import { createRetry } from './http/retry.js'
import type { RunOptions, RunProgress } from './pipeline/options.js'
import type { RunReport } from './pipeline/report/report.js'
import { runPipeline as runPlannedPipeline } from './pipeline/run.js'
import { folderSink, folderSource } from './storage/folder/folder.js'
import { openSink, openSource } from './storage/open.js'
import type { Sink, Source } from './storage/store.js'

export type {
  Anonymizer,
  AnonymizerOptions,
  Blame,
  CustomMethod,
  CustomResult,
  CustomSettings,
  CustomValue,
  ErrorCode,
  FhirVersion,
  LineOptions,
  LineResult,
  Problem,
  RejectionCode,
  SluiceError,
} from './engine.js'
export { createAnonymizer, isSluiceError } from './engine.js'
export type { RunEvent, RunProgress } from './pipeline/options.js'
export type { RunReport } from './pipeline/report/report.js'
export type { Sink, Source } from './storage/store.js'
export { folderSink, folderSource }

export interface PipelineOptions
  extends AnonymizerOptions,
    Omit<RunOptions, 'source' | 'sink' | 'plan' | 'metrics' | 'faultPoint' | Limit> {
  /** A folder, file or address of blobs, or a source such as `folderSource(path)`. */
  readonly source: string | Source
  /** A folder, or a sink such as `folderSink(path)`. */
  readonly sink: string | Sink
  /** The parsed configuration. */
  readonly anonymizer: object
  readonly limits?: Pick<RunOptions, Limit>
  /** Called after every chunk. */
  readonly onProgress?: (progress: RunProgress) => void
}

type Limit = 'memoryBudgetBytes' | 'chunkBytes' | 'maxLineBytes' | 'chunkTimeoutMs' | 'maxQuarantined'

/**
 * Anonymizes all items of a source into a sink, on all cores, resumable. Items that cannot be read are in `failed` of
 * the report; everything else that goes wrong throws a SluiceError.
 */
export async function runPipeline(options: PipelineOptions): Promise<RunReport> {
  const { source, sink, anonymizer, asOf, fhirVersion, baseFolder, limits, ...run } = options
  const { allowRandomKeys, allowWeakKeys, ...runOptions } = run
  const access = { credentials: azureSettings, retry: createRetry({ signal: run.signal }) }
  return runPlannedPipeline({
    ...runOptions,
    ...limits,
    source: typeof source === 'string' ? await openSource(source, access) : source,
    sink: typeof sink === 'string' ? await openSink(sink, access) : sink,
    plan: planOf(
      checkConfig(anonymizer, {
        fhirVersion,
        baseFolder,
        allowRandomKeys,
        allowWeakKeys,
        warnsOfWeakKeys: true,
      }),
      checkedDay(asOf),
    ),
  })
}

function azureSettings() {
  settleProxies()
  return readAzureSettings()
}
