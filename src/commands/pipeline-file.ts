import { dirname, resolve } from 'node:path'
import type { SecretSources } from '../config/environment/secret-place.js'
import type { PipelineConfig } from '../config/pipeline/schema.js'
import type { StoreAccess } from '../storage/access.js'
import { isLocal } from '../storage/open.js'
import type { RunDisplay } from './display/run-display.js'
import { apartFromRun, type MetricsPlaces } from './display/run-metrics.js'
import type { Terminal } from './display/terminal.js'
import { keyVaultReader } from './key-vault-reader.js'
import { storeAccess } from './store-access.js'

/** A pipeline's file and what its parts are opened with. */
export interface PipelineFile {
  readonly config: PipelineConfig
  /** Where relative paths start. */
  readonly baseFolder: string
  readonly access: StoreAccess
}

/** What the parts of a pipeline share: its retries are told to `shown`, once there is one. */
export function fileOf(
  path: string,
  config: PipelineConfig,
  terminal: Terminal,
  shown: () => RunDisplay | undefined = () => undefined,
): PipelineFile {
  const access = storeAccess(terminal, {
    readAheadBytes: config.limits.readAhead,
    onRetry: ({ at, ...fields }) =>
      shown()?.onEvent({ event: 'request.retried', level: 'info', item: at, ...fields }),
  })
  return { config, baseFolder: baseFolderOfPipeline(path), access }
}

export const secretSourcesOf = ({ baseFolder, access }: PipelineFile): SecretSources => ({
  baseFolder,
  keyVault: keyVaultReader(access.retry),
})

export function metricsPlaces(
  { metrics: { port, host, file }, source, sink, anonymizer }: PipelineConfig,
  path: string,
): MetricsPlaces {
  const baseFolder = baseFolderOfPipeline(path)
  const at = (place: string | undefined): string | undefined =>
    place !== undefined && isLocal(place) ? resolve(baseFolder, place) : undefined
  const input = 'store' in source ? source.store : undefined
  return {
    metricsPort: port,
    metricsHost: host,
    metricsFile: file && resolve(baseFolder, file),
    fileOption: 'metrics.file',
    apartFrom: apartFromRun(at(sink.store), [at(sink.state), at(input), at(anonymizer.config), path]),
  }
}

const baseFolderOfPipeline = (path: string): string => dirname(resolve(path))
