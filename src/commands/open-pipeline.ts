import { resolve } from 'node:path'
import { checkAltExportDefinition, readAltExportDefinition } from '../config/alt-export/definition.js'
import { type CheckedConfig, checkConfig } from '../config/anonymizer/configuration.js'
import { withKeys } from '../config/anonymizer/given-keys.js'
import { planOf } from '../config/anonymizer/plan.js'
import { readProxies } from '../config/environment/proxy-settings.js'
import { readSecret } from '../config/environment/secret-place.js'
import { resolveServerAuth } from '../config/fhir-client/server-auth.js'
import type { PipelineConfig, QuerySource, ServerSource } from '../config/pipeline/schema.js'
import { seriesOf } from '../config/pipeline/series.js'
import { sluiceError } from '../errors.js'
import type { Pipeline, PipelineSource, QueryOptions } from '../runs/pipeline.js'
import { isLocal, openLake, openSource } from '../storage/open.js'
import { requestOf } from './export/export.js'
import { type PipelineFile, secretSourcesOf } from './pipeline-file.js'
import { readConfigAt } from './store-access.js'

/** A pipeline with its secrets, ready to run. Throws CONFIG_INVALID, KEY_MISSING, USAGE and what stores throw. */
export async function openPipeline(
  file: PipelineFile,
  { isFull, isShared }: { readonly isFull: boolean; readonly isShared?: boolean },
): Promise<{ readonly pipeline: Pipeline; readonly checked: CheckedConfig }> {
  const { config } = file
  const { name, onlyNew, retention, allowEmpty } = config
  const checked = await openAnonymizer(file, { isShared })
  const pipeline = {
    name,
    retention,
    allowEmpty,
    onlyNew: onlyNew && !isFull,
    source: await openPipelineSource(file),
    plan: planOf(checked, config.anonymizer.asOf),
    lake: await openPipelineLake(file),
    layout: config.sink.layout,
    splitBytes: config.sink.splitBytes,
    settings: settingsOf(config),
  }
  return { pipeline, checked }
}

/** The anonymizer configuration with its keys; `isShared` for a task of a run, whose random keys are shared too. */
export async function openAnonymizer(
  file: PipelineFile,
  { isShared }: { readonly isShared?: boolean | undefined } = {},
): Promise<CheckedConfig> {
  const { keys, asOf: _, config, separateRuns: __, ...options } = file.config.anonymizer
  const { raw, baseFolder } = await readConfigAt(config, file.access, file.baseFolder)
  const given: Record<string, string> = {}
  for (const [name, place] of Object.entries(keys))
    if (place !== undefined)
      given[name] = await readSecret(place, `anonymizer.keys.${name}`, secretSourcesOf(file))
  return checkConfig(withKeys(raw, given), {
    ...options,
    isShared,
    baseFolder,
    series: seriesOf(file.config),
  })
}

export async function openPipelineSource(file: PipelineFile): Promise<PipelineSource> {
  const { config, baseFolder, access } = file
  const { source } = config
  if ('store' in source)
    return { kind: 'store', source: await openSource(absolute(source.store, baseFolder), access) }
  if ('query' in source) return { kind: 'queries', options: await queryOptionsOf(source, file) }
  return {
    kind: 'server',
    onServerErrors: source.onServerErrors,
    options: {
      base: source.fhir,
      auth: source.auth && (await resolveServerAuth(source.auth, secretSourcesOf(file))),
      request: requestIn(source),
      trustedOrigins: source.trustedOrigins,
      pollIntervalMs: source.pollIntervalSeconds * 1000,
      pollLimitMs: source.pollLimitMinutes * 60_000,
      silenceMs: source.silenceSeconds * 1000,
      outageLimitMs: source.outageLimitMinutes * 60_000,
      proxies: readProxies(),
      downloads: source.downloads,
      onMismatch: source.onMismatch,
      onInterrupt: source.onInterrupt,
      openStore: source.container === undefined ? undefined : (address) => openSource(address, access),
    },
  }
}

/** Throws CONFIG_INVALID for a cohort with `onlyNew`: its patients may be new, with data that is not. */
async function queryOptionsOf(source: QuerySource, file: PipelineFile): Promise<QueryOptions> {
  const { query } = source
  const definition =
    typeof query === 'string'
      ? await readAltExportDefinition(resolve(file.baseFolder, query))
      : checkAltExportDefinition(query, 'source.query')
  if (file.config.onlyNew && definition.kind === 'cohort')
    throw sluiceError('CONFIG_INVALID', {
      at: 'onlyNew',
      message: 'needs a definition with _type: a cohort is always exported as a whole',
    })
  return {
    base: source.fhir,
    auth: source.auth && (await resolveServerAuth(source.auth, secretSourcesOf(file))),
    definition,
    trustedOrigins: source.trustedOrigins,
    silenceMs: source.silenceSeconds * 1000,
    outageLimitMs: source.outageLimitMinutes * 60_000,
    proxies: readProxies(),
    connections: source.connections,
    idsPerRequest: source.idsPerRequest,
    idsPerItem: source.idsPerFile,
    isLenient: source.lenient,
    onMismatch: source.onMismatch,
  }
}

const requestIn = (source: ServerSource) =>
  requestOf({
    ...source,
    level: source.level,
    group: source.group,
    since: source.since,
    until: source.until,
    outputFormat: source.outputFormat,
    organizeOutputBy: source.organizeOutputBy,
    container: source.container,
    format: source.format,
    type: [source.types],
    typeFilter: source.typeFilters,
    elements: [source.elements],
    patient: source.patients,
    parameter: Object.entries(source.parameters),
  })

export function openPipelineLake({ config: { sink }, baseFolder, access }: PipelineFile) {
  const state = sink.state && absolute(sink.state, baseFolder)
  return openLake(absolute(sink.store, baseFolder), access, { isToBeCreated: sink.createContainer, state })
}

const absolute = (address: string, baseFolder: string): string =>
  isLocal(address) ? resolve(baseFolder, address) : address

function settingsOf({ limits, sink }: PipelineConfig) {
  const { workers, memoryBudget, maxLineBytes, onBadLine, quarantineContent, maxQuarantined } = limits
  const { gzip, zstd } = sink
  return {
    workers,
    memoryBudgetBytes: memoryBudget,
    maxLineBytes,
    onBadLine,
    quarantineContent,
    maxQuarantined,
    gzip,
    zstd,
  }
}
