// Holds src/pipeline/report/item-counts.ts, src/pipeline/bundle/bundle.ts, src/pipeline/run-counts.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { printReport } from '../../../src/commands/display/report-text.js'
import { createMetrics } from '../../../src/metrics/registry.js'
import { type Overrides, run } from '../../support/pipeline-run.js'

const config = { fhirVersion: 'R4', fhirPathRules: [], codeSystems: { allow: ['loinc'] } }

/** A resource that loses three codes. */
const basic = (n: number): object => ({
  resourceType: 'Basic',
  id: `b${n}`,
  language: 'not a language',
  code: {
    coding: [{ system: 'http://example.org/secret', code: `c${n}` }, { code: 'x' }],
    text: 'y'.repeat(100),
  },
})
const removed = (resources: number) => ({
  'Basic.language': resources,
  none: resources,
  other: resources,
})

const lines = (count: number): string =>
  Array.from({ length: count }, (_, n) => `${JSON.stringify(basic(n))}\n`).join('')

const published = (output: string): { runs: { codesRemoved?: object }[] } =>
  JSON.parse(readFileSync(join(output, 'run.json'), 'utf8'))

t.test('the codes that workers remove are added up over chunks and files, in every report', async (t) => {
  const folder = t.testdir({ in: { 'a.ndjson': lines(3000), 'b.ndjson': lines(7) } })
  const output = join(folder, 'out')
  const metrics = createMetrics()
  t.teardown(() => metrics.close())
  const report = await run(join(folder, 'in'), output, { config, metrics })
  t.strictSame(report.codesRemoved, removed(3007))
  t.strictSame(published(output).runs[0]?.codesRemoved, removed(3007))
  t.notMatch(readFileSync(join(output, 'run.json'), 'utf8'), 'secret')
  t.match(await metrics.text(), 'sluice_codes_removed_total{system="other"} 3007')
  const printed: string[] = []
  const print = (text: string): void => void printed.push(text)
  printReport(report, { place: output, state: { place: output } }, { print } as Parameters<
    typeof printReport
  >[2])
  t.match(printed.join('\n'), /^codes removed: 9,021 \(Basic\.language 3,007, /m)
})

t.test('a run that is cut off and resumed counts each code once', async (t) => {
  const folder = t.testdir({ in: { 'a.ndjson': lines(3000) } })
  const [input, output] = [join(folder, 'in'), join(folder, 'out')]
  let entries = 0
  const faultPoint: Overrides['faultPoint'] = (point) => {
    if (point === 'after-journal' && ++entries === 4) throw new Error('cut off')
  }
  const first = await run(input, output, { config, faultPoint }).catch(() => undefined)
  t.not(first?.lines.delivered, 3000, 'it was cut off')
  const report = await run(input, output, { config })
  t.strictSame(report.codesRemoved, removed(3000))
})

t.test('the shell of a Bundle that is split is counted once', async (t) => {
  const entry = Array.from({ length: 200 }, (_, n) => ({ resource: basic(n) }))
  const bundle = { resourceType: 'Bundle', id: 'b', type: 'not a type', entry }
  const folder = t.testdir({ in: {} })
  writeFileSync(join(folder, 'in', 'bundle.json'), JSON.stringify(bundle))
  const report = await run(join(folder, 'in'), join(folder, 'out'), {
    config,
    chunkBytes: 8192,
    maxLineBytes: 4096,
  })
  t.strictSame(report.codesRemoved, { 'Bundle.type': 1, ...removed(200) })
})

t.test('a run that removes none says nothing of them', async (t) => {
  const folder = t.testdir({ in: { 'a.ndjson': lines(3) } })
  const report = await run(join(folder, 'in'), join(folder, 'out'), {
    config: { ...config, codeSystems: undefined },
  })
  t.equal('codesRemoved' in report, false)
  t.equal('codesRemoved' in (published(join(folder, 'out')).runs[0] ?? {}), false)
})
