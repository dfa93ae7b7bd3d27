import { open, rename, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sluiceError } from '../errors.js'
import type { Metrics } from './registry.js'

export interface MetricsServer {
  /** `http://127.0.0.1:9464/metrics` */
  readonly url: string
  close(): Promise<void>
}

export interface MetricsServerOptions {
  readonly port: number
  readonly host?: string | undefined
  /** What `GET /healthz` answers, where it is served. */
  readonly health?: (() => object) | undefined
}

/** Serves `GET /metrics` on loopback unless another host is named. Throws METRICS_UNAVAILABLE, as for a taken port. */
export async function serveMetrics(
  metrics: Pick<Metrics, 'text' | 'contentType'>,
  { port, host = '127.0.0.1', health }: MetricsServerOptions,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz' && health !== undefined)
      return void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(health()))
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end()
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  // A scraper that reads slowly is not worth a connection.
  server.setTimeout(10_000)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(unavailable(`${host}:${port}`, cause)))
    server.listen(port, host, resolve)
  })
  // The run, not its metrics, decides when the process ends.
  server.unref()
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** For the textfile collector: the file is there whole or not at all. Throws METRICS_UNAVAILABLE. */
export async function writeMetricsFile(metrics: Pick<Metrics, 'text'>, path: string): Promise<void> {
  const part = `${path}.part`
  try {
    // Never through a link that someone else made.
    await rm(part, { force: true })
    const file = await open(part, 'wx')
    try {
      await file.writeFile(await metrics.text())
    } finally {
      await file.close()
    }
    await rename(part, path)
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {})
    throw unavailable(path, cause)
  }
}

function unavailable(at: string, cause: unknown) {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? 'unknown'
  return sluiceError('METRICS_UNAVAILABLE', {
    at,
    message: `the metrics cannot be published (${code})`,
    cause,
  })
}
