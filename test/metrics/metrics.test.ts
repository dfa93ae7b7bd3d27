// Holds src/metrics/publish.ts, src/metrics/registry.ts, src/metrics/table.ts.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { serveMetrics, writeMetricsFile } from '../../src/metrics/publish.js'
import { createMetrics } from '../../src/metrics/registry.js'
import { METRICS } from '../../src/metrics/table.js'
import { firstOf } from '../support/elements.js'
import { run, syntheticLines, writeFiles } from '../support/pipeline-run.js'

const sampleOf = (text: string, series: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1] ?? Number.NaN,
  )

t.test(
  'what a run did is in its metrics, every metric of the table is there, and no value of a resource',
  async (t) => {
    const folder = t.testdir()
    const lines = Buffer.concat([syntheticLines(100_000), Buffer.from('CANARY-1\n\n')])
    const input = writeFiles(join(folder, 'in'), { 'x.ndjson': lines })
    const metrics = createMetrics()
    t.teardown(() => metrics.close())
    const report = await run(input, join(folder, 'out'), { metrics })
    const text = await metrics.text()
    for (const { name } of Object.values(METRICS)) t.ok(text.includes(`# TYPE ${name} `), name)
    t.equal(sampleOf(text, 'sluice_source_bytes_total'), lines.length)
    t.equal(sampleOf(text, 'sluice_sink_bytes_total'), report.bytes.written)
    const read = sampleOf(text, 'sluice_lines_total{blank="false"}')
    const blank = sampleOf(text, 'sluice_lines_total{blank="true"}')
    t.equal(read + blank, report.lines.read)
    const delivered = Object.keys(report.resourcesByType).reduce(
      (sum, type) => sum + sampleOf(text, `sluice_resources_total{type="${type}",outcome="delivered"}`),
      0,
    )
    const rejected = sampleOf(text, 'sluice_quarantined_lines_total{code="INVALID_JSON"}')
    t.equal(delivered + rejected + blank, report.lines.read, 'lines in = delivered + quarantined + blank')
    t.equal(sampleOf(text, 'sluice_items_total{outcome="committed"}'), 1)
    t.equal(sampleOf(text, 'sluice_in_flight_bytes'), 0)
    t.notOk(text.includes('CANARY'))
  },
)

t.test('metrics are served on loopback, and a taken port is METRICS_UNAVAILABLE at the start', async (t) => {
  const metrics = createMetrics()
  t.teardown(() => metrics.close())
  const server = await serveMetrics(metrics, { port: 0 })
  t.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(server.url)))
  for (const answer of answers) t.equal(answer.status, 200)
  t.match(firstOf(answers).headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.match(await firstOf(answers).text(), /^# HELP sluice_/)
  t.equal((await fetch(server.url.replace('/metrics', '/'))).status, 404)
  t.equal((await fetch(server.url, { method: 'POST' })).status, 405)
  const port = Number(new URL(server.url).port)
  await t.rejects(serveMetrics(metrics, { port }), { code: 'METRICS_UNAVAILABLE' })
  await server.close()
  await t.rejects(fetch(server.url))
})

t.test('the metrics file is there whole or not at all', async (t) => {
  const folder = t.testdir()
  const metrics = createMetrics()
  t.teardown(() => metrics.close())
  const path = join(folder, 'sluice.prom')
  await writeMetricsFile(metrics, path)
  t.match(readFileSync(path, 'utf8'), /# TYPE sluice_chunk_seconds histogram/)
  t.strictSame(readdirSync(folder), ['sluice.prom'])
  await t.rejects(writeMetricsFile(metrics, join(folder, 'none', 'x.prom')), { code: 'METRICS_UNAVAILABLE' })
  const broken = { text: () => Promise.reject(new Error('no')) }
  await t.rejects(writeMetricsFile(broken, path), { code: 'METRICS_UNAVAILABLE' })
  t.match(readFileSync(path, 'utf8'), /# TYPE sluice_chunk_seconds histogram/, 'the old one stays')
})
