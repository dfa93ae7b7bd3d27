/** Every metric of Sluice: its name, what it means, its labels and buckets. */
export const METRICS = {
  bytesRead: {
    kind: 'counter',
    name: 'sluice_source_bytes_total',
    help: 'Source bytes read, as stored.',
    labels: [],
  },
  bytesWritten: {
    kind: 'counter',
    name: 'sluice_sink_bytes_total',
    help: 'Output bytes written.',
    labels: [],
  },
  lines: {
    kind: 'counter',
    name: 'sluice_lines_total',
    help: 'Lines read, by whether they are blank.',
    labels: ['blank'],
  },
  resources: {
    kind: 'counter',
    name: 'sluice_resources_total',
    help: 'Resources by root type and outcome.',
    labels: ['type', 'outcome'],
  },
  quarantined: {
    kind: 'counter',
    name: 'sluice_quarantined_lines_total',
    help: 'Rejected lines by reason code.',
    labels: ['code'],
  },
  codesRemoved: {
    kind: 'counter',
    name: 'sluice_codes_removed_total',
    help: 'Codes removed by codeSystems, by their system (`other` if it is neither listed nor public) or element.',
    labels: ['system'],
  },
  chunkSeconds: {
    kind: 'histogram',
    name: 'sluice_chunk_seconds',
    help: 'Time a worker takes for a chunk.',
    labels: [],
    buckets: [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60],
  },
  chunksRetried: {
    kind: 'counter',
    name: 'sluice_chunk_retries_total',
    help: 'Chunks given to a worker once more because the first one died or took too long.',
    labels: [],
  },
  items: { kind: 'counter', name: 'sluice_items_total', help: 'Items by outcome.', labels: ['outcome'] },
  inFlightBytes: {
    kind: 'gauge',
    name: 'sluice_in_flight_bytes',
    help: 'Slab bytes in use between source and sink.',
    labels: [],
  },
  workersBusyRatio: {
    kind: 'gauge',
    name: 'sluice_workers_busy_ratio',
    help: 'Share of the time since the last look that workers had a chunk, 0 to 1.',
    labels: [],
  },
  eventLoopLagSeconds: {
    kind: 'gauge',
    name: 'sluice_event_loop_lag_seconds',
    help: 'Mean delay of the main thread since the last look, beyond the timer resolution.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>

/** Those of `sluice serve`, beside the others. */
export const SERVER_METRICS = {
  requestSeconds: {
    kind: 'histogram',
    name: 'sluice_http_request_seconds',
    help: 'Time to answer a request, downloads included, by route and status.',
    labels: ['route', 'method', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 30, 300],
  },
  bytesSent: {
    kind: 'counter',
    name: 'sluice_download_bytes_total',
    help: 'Bytes of files read to be sent, before compression.',
    labels: [],
  },
  jobs: {
    kind: 'gauge',
    name: 'sluice_export_jobs',
    help: 'Export jobs that are not done, by state.',
    labels: ['state'],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>

/** Those of `sluice run`, beside the others. */
export const PIPELINE_METRICS = {
  runs: {
    kind: 'counter',
    name: 'sluice_pipeline_runs_total',
    help: 'Runs of the pipeline that ended, by outcome.',
    labels: ['outcome'],
  },
  lastSuccess: {
    kind: 'gauge',
    name: 'sluice_pipeline_last_success_timestamp_seconds',
    help: 'When the pipeline last delivered everything, in seconds since 1970.',
    labels: [],
  },
  lastDelivered: {
    kind: 'gauge',
    name: 'sluice_pipeline_last_delivered_lines',
    help: 'Lines that the last run delivered, deletions included. 0: the source was empty.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricDefinition = {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
} & (
  | { readonly kind: 'counter' | 'gauge' }
  | { readonly kind: 'histogram'; readonly buckets: readonly number[] }
)
