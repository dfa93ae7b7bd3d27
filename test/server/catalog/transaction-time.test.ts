// Holds src/server/catalog/catalog.ts.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Catalog } from '../../../src/server/catalog/catalog.js'
import { folderSource } from '../../../src/storage/folder/folder.js'
import type { Source } from '../../../src/storage/store.js'
import { writeFiles } from '../../support/pipeline-run.js'
import { lines, provide } from '../provider.js'

const HOUR_MS = 3_600_000

const patient = (id: string, lastUpdated?: string) =>
  lines(
    JSON.stringify({
      resourceType: 'Patient',
      id,
      ...(lastUpdated === undefined ? {} : { meta: { lastUpdated } }),
    }),
  )
const hoursAgo = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString()

for (const [kind, query] of [
  ['raw', ''],
  ['anonymized', '&_container=c&_anonymizationConfig=safe.json'],
] as const)
  t.test(`what changed between a dump and its ${kind} export is in the export since then`, async (t) => {
    const dumpedAt = hoursAgo(3)
    const provider = await provide(t, { files: { 'Patient-1.ndjson': patient('a', dumpedAt) } })
    const { manifest } = await provider.export(`/$export?_type=Patient${query}`)
    t.equal(manifest.transactionTime, dumpedAt)
    writeFiles(join(provider.folder, 'data'), { 'Patient-2.ndjson': patient('b', hoursAgo(2)) })
    const since = encodeURIComponent(manifest.transactionTime)
    const next = await provider.export(`/$export?_type=Patient&_since=${since}${query}`)
    t.equal(next.lines.length, 2, 'the newest again, and the later one')
  })

t.test('where nothing has a time, or one to come, it is that of the query', async (t) => {
  for (const time of [undefined, hoursAgo(-1)]) {
    const before = new Date().toISOString()
    const provider = await provide(t, { files: { 'Patient.ndjson': patient('a', time) } })
    const { transactionTime } = (await provider.export('/$export')).manifest
    t.ok(transactionTime >= before && transactionTime <= new Date().toISOString(), transactionTime)
  }
})

t.test('a pass that was under way tells when its listing began', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-catalog-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const files = folderSource(writeFiles(join(folder, 'data'), { 'Patient.ndjson': patient('a') }))
  let listOn = (): void => undefined
  const isListed = new Promise<void>((resolve) => {
    listOn = resolve
  })
  const source: Source = {
    ...files,
    async *list(report) {
      yield* files.list(report)
      await isListed
    },
  }
  const catalog = new Catalog({
    source,
    folder: join(folder, 'index'),
    maxLineBytes: 1 << 20,
    signal: new AbortController().signal,
    onEvent: () => undefined,
  })
  const first = catalog.refresh()
  const begunMs = Date.now()
  while (Date.now() <= begunMs) await new Promise((resolve) => setTimeout(resolve, 1))
  const joined = catalog.refresh()
  listOn()
  t.ok((await joined).listedAtMs <= begunMs)
  t.equal(await first, await joined)
})
