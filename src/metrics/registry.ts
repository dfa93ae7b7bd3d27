import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { METRICS, PIPELINE_METRICS, SERVER_METRICS } from './table.js'

const LAG_RESOLUTION_MS = 20

/** The metrics of one process: what a run reports, as Prometheus text. The only user of prom-client. */
export interface Metrics {
  bytesRead(bytes: number): void
  bytesWritten(bytes: number): void
  linesRead(lines: number, blank: number): void
  resources(type: string, outcome: 'delivered', count: number): void
  quarantined(code: string, count: number): void
  codesRemoved(system: string, count: number): void
  chunkSeconds(seconds: number): void
  chunksRetried(count: number): void
  itemFinished(outcome: 'committed' | 'failed' | 'finished_before' | 'skipped'): void
  inFlightBytes(bytes: number): void
  workersBusy(busy: number, of: number): void
  /** Prometheus text exposition format 0.0.4. */
  text(): Promise<string>
  readonly contentType: string
  close(): void
}

export const createMetrics = (): Metrics => runMetrics(new Registry())

/** What `sluice serve` reports to its metrics. */
export interface ServerMetrics {
  requestDone(done: { route: string; method: string; status: number; seconds: number }): void
  bytesSent(bytes: number): void
}

/** The metrics of the server and of the runs in it; `jobs` is asked for the state when somebody looks. */
export function createServerMetrics(
  jobs: () => { readonly queued: number; readonly running: number },
): Metrics & ServerMetrics {
  const registry = new Registry()
  const { name, help, labels, buckets } = SERVER_METRICS.requestSeconds
  const seconds = new Histogram({
    name,
    help,
    labelNames: labels,
    buckets: [...buckets],
    registers: [registry],
  })
  const sent = new Counter({
    name: SERVER_METRICS.bytesSent.name,
    help: SERVER_METRICS.bytesSent.help,
    registers: [registry],
  })
  new Gauge({
    name: SERVER_METRICS.jobs.name,
    help: SERVER_METRICS.jobs.help,
    labelNames: SERVER_METRICS.jobs.labels,
    registers: [registry],
    collect() {
      for (const [state, count] of Object.entries(jobs())) this.set({ state }, count)
    },
  })
  return {
    ...runMetrics(registry),
    requestDone: ({ route, method, status, seconds: taken }) =>
      seconds.observe({ route, method, status: String(status) }, taken),
    bytesSent: (bytes) => sent.inc(bytes),
  }
}

/** What `sluice run` reports to its metrics. */
export interface PipelineMetrics extends Metrics {
  /** `delivered`: lines, of a run that came to its end. */
  runEnded(outcome: 'succeeded' | 'failed' | 'interrupted', at: Date, delivered?: number): void
}

export function createPipelineMetrics(): PipelineMetrics {
  const registry = new Registry()
  const { runs, lastSuccess, lastDelivered } = PIPELINE_METRICS
  const ended = new Counter({
    name: runs.name,
    help: runs.help,
    labelNames: runs.labels,
    registers: [registry],
  })
  const success = new Gauge({ name: lastSuccess.name, help: lastSuccess.help, registers: [registry] })
  const lines = new Gauge({ name: lastDelivered.name, help: lastDelivered.help, registers: [registry] })
  return {
    ...runMetrics(registry),
    runEnded(outcome, at, delivered) {
      if (delivered !== undefined) lines.set(delivered)
      ended.inc({ outcome })
      if (outcome === 'succeeded') success.set(Math.floor(at.getTime() / 1000))
    },
  }
}

function runMetrics(registry: Registry): Metrics {
  const counter = (metric: { name: string; help: string; labels: readonly string[] }) =>
    new Counter({ name: metric.name, help: metric.help, labelNames: metric.labels, registers: [registry] })
  const bytesRead = counter(METRICS.bytesRead)
  const bytesWritten = counter(METRICS.bytesWritten)
  const lines = counter(METRICS.lines)
  const resources = counter(METRICS.resources)
  const quarantined = counter(METRICS.quarantined)
  const codesRemoved = counter(METRICS.codesRemoved)
  const retried = counter(METRICS.chunksRetried)
  const items = counter(METRICS.items)
  const { name, help, buckets } = METRICS.chunkSeconds
  const chunkSeconds = new Histogram({ name, help, buckets: [...buckets], registers: [registry] })
  const inFlight = new Gauge({
    name: METRICS.inFlightBytes.name,
    help: METRICS.inFlightBytes.help,
    registers: [registry],
  })
  const busy = new BusyTime()
  new Gauge({
    name: METRICS.workersBusyRatio.name,
    help: METRICS.workersBusyRatio.help,
    registers: [registry],
    collect() {
      this.set(busy.ratioSinceLast())
    },
  })
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS })
  lag.enable()
  new Gauge({
    name: METRICS.eventLoopLagSeconds.name,
    help: METRICS.eventLoopLagSeconds.help,
    registers: [registry],
    collect() {
      this.set(lagSinceLast(lag))
    },
  })
  return {
    bytesRead: (bytes) => bytesRead.inc(bytes),
    bytesWritten: (bytes) => bytesWritten.inc(bytes),
    linesRead(count, blank) {
      lines.inc({ blank: 'false' }, count - blank)
      lines.inc({ blank: 'true' }, blank)
    },
    resources: (type, outcome, count) => resources.inc({ type, outcome }, count),
    quarantined: (code, count) => quarantined.inc({ code }, count),
    codesRemoved: (system, count) => codesRemoved.inc({ system }, count),
    chunkSeconds: (seconds) => chunkSeconds.observe(seconds),
    chunksRetried: (count) => retried.inc(count),
    itemFinished: (outcome) => items.inc({ outcome }),
    inFlightBytes: (bytes) => inFlight.set(bytes),
    workersBusy: (count, of) => busy.set(count, of),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close: () => lag.disable(),
  }
}

function lagSinceLast(lag: IntervalHistogram): number {
  const meanMs = lag.mean / 1e6
  lag.reset()
  return Number.isFinite(meanMs) ? Math.max(0, meanMs - LAG_RESOLUTION_MS) / 1000 : 0
}

/** Busy worker time over all worker time. */
class BusyTime {
  #busy = 0
  #of = 1
  #since = performance.now()
  #from = performance.now()
  #busyMs = 0

  set(busy: number, of: number): void {
    this.#settle()
    this.#busy = busy
    this.#of = of
  }

  ratioSinceLast(): number {
    this.#settle()
    const now = performance.now()
    const allMs = (now - this.#from) * this.#of
    const ratio = allMs > 0 ? this.#busyMs / allMs : 0
    this.#from = now
    this.#busyMs = 0
    return Math.min(1, ratio)
  }

  #settle(): void {
    const now = performance.now()
    this.#busyMs += (now - this.#since) * this.#busy
    this.#since = now
  }
}
