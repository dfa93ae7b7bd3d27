import type { Metrics, PipelineMetrics } from '../../metrics/registry.js'
import type { RunMetrics } from '../../pipeline/options.js'
import { checkReplaceable } from '../../storage/folder/replaceable-file.js'
import { localPathsOf } from '../../storage/open.js'

/** Where a run's metrics go, if anywhere. */
export interface MetricsPlaces {
  readonly metricsPort: number | undefined
  readonly metricsFile: string | undefined
  /** Default loopback. */
  readonly metricsHost?: string | undefined
  /** Folders and files of the run in which the metrics file must not lie. */
  readonly apartFrom?: readonly string[] | undefined
  /** The option or setting that named the file; default `--metrics-file`. */
  readonly fileOption?: string | undefined
}

/** What a metrics file must be apart from: what is local of these, and the state beside the output. */
export const apartFromRun = (
  output: string | undefined,
  others: readonly (string | undefined)[],
): readonly string[] => {
  const local = [output, ...others].map((place) =>
    place === undefined || place === '-' ? {} : localPathsOf(place),
  )
  return [...local.map(({ outputs }) => outputs), local[0]?.state].filter((path) => path !== undefined)
}

/** Throws USAGE for a metrics file that would replace something else, or lie in what the run reads or writes. */
export async function checkMetricsFile({
  metricsFile,
  apartFrom,
  fileOption: option = '--metrics-file',
}: Pick<MetricsPlaces, 'metricsFile' | 'apartFrom' | 'fileOption'>): Promise<void> {
  if (metricsFile === undefined) return
  await checkReplaceable({ path: metricsFile, option, begins: /^# (HELP|TYPE) /, apartFrom })
}

export interface MetricsPublisher<M> {
  readonly run: M
  /** Where they are served; undefined where they are only written. */
  readonly url: string | undefined
  /** Writes the file. Throws METRICS_UNAVAILABLE. */
  write(): Promise<void>
  /** Writes the file, ends the server. Throws METRICS_UNAVAILABLE. */
  close(): Promise<void>
}

/** Starts publishing; undefined if not requested. Throws METRICS_UNAVAILABLE, as for a port that is taken. */
export async function openRunMetrics(
  places: MetricsPlaces,
): Promise<MetricsPublisher<RunMetrics> | undefined> {
  if (isNowhere(places)) return undefined
  return publish((await import('../../metrics/registry.js')).createMetrics(), places)
}

/** The same for a pipeline; `health` is what `/healthz` answers. */
export async function openPipelineMetrics(
  places: MetricsPlaces,
  health?: () => object,
): Promise<MetricsPublisher<PipelineMetrics> | undefined> {
  if (isNowhere(places)) return undefined
  return publish((await import('../../metrics/registry.js')).createPipelineMetrics(), places, health)
}

const isNowhere = ({ metricsPort, metricsFile }: MetricsPlaces): boolean =>
  metricsPort === undefined && metricsFile === undefined

async function publish<M extends Metrics>(
  metrics: M,
  { metricsPort: port, metricsFile, metricsHost: host, apartFrom, fileOption }: MetricsPlaces,
  health?: () => object,
): Promise<MetricsPublisher<M>> {
  await checkMetricsFile({ metricsFile, apartFrom, fileOption })
  const { serveMetrics, writeMetricsFile } = await import('../../metrics/publish.js')
  const server = port === undefined ? undefined : await serveMetrics(metrics, { port, host, health })
  const write = async (): Promise<void> => {
    if (metricsFile !== undefined) await writeMetricsFile(metrics, metricsFile)
  }
  return {
    run: metrics,
    url: server?.url,
    write,
    async close() {
      try {
        await write()
      } finally {
        await server?.close()
        metrics.close()
      }
    },
  }
}
