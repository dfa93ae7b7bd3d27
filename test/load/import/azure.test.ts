// Holds src/load/import/azure.ts, src/load/import/driver.ts, src/load/import/run.ts, src/load/import/round.ts,
// src/load/import/start.ts.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ErrorCode } from '../../../src/errors.js'
import type { ImportOptions, ImportTarget } from '../../../src/load/import/options.js'
import { cancelImport } from '../../../src/load/import/run.js'
import { openSource } from '../../../src/storage/open.js'
import type { SourceReader } from '../../../src/storage/store.js'
import {
  type Answer,
  type AzureImport,
  type AzureImportPlan,
  outcome,
  startAzureImport,
} from '../../support/azure-import.js'
import { startAzurite } from '../../support/azurite.js'
import { accessTo, type ImportSetting, importOptions, importWith } from '../../support/import-run.js'

const azurite = await startAzurite(t)

const line = (type: string, number: number, more: object = {}): string =>
  `${JSON.stringify({
    resourceType: type,
    id: `${type[0]?.toLowerCase()}${number}`,
    meta: { lastUpdated: '2099-01-01T00:00:00Z', versionId: '7' },
    note: `é${'x'.repeat(number % 40)}`,
    ...more,
  })}\n`

// Types alternate, so that a staged file draws from both items.
const A = Array.from({ length: 60 }, (_, at) => line(at % 3 === 0 ? 'Patient' : 'Observation', at)).join('')
const B = Array.from({ length: 40 }, (_, at) => line(at % 2 === 0 ? 'Patient' : 'Condition', 100 + at)).join(
  '',
)
const COUNT = 100

interface Prepared {
  readonly server: AzureImport
  readonly setting: ImportSetting
  /** Names and contents of what is staged. */
  staged(): Promise<ReadonlyMap<string, string>>
  stateNames(): string[]
  /** The lines of a log in the state. */
  log(name: string): Record<string, unknown>[]
}

async function prepare(t: Test, plan: AzureImportPlan = {}, files = { a: A, b: B }): Promise<Prepared> {
  const folder = t.testdir({ input: { 'a.ndjson': files.a, 'b.ndjson': files.b } })
  const { containerName } = await azurite.container()
  const stage = `azurite://${containerName}`
  const server = await startAzureImport(t, azurite, plan)
  const setting: ImportSetting = {
    base: server.base,
    input: join(folder, 'input'),
    stage,
    state: join(folder, 'state'),
    target: 'azure',
    storage: azurite.url,
    fileBytes: 3000,
  }
  return {
    server,
    setting,
    async staged() {
      const source = await openSource(stage, accessTo(azurite.url))
      const found = new Map<string, string>()
      for await (const item of source.list(() => {})) {
        const reader = await source.open(item, 0)
        const bytes = Buffer.alloc(item.bytes)
        await reader.read(bytes)
        await reader.close()
        found.set(item.name, String(bytes))
      }
      return found
    },
    stateNames: () =>
      readdirSync(join(folder, 'state'), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.\w+$/.test(name))
        .sort(),
    log: (name) =>
      readFileSync(join(folder, 'state', name), 'utf8')
        .split('\n')
        .filter((text) => text !== '')
        .map((text) => JSON.parse(text)),
  }
}

t.test('every resource is staged once, in files of one type, and imported once', async (t) => {
  const { server, setting, staged } = await prepare(t, { pollsBefore: 2 })
  const report = await importWith({ ...setting, fileBytes: 900 }, { keepStaged: true })
  t.match(report, { read: COUNT, loaded: COUNT, failed: 0, ambiguous: 0, counting: 'given' })
  t.equal(server.stored.size, COUNT)
  t.ok([...server.stored.values()].every(({ times }) => times === 1))
  const files = await staged()
  t.ok(files.size > 6, 'files are ended at their limit')
  const untrue = [...files].flatMap(([name, text]) => {
    const type = /\/(\w+)-\d{5}\.ndjson$/.exec(name)?.[1]
    const types = text
      .trimEnd()
      .split('\n')
      .map((resource) => JSON.parse(resource).resourceType)
    return types.every((found) => found === type) && Buffer.byteLength(text) <= 900 ? [] : [name]
  })
  t.strictSame(untrue, [])
  t.notMatch([...files.values()].join(''), /lastUpdated|versionId/)
  t.strictSame(server.asked, ['POST /$import', 'GET /status', 'GET /status', 'GET /status'])
  const again = await importWith({ ...setting, fileBytes: 900 })
  t.match(again, { read: COUNT, loaded: COUNT, files: [] })
  t.equal(server.jobs.length, 1, 'nothing is imported twice')
})

t.test('staged files are removed once everything is settled', async (t) => {
  const { setting, staged, stateNames } = await prepare(t)
  await importWith(setting)
  t.equal((await staged()).size, 0)
  t.strictSame(stateNames(), ['audit.ndjson', 'epoch.json', 'load.json', 'report.json'])
})

t.test('a kick-off names each file once, with its type, by an address without a query', async (t) => {
  const { server, setting } = await prepare(t)
  const target = (await importOptions({ ...setting, mode: 'initial' })).target
  await importWith(setting, { target: { ...target, eventualConsistency: true } as ImportTarget })
  const parameters = server.jobs[0]?.parameters as { parameter: { name: string; part?: unknown[] }[] }
  const rest = parameters.parameter.filter(({ name }) => name !== 'input')
  t.strictSame(rest, [
    { name: 'inputFormat', valueString: 'application/fhir+ndjson' },
    { name: 'mode', valueString: 'InitialLoad' },
    { name: 'eventualConsistency', valueBoolean: true },
  ])
  t.equal(server.stored.size, COUNT)
})

t.test('each line that the server refuses is found again in the source', async (t) => {
  const isBad = (id: unknown): boolean => /[27]$/.test(String(id))
  for (const unitBytes of [1, 333]) {
    const { server, setting, log } = await prepare(t, {
      unitBytes,
      refuse: ({ id }) => (isBad(id) ? `refused ${id}` : undefined),
    })
    const report = await importWith(setting)
    const lines = [...sourceLines('a.ndjson', A), ...sourceLines('b.ndjson', B)]
    const bad = lines.filter(({ id }) => isBad(id))
    t.match(report, { read: COUNT, loaded: COUNT - bad.length, failed: bad.length }, `parts of ${unitBytes}`)
    const found = log('errors.ndjson').map(({ item, ordinal, offset, type, id, fate, serverText }) => ({
      item,
      ordinal,
      offset,
      type,
      id,
      fate,
      serverText,
    }))
    const expected = bad.map((entry) => ({ ...entry, fate: 'failed', serverText: `refused ${entry.id}` }))
    t.strictSame(sorted(found), sorted(expected))
    t.equal(server.stored.size, COUNT - bad.length)
    t.strictSame(report.issues, { 'error/unknown': bad.length })
  }
})

t.test('what cannot be imported is rejected and not staged', async (t) => {
  const a = `${line('Patient', 1)}${line('Patient', 2, { id: 'bad id!' })}${line('SearchParameter', 3)}`
  const { server, setting, log } = await prepare(t, {}, { a, b: line('Observation', 4) })
  const report = await importWith(setting)
  t.match(report, { read: 4, loaded: 2, failed: 2, rejected: 2 })
  t.strictSame(
    log('errors.ndjson').map(({ ordinal, fate, code }) => [ordinal, fate, code]),
    [
      [1, 'rejected', 'BAD_ID'],
      [2, 'rejected', 'NOT_IMPORTABLE'],
    ],
  )
  t.equal(server.stored.size, 2)
})

t.test('an input of which nothing can be imported starts no job', async (t) => {
  const { server, setting } = await prepare(t, {}, { a: line('SearchParameter', 3), b: '' })
  t.match(await importWith(setting), { read: 1, loaded: 0, rejected: 1, files: [] })
  t.equal(server.jobs.length, 0)
})

t.test(
  'counts that do not add up end in IMPORT_INCOMPLETE, and the next run imports those files again',
  async (t) => {
    const { server, setting } = await prepare(t, { lose: ({ id }) => id === 'p6' })
    await t.rejects(importWith(setting), { code: 'IMPORT_INCOMPLETE', message: /Patient-00001\.ndjson/ })
    server.plan = {}
    const report = await importWith(setting)
    t.match(report, { read: COUNT, loaded: COUNT, failed: 0 })
    t.equal(server.jobs.length, 2)
    t.equal(server.jobs[1]?.urls.length, 1, 'only the file that did not add up')
    t.equal(server.stored.size, COUNT)
  },
)

t.test('a job that fails is dropped, and the next run starts another with the same files', async (t) => {
  const failures: readonly (readonly [ErrorCode, () => Answer])[] = [
    ['IMPORT_FAILED', () => outcome(400, 'import operation failed for reason: No such host is known.')],
    [
      'IMPORT_FAILED',
      () => outcome(403, 'import operation failed for reason: Server failed to authenticate'),
    ],
    ['IMPORT_FAILED', () => outcome(500, 'import operation failed for reason: InternalServerError')],
    ['IMPORT_FAILED', () => outcome(404, 'The requested "$import" job was not found.')],
  ]
  for (const [code, poll] of failures) {
    const { server, setting } = await prepare(t, { poll })
    await t.rejects(importWith(setting), { code })
    server.plan = {}
    t.match(await importWith(setting), { read: COUNT, loaded: COUNT, isContinued: false })
    t.equal(server.jobs.length, 2)
    t.strictSame(server.jobs[1]?.urls, server.jobs[0]?.urls)
  }
})

t.test('a refused access ends the run and keeps the job', async (t) => {
  const { server, setting } = await prepare(t, {
    poll: () => outcome(403, 'Authorization failed.', 'forbidden'),
  })
  await t.rejects(importWith(setting), { code: 'AUTH_FAILED' })
  server.plan = {}
  t.match(await importWith(setting), { loaded: COUNT, isContinued: true })
  t.equal(server.jobs.length, 1)
})

t.test('a server that refuses the import is told from one that is busy', async (t) => {
  const busy = await prepare(t, { kickOff: (count) => (count < 3 ? { status: 503 } : undefined) })
  t.match(await importWith(busy.setting), { loaded: COUNT })
  const refusing = await prepare(t, { kickOff: () => outcome(400, 'Import is switched off') })
  await t.rejects(importWith(refusing.setting), { code: 'LOAD_REFUSED' })
  const without = await prepare(t, { kickOff: () => ({ status: 202 }) })
  await t.rejects(importWith(without.setting), { code: 'LOAD_INVALID', message: /Content-Location/ })
})

t.test('a result that is not of this import is not believed', async (t) => {
  const at =
    (inputUrl: unknown, count: unknown = 1) =>
    () => ({ output: [{ inputUrl, count }], error: [] })
  for (const result of [at('http://127.0.0.1/other'), at(undefined)]) {
    const { setting } = await prepare(t, { result })
    await t.rejects(importWith(setting), { code: 'LOAD_INVALID' })
  }
  const { setting } = await prepare(t, { result: () => ({ resourceType: 'Bundle' }) })
  await t.rejects(importWith(setting), { code: 'LOAD_INVALID' })
})

t.test('error files elsewhere are not fetched', async (t) => {
  const { setting } = await prepare(t, {
    refuse: ({ id }) => (id === 'p6' ? 'refused' : undefined),
    result: ({ error, ...rest }) => ({
      ...rest,
      error: (error as object[]).map((entry) => ({ ...entry, url: 'http://127.0.0.1:1/elsewhere/x.ndjson' })),
    }),
  })
  await t.rejects(importWith(setting), { code: 'LOAD_INVALID', message: /outside the storage account/ })
})

t.test('if the error files do not say which lines failed, the rest of the file is ambiguous', async (t) => {
  const { setting, log } = await prepare(t, {
    refuse: ({ id }) => (id === 'p6' || id === 'p9' ? 'refused' : undefined),
    result: ({ error, ...rest }) => ({ ...rest, error: (error as object[]).map(({ ...entry }) => entry) }),
  })
  const report = await importWith(setting, {
    openFolder: async (address) => {
      const source = await openSource(address, accessTo(azurite.url))
      // The first line of the error file has lost its diagnostics.
      return { ...source, open: async (item) => blanked(await source.open(item, 0)) }
    },
  })
  t.equal(report.read, COUNT)
  t.equal(report.failed, 1)
  t.ok(report.ambiguous > 0)
  t.equal(report.loaded + report.failed + report.ambiguous, COUNT)
  t.equal(log('errors.ndjson').length, report.failed + report.ambiguous)
})

t.test('an interrupted import is kept, or cancelled where that is asked for', async (t) => {
  for (const onInterrupt of ['keep', 'cancel'] as const) {
    const { server, setting } = await prepare(t, { pollsBefore: 1000 })
    const stop = new AbortController()
    const onEvent: ImportOptions['onEvent'] = ({ event }) => {
      if (event === 'import.polled') stop.abort()
    }
    await t.rejects(importWith(setting, { signal: stop.signal, onInterrupt, onEvent }), {
      code: 'INTERRUPTED',
    })
    t.equal(server.asked.includes('DELETE /status'), onInterrupt === 'cancel')
    server.plan = {}
    t.match(await importWith(setting), { loaded: COUNT, isContinued: onInterrupt === 'keep' })
    t.equal(server.jobs.length, onInterrupt === 'keep' ? 1 : 2)
  }
})

t.test('a recorded import can be cancelled; a finished one cannot', async (t) => {
  const table = [
    [undefined, true],
    [409, false],
    [404, true],
  ] as const
  for (const [status, isCancelled] of table) {
    const { server, setting, staged } = await prepare(t, {
      pollsBefore: 1000,
      cancel: () => (status === undefined ? undefined : outcome(status, 'cancel')),
    })
    await t.rejects(importWith(setting, { pollLimitMs: 1 }), { code: 'IMPORT_OVERDUE' })
    t.equal(await cancelImport(await importOptions(setting)), isCancelled)
    t.equal((await staged()).size === 0, isCancelled)
    server.plan = {}
    t.match(await importWith(setting), { loaded: COUNT, isContinued: !isCancelled })
  }
  const { setting } = await prepare(t)
  t.equal(await cancelImport(await importOptions(setting)), false, 'there is none')
})

t.test('what arrives while an import runs is imported after it', async (t) => {
  const { server, setting } = await prepare(t, { pollsBefore: 1000 })
  await t.rejects(importWith(setting, { pollLimitMs: 1 }), { code: 'IMPORT_OVERDUE' })
  writeFileSync(join(setting.input, 'b.ndjson'), `${B}${line('Patient', 999)}`)
  server.plan = {}
  const report = await importWith(setting)
  t.match(report, { read: COUNT + 1, loaded: COUNT + 1 })
  t.equal(server.jobs.length, 2)
  t.ok(server.stored.has('Patient/p999'))
})

/** The places of the lines of an item. */
function* sourceLines(item: string, text: string) {
  let offset = 0
  for (const [ordinal, resource] of text.trimEnd().split('\n').entries()) {
    const { resourceType: type, id } = JSON.parse(resource) as { resourceType: string; id: string }
    yield { item, ordinal, offset, type, id }
    offset += Buffer.byteLength(resource) + 1
  }
}

const sorted = (lines: readonly object[]): string[] => lines.map((entry) => JSON.stringify(entry)).sort()

const blanked = (reader: SourceReader): SourceReader => ({
  ...reader,
  close: () => reader.close(),
  async read(target) {
    const count = await reader.read(target)
    const text = String(target.subarray(0, count)).replace('stream start', 'stream----')
    target.set(Buffer.from(text))
    return count
  },
})
