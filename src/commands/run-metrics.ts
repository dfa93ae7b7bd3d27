import type { RunMetrics } from '../pipeline/options.js'

/** Where a run's metrics go, if anywhere. */
export interface MetricsPlaces {
  readonly metricsPort: number | undefined
  readonly metricsFile: string | undefined
}

export interface RunMetricsPublisher {
  readonly run: RunMetrics
  /** Where they are served; undefined where they are only written. */
  readonly url: string | undefined
  /** Writes the file, ends the server. Throws METRICS_UNAVAILABLE. */
  close(): Promise<void>
}

/** Starts publishing; undefined where nobody asked. Throws METRICS_UNAVAILABLE, as for a port that is taken. */
export async function openRunMetrics({
  metricsPort,
  metricsFile,
}: MetricsPlaces): Promise<RunMetricsPublisher | undefined> {
  if (metricsPort === undefined && metricsFile === undefined) return undefined
  const { createMetrics } = await import('../metrics/registry.js')
  const { serveMetrics, writeMetricsFile } = await import('../metrics/publish.js')
  const metrics = createMetrics()
  const server = metricsPort === undefined ? undefined : await serveMetrics(metrics, { port: metricsPort })
  return {
    run: metrics,
    url: server?.url,
    async close() {
      try {
        if (metricsFile !== undefined) await writeMetricsFile(metrics, metricsFile)
      } finally {
        await server?.close()
        metrics.close()
      }
    },
  }
}
