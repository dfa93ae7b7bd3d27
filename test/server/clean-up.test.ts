import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderConfigs } from '../../src/commands/serve-configs.js'
import type { ContainerStore } from '../../src/server/export-run.js'
import type { JobRecord } from '../../src/server/job.js'
import { JobQueue } from '../../src/server/job-queue.js'
import { JobStore } from '../../src/server/job-store.js'
import type { ServerEvent } from '../../src/server/server-event.js'
import { CONFIG, LIMITS, provide } from './provider.js'

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
