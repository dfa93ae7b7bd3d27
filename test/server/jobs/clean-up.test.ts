// Holds src/server/jobs/job-queue.ts, src/server/jobs/job.ts.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { folderConfigs } from '../../../src/commands/serve/configurations.js'
import type { ContainerStore } from '../../../src/server/jobs/export-work.js'
import type { JobRecord } from '../../../src/server/jobs/job.js'
import { JobQueue } from '../../../src/server/jobs/job-queue.js'
import { JobStore } from '../../../src/server/jobs/job-store.js'
import { Refusal } from '../../../src/server/refusal.js'
import type { ServerEvent } from '../../../src/server/server-event.js'
import { CONFIG, LIMITS, provide } from '../provider.js'

const UNREACHABLE: ContainerStore = {
  open: () => Promise.reject(Object.assign(new Error('CANARY'), { code: 'ECONNREFUSED' })),
}

t.test('an export whose container cannot be cleaned up goes all the same', async (t) => {
  const configs = folderConfigs(t.testdir({ 'safe.json': JSON.stringify(CONFIG) }), { fhirVersion: 'R4' })
  const anonymization = { configs, containers: UNREACHABLE }
  const provider = await provide(t, { limits: { expiresMs: 1 }, anonymization })
  const query = '_container=c&_anonymizationConfig=safe.json'
  for (const end of ['expire', 'delete'] as const) {
    const started = await provider.kickOff(`/$export?${query}`)
    const url = started.headers.get('content-location') ?? ''
    while ((await provider.ask(url)).status === 202) await new Promise((resolve) => setTimeout(resolve, 20))
    if (end === 'expire') await provider.server.expire()
    else t.equal((await provider.ask(url, { method: 'DELETE' })).status, 202)
    t.equal((await provider.ask(url)).status, 404, end)
    t.same(readdirSync(join(provider.folder, 'state', 'jobs')), [], 'a later process does not find it')
  }
  const told = provider.events.filter(({ event }) => event === 'export.not-discarded')
  t.same(
    told.map(({ level, error }) => ({ level, error })),
    Array(2).fill({ level: 'warn', error: 'ECONNREFUSED' }),
  )
  t.notMatch(JSON.stringify(provider.events), 'CANARY')
})

/** A disk that is broken for one of the jobs. */
class BrokenStore extends JobStore {
  override remove(id: string): Promise<void> {
    return id === 'broken' ? Promise.reject(new Error('CANARY')) : super.remove(id)
  }
}

const recordOf = (id: string): JobRecord => ({
  id,
  client: '',
  createdAt: '2026-11-21T00:00:00.000Z',
  request: '',
  requiresAccessToken: false,
  criteria: { level: { kind: 'system' }, filters: [], withProvenance: false },
  notes: [],
  state: 'complete',
  output: [],
  errors: [],
  expiresAt: '2026-11-21T00:00:00.000Z',
})

t.test('one export that cannot be removed keeps no other, and not the server, from it', async (t) => {
  const store = new BrokenStore(t.testdir())
  for (const id of ['broken', 'other']) await store.save(recordOf(id))
  const events: ServerEvent[] = []
  const queue = new JobQueue({
    ...LIMITS,
    store,
    run: async (job) => job,
    discard: async () => undefined,
    onEvent: (event) => events.push(event),
  })
  await queue.load()
  await queue.expire()
  t.equal(queue.get('other'), undefined)
  t.match(
    events.find(({ event }) => event === 'export.not-removed'),
    { level: 'warn', job: 'broken' },
  )
  t.notMatch(JSON.stringify(events), 'CANARY')
})

t.test('exports with large requests are bounded by their bytes, and ended ones let go of them', async (t) => {
  const folder = t.testdir()
  const large = (id: string, client: string): JobRecord => {
    const { expiresAt, ...active } = recordOf(id)
    const criteria = { ...active.criteria, patients: Array<string>(1000).fill(`${'p'.repeat(99)}`) }
    return { ...active, client, criteria, state: 'queued' }
  }
  const events: ServerEvent[] = []
  const queue = new JobQueue({
    ...LIMITS,
    store: new JobStore(folder),
    run: async (job) => (job.id.startsWith('bad') ? Promise.reject(new Error('CANARY')) : job),
    discard: async () => undefined,
    onEvent: (event) => events.push(event),
    maxKeptBytes: 500_000,
  })
  t.teardown(() => queue.close())
  const submit = (id: string, client = 'a'): Promise<number> =>
    queue.submit(large(id, client)).then(
      () => 202,
      (error: unknown) => (error instanceof Refusal ? error.status : 0),
    )
  t.same(await Promise.all(['1', 'bad2', '3'].map((id) => submit(id))), [202, 202, 429], 'of one client')
  t.same(await Promise.all(['4', '5', '6'].map((id) => submit(id, id))), [202, 202, 429], 'of all')
  queue.start()
  const isSlim = (id: string): boolean =>
    isEnded(queue.get(id)) && !readFileSync(join(folder, id, 'job.json'), 'utf8').includes('ppp')
  await waitFor(() => ['1', 'bad2', '4', '5'].every(isSlim))
  t.same(await Promise.all(['7', '8'].map((id) => submit(id))), [202, 202], 'there is room again')
  await waitFor(() => ['7', '8'].every(isSlim))
})

const isEnded = (record: JobRecord | undefined): boolean => /complete|failed/.test(record?.state ?? '')

async function waitFor(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('it did not happen in time')
    await setImmediate()
  }
}
