import { createLineAnonymizerSync } from './anonymizer/line-anonymizer.js'
import type { CustomMethod } from './anonymizer/methods/custom.js'
import { Output } from './anonymizer/output.js'
import type { RejectionCode } from './anonymizer/spec.js'
import { checkConfig } from './config/anonymizer/configuration.js'
import { planOf } from './config/anonymizer/plan.js'
import { readAzureSettings } from './config/environment/azure-settings.js'
import { settleProxies } from './config/environment/proxy-settings.js'
import { isDay } from './config/units/days.js'
import { sluiceError } from './errors.js'
import type { FhirVersion } from './fhir/version.js'
import { createRetry } from './http/retry.js'
import type { RunOptions, RunProgress } from './pipeline/options.js'
import type { RunReport } from './pipeline/report/report.js'
import { runPipeline as runPlannedPipeline } from './pipeline/run.js'
import { folderSink, folderSource } from './storage/folder/folder.js'
import { openSink, openSource } from './storage/open.js'
import type { Sink, Source } from './storage/store.js'

export type { CustomMethod, CustomResult, CustomSettings, CustomValue } from './anonymizer/methods/custom.js'
export type { RejectionCode } from './anonymizer/spec.js'
export type { Blame, ErrorCode, Problem, SluiceError } from './errors.js'
export { isSluiceError } from './errors.js'
export type { FhirVersion } from './fhir/version.js'
export type { RunEvent, RunProgress } from './pipeline/options.js'
export type { RunReport } from './pipeline/report/report.js'
export type { Sink, Source } from './storage/store.js'
export { folderSink, folderSource }

/** How a configuration is read. */
export interface AnonymizerOptions {
  /** Reference day that decides who is over 89, `YYYY-MM-DD`; default today (UTC). */
  readonly asOf?: string
  /** For a configuration that names none; default R4. */
  readonly fhirVersion?: FhirVersion
  /** Where relative paths in the configuration start; default the current folder. */
  readonly baseFolder?: string
  /** Make keys that are missing, as the original does silently. */
  readonly allowRandomKeys?: boolean
  /**
   * Take one key for two uses, for data that was hashed with it earlier. Keys below 128 bits of text are taken anyway,
   * as by the original: `sluice lint` reports them, and `sluice run` refuses them.
   */
  readonly allowWeakKeys?: boolean
}

export interface LineOptions {
  /** The file's or folder's name, for the date-shift scopes `file` and `folder`. */
  readonly dateShiftPrefix?: string
  /** Names what the line is part of: encrypt and perturb come out differently for each item and record. */
  readonly item?: string
  /** The line's number in its item; default the number of lines that this anonymizer had before. */
  readonly record?: number
}

/** `bytes` is the anonymized line without newline; `offset` is in bytes; messages never quote values. */
export type LineResult =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: RejectionCode; readonly offset: number; readonly message: string }

export interface Anonymizer {
  anonymize(line: Uint8Array | string, options?: LineOptions): LineResult
}

/**
 * Anonymizes single lines by a parsed Microsoft-format configuration. `customMethods` are given as functions, by the
 * names that rules use. Throws SluiceError CONFIG_INVALID or KEY_MISSING with every problem found.
 */
export function createAnonymizer(
  config: object,
  options: AnonymizerOptions & { readonly customMethods?: Readonly<Record<string, CustomMethod>> } = {},
): Anonymizer {
  const { customMethods = {}, asOf } = options
  const methods = Object.fromEntries(
    Object.entries(customMethods).map(([name, f]) => [name.toLowerCase(), f]),
  )
  const checked = checkConfig(config, {
    ...options,
    warnsOfWeakKeys: true,
    givenMethods: Object.keys(methods),
  })
  const unloaded = Object.keys(checked.spec.customMethods).filter((name) => !Object.hasOwn(methods, name))
  if (unloaded.length > 0)
    throw sluiceError(
      'USAGE',
      `createAnonymizer loads no modules: give ${unloaded.join(', ')} as functions.`,
      {
        blame: 'user',
        retry: 'never',
      },
    )
  const plan = planOf(checked, checkedDay(asOf))
  const line = createLineAnonymizerSync(plan.settle(plan.newRunSecrets()), methods)
  const out = new Output()
  let lineCount = 0
  return {
    anonymize(text, { dateShiftPrefix = '', item = '', record = lineCount } = {}) {
      lineCount++
      const bytes = typeof text === 'string' ? Buffer.from(text) : text
      out.length = 0
      const context = { item, record, baseOffset: 0, dateShiftPrefix }
      const rejection = line.anonymizeLine(bytes, { start: 0, end: bytes.length }, context, out)
      if (rejection === undefined) return { ok: true, bytes: out.bytes.slice(0, out.length) }
      return { ok: false, ...rejection }
    },
  }
}

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

function checkedDay(asOf: string | undefined): string | undefined {
  if (asOf === undefined || isDay(asOf)) return asOf
  throw sluiceError('USAGE', 'asOf must be a day that exists, YYYY-MM-DD.', { blame: 'user', retry: 'never' })
}

function azureSettings() {
  settleProxies()
  return readAzureSettings()
}
