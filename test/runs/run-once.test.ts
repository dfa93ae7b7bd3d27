// Holds src/runs/deliver.ts, src/runs/pipeline.ts, src/runs/versions.ts.

import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openRunFolder } from '../../src/pipeline/layout.js'
import { readRecords } from '../../src/runs/history.js'
import { familyOf, type Pipeline, type RunHooks } from '../../src/runs/pipeline.js'
import { runOnce } from '../../src/runs/run-once.js'
import { folderLake, folderSource } from '../../src/storage/folder/folder.js'
import { provide } from '../server/provider.js'
import { startBadServer } from '../support/bad-fhir-server.js'
import { firstOf } from '../support/elements.js'
import { filesIn, KEEP_ALL, planFor, textIn, writeFiles } from '../support/pipeline-run.js'

const patient = (id: string, lastUpdated?: string): string =>
  `${JSON.stringify({ resourceType: 'Patient', id, ...(lastUpdated && { meta: { lastUpdated } }) })}\n`

/** Between two folders; nothing is changed, so that outputs can be compared. */
function pipelineIn(place: string, more: Partial<Pipeline> = {}): Pipeline {
  return {
    source: { kind: 'store', source: folderSource(join(place, 'in')) },
    plan: planFor(KEEP_ALL),
    lake: folderLake(join(place, 'lake')),
    layout: 'dated',
    onlyNew: false,
    settings: { workers: 1 },
    ...more,
  }
}

/** What each run's folder holds, by name. */
const contentOf = (place: string, run: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...filesIn(join(place, 'lake', run))]
      .filter(([name]) => name !== 'run.json')
      .map(([name, bytes]) => [name, bytes.toString()]),
  )

/** A source that fails the run where it reads this item. */
function stoppingAt(pipeline: Pipeline, name: string, stop: AbortController): Pipeline {
  if (pipeline.source.kind !== 'store') throw new Error('no store')
  const { source } = pipeline.source
  return {
    ...pipeline,
    source: {
      kind: 'store',
      source: {
        ...source,
        async open(item, fromByte) {
          if (item.name === name) stop.abort()
          return source.open(item, fromByte)
        },
      },
    },
  }
}

const interrupt = async (t: Test, pipeline: Pipeline, name: string, hooks: RunHooks = {}): Promise<void> => {
  const stop = new AbortController()
  await t.rejects(runOnce(stoppingAt(pipeline, name, stop), { ...hooks, signal: stop.signal }), {
    code: 'INTERRUPTED',
  })
}

t.test('a run that was interrupted is gone on with in its folder; then there is a new one', async (t) => {
  const place = t.testdir()
  writeFiles(join(place, 'in'), { 'A.ndjson': patient('a'), 'B.ndjson': patient('b') })
  const pipeline = pipelineIn(place)
  await interrupt(t, pipeline, 'B.ndjson')
  const [interrupted] = await readRecords(pipeline.lake.state, familyOf(pipeline))
  const resumed = await runOnce(pipeline)
  t.match(resumed, { run: interrupted?.run ?? 'no record', isResumed: true })
  t.same(contentOf(place, resumed.run), { 'A.ndjson': patient('a'), 'B.ndjson': patient('b') })
  const next = await runOnce(pipeline)
  t.not(next.run, resumed.run)
  t.equal(next.isResumed, false)
  const records = await readRecords(pipeline.lake.state, familyOf(pipeline))
  t.same(
    records.map(({ event }) => event),
    ['started', 'interrupted', 'resumed', 'succeeded', 'started', 'succeeded'],
  )
})

t.test(
  'a run that ended before it could note so is noted by the next, with its outputs as they are',
  async (t) => {
    const place = t.testdir()
    writeFiles(join(place, 'in'), { 'A.ndjson': patient('a') })
    const pipeline = pipelineIn(place)
    const first = await runOnce(pipeline)
    const history = join(place, 'lake.sluice', 'history.ndjson')
    const [started] = textIn(join(place, 'lake.sluice'), 'history.ndjson').split('\n')
    writeFiles(place, { 'lake.sluice/history.ndjson': `${started}\n{"family":"torn` })
    const before = textIn(join(place, 'lake', first.run), 'run.json')
    const { state } = pipeline.lake.sink(first.run)
    await state.write('run-secrets.json', 'secret')
    const second = await runOnce(pipeline)
    t.match(second, { run: first.run, isResumed: true, report: { lines: { delivered: 1 } } })
    t.equal(textIn(join(place, 'lake', first.run), 'run.json'), before)
    t.equal(await state.read('run-secrets.json'), undefined)
    t.ok(
      filesIn(join(place, 'lake.sluice'))
        .get('history.ndjson')
        ?.toString()
        .split('\n')
        .slice(0, -1)
        .every(isJson),
      history,
    )
  },
)

const isJson = (line: string): boolean => typeof JSON.parse(line) === 'object'

t.test('two runs at once: the second is SINK_LOCKED', async (t) => {
  const place = t.testdir()
  writeFiles(join(place, 'in'), { 'A.ndjson': patient('a') })
  const pipeline = pipelineIn(place)
  const other = await openRunFolder(folderLake(join(place, 'lake')), { layout: 'dated', fingerprint: 'x' })
  await t.rejects(runOnce(pipeline), { code: 'SINK_LOCKED' })
  await other.close()
  await runOnce(pipeline)
})

t.test('onlyNew from a folder: items whose version is new, none twice, none lost', async (t) => {
  const place = t.testdir()
  const input = writeFiles(join(place, 'in'), { 'A.ndjson': patient('a'), 'B.ndjson': patient('b') })
  const pipeline = pipelineIn(place, { onlyNew: true })
  const runs = [await runOnce(pipeline)]
  runs.push(await runOnce(pipeline))
  writeFiles(input, { 'B.ndjson': patient('b2'), 'C.ndjson': patient('c') })
  utimesSync(join(input, 'B.ndjson'), new Date(), new Date(Date.now() + 5000))
  await interrupt(t, pipeline, 'C.ndjson')
  writeFiles(input, { 'D.ndjson': patient('d') })
  runs.push(await runOnce(pipeline))
  runs.push(await runOnce({ ...pipeline, onlyNew: false }))
  runs.push(await runOnce(pipeline))
  t.same(
    runs.map(({ run }) => contentOf(place, run)),
    [
      { 'A.ndjson': patient('a'), 'B.ndjson': patient('b') },
      {},
      { 'B.ndjson': patient('b2'), 'C.ndjson': patient('c'), 'D.ndjson': patient('d') },
      {
        'A.ndjson': patient('a'),
        'B.ndjson': patient('b2'),
        'C.ndjson': patient('c'),
        'D.ndjson': patient('d'),
      },
      {},
    ],
  )
  const other = { ...pipeline, plan: planFor({ ...KEEP_ALL, parameters: { cryptoHashKey: 'other' } }) }
  const full = await runOnce(other)
  t.equal(Object.keys(contentOf(place, full.run)).length, 4, 'another configuration begins with everything')
})

t.test('onlyNew from a server: the windows of the runs join, whatever comes between', async (t) => {
  const place = t.testdir()
  const stamp = (): string => new Date(Date.now() - 1).toISOString()
  const server = await provide(t, { files: { 'Patient.ndjson': patient('p1', stamp()) } })
  const events: string[] = []
  const pipeline = pipelineIn(place, {
    onlyNew: true,
    source: {
      kind: 'server',
      onServerErrors: 'fail',
      options: { base: server.base, request: { level: 'system', parameters: [] }, pollIntervalMs: 1000 },
    },
  })
  const hooks: RunHooks = { onEvent: ({ event }) => void events.push(event) }
  const runs = [await runOnce(pipeline, hooks)]
  t.equal(firstOf(runs).since, undefined, 'the first one is full')
  const data = join(server.folder, 'data')
  let lines = textIn(data, 'Patient.ndjson')
  const add = (id: string): void => {
    lines += patient(id, stamp())
    writeFiles(data, { 'Patient.ndjson': lines })
  }
  for (const id of ['p2', 'p3']) {
    add(id)
    const run = await runOnce(pipeline, hooks)
    t.equal(run.since, runs.at(-1)?.transactionTime)
    runs.push(run)
  }
  add('p4')
  const stop = new AbortController()
  const stopAt = (name: string): RunHooks => ({
    signal: stop.signal,
    onEvent: ({ event }) => {
      if (event === name) stop.abort()
    },
  })
  await t.rejects(runOnce(pipeline, stopAt('export.listed')), { code: 'INTERRUPTED' })
  add('p5')
  const resumed = await runOnce(pipeline, hooks)
  t.match(resumed, { isResumed: true, since: runs.at(-1)?.transactionTime })
  t.ok(events.includes('export.continued'), 'with the same job of the server')
  runs.push(resumed, await runOnce(pipeline, hooks))
  const ids = runs.map(({ run }) =>
    Object.values(contentOf(place, run)).flatMap((text) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ),
  )
  // Nothing is lost; the newest of a run comes again in the next, for what may bear the same time.
  t.same(ids, [['p1'], ['p1', 'p2'], ['p2', 'p3'], ['p3', 'p4'], ['p4', 'p5']])
  t.ok(events.includes('pipeline.started'))
})

t.test(
  'a full run moves the time on too; one that was interrupted is not gone on with by another kind',
  async (t) => {
    const place = t.testdir()
    const input = writeFiles(join(place, 'in'), { 'A.ndjson': patient('a'), 'B.ndjson': patient('b') })
    const onlyNew = pipelineIn(place, { onlyNew: true })
    const full = pipelineIn(place)
    await runOnce(full)
    const nothing = await runOnce(onlyNew)
    t.same(contentOf(place, nothing.run), {})
    await interrupt(t, full, 'B.ndjson')
    writeFiles(input, { 'C.ndjson': patient('c') })
    const next = await runOnce(onlyNew)
    t.equal(next.isResumed, false)
    t.same(contentOf(place, next.run), { 'C.ndjson': patient('c') })
    const resumed = await runOnce(full)
    t.equal(resumed.isResumed, true)
    t.equal(Object.keys(contentOf(place, resumed.run)).length, 3)
  },
)

t.test('what the server could not export ends nothing: the next run begins where this one did', async (t) => {
  const issue = { severity: 'error', code: 'exception', diagnostics: 'CANARY' }
  const outcome = `${JSON.stringify({ resourceType: 'OperationOutcome', issue: [issue] })}\n`
  const server = await startBadServer(t, { files: { Patient: [patient('p1')] }, outcomes: [outcome] })
  const place = t.testdir()
  const pipeline = pipelineIn(place, {
    onlyNew: true,
    source: {
      kind: 'server',
      onServerErrors: 'fail',
      options: { base: server.base, request: { level: 'system', parameters: [] }, pollIntervalMs: 1000 },
    },
  })
  const first = await runOnce(pipeline)
  t.match(first, { hasServerErrors: true, issues: { 'error/exception': 1 } })
  t.equal(Object.keys(contentOf(place, first.run)).length, 1, 'the rest is delivered')
  server.plan = { ...server.plan, outcomes: [] }
  const second = await runOnce(pipeline)
  t.match(second, { hasServerErrors: false, isResumed: false, since: undefined })
  t.not(second.run, first.run)
  t.equal((await runOnce(pipeline)).since, second.transactionTime)
  t.ok(
    server.asked.some(({ url }) =>
      url.includes(`_since=${encodeURIComponent(second.transactionTime ?? '')}`),
    ),
  )
  t.notMatch(textIn(join(place, 'lake.sluice'), 'history.ndjson'), /CANARY/)
})

t.test('retention removes what is old after a run, and nothing after one that failed', async (t) => {
  const place = t.testdir()
  writeFiles(join(place, 'in'), { 'A.ndjson': patient('a'), 'B.ndjson': patient('b') })
  const pipeline = pipelineIn(place, { retention: { keepLast: 1 } })
  const first = await runOnce(pipeline)
  await interrupt(t, pipeline, 'B.ndjson')
  t.ok(filesIn(join(place, 'lake')).has(`${first.run}/run.json`))
  const second = await runOnce(pipeline)
  t.same(second.removed, [first.run])
  t.ok([...filesIn(join(place, 'lake')).keys()].every((name) => name.startsWith(second.run)))
  t.notOk([...filesIn(join(place, 'lake.sluice')).keys()].some((name) => name.startsWith(first.run)))
})

t.test('retention keeps the last good output where the server could not export everything', async (t) => {
  const outcome = `${JSON.stringify({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'exception' }],
  })}\n`
  const server = await startBadServer(t, { files: { Patient: [patient('p1')] } })
  const place = t.testdir()
  const pipeline = pipelineIn(place, {
    retention: { keepLast: 1 },
    source: {
      kind: 'server',
      onServerErrors: 'fail',
      options: { base: server.base, request: { level: 'system', parameters: [] }, pollIntervalMs: 1000 },
    },
  })
  const good = await runOnce(pipeline)
  server.plan = { ...server.plan, outcomes: [outcome] }
  const partial = await runOnce(pipeline)
  t.match(partial, { hasServerErrors: true, removed: [] })
  t.ok(filesIn(join(place, 'lake')).has(`${good.run}/run.json`))
  server.plan = { ...server.plan, outcomes: [] }
  t.same((await runOnce(pipeline)).removed, [good.run])
  t.ok(filesIn(join(place, 'lake')).has(`${partial.run}/run.json`), 'it was never counted')
})
