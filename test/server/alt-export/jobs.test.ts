// Holds src/server/alt-export/jobs.ts: calls about a job that meet each other.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { JobFolder } from '../../../src/server/alt-export/job-folder.js'
import { AltExportJobs } from '../../../src/server/alt-export/jobs.js'
import type { ServerEvent } from '../../../src/server/server-event.js'

const ORDER = {
  id: 'a'.repeat(32),
  name: 'ExportAllOrchestrator',
  client: 'somebody',
  input: {},
  definition: { kind: 'type', type: 'Patient', slices: 1, minSliceSeconds: 1, pageCount: 10 },
} as const

/** Jobs that run until they are stopped. */
function openJobs(t: Test, folder = join(t.testdir(), 'jobs')) {
  let started = 0
  let running = 0
  let most = 0
  const events: ServerEvent[] = []
  const jobs = new AltExportJobs({
    folder: new JobFolder(folder, async () => {}),
    runner: {
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          started += 1
          running += 1
          most = Math.max(most, running)
          const stop = (): void => {
            running -= 1
            reject(new Error('stopped'))
          }
          if (signal.aborted) stop()
          else signal.addEventListener('abort', stop, { once: true })
        }),
    },
    maxActive: 2,
    expiresMs: 1000,
    now: () => new Date(),
    onEvent: (event) => events.push(event),
  })
  return { jobs, started: () => started, most: () => most, folder, events }
}

/** Until what was begun has run as far as it can. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100))

t.test('a job that is resumed twice at once runs once', async (t) => {
  const { jobs, started, most } = openJobs(t)
  await jobs.submit(ORDER)
  await settled()
  await jobs.suspend(ORDER.id)
  t.equal(started(), 1)
  await Promise.all([jobs.resume(ORDER.id), jobs.resume(ORDER.id), jobs.resume(ORDER.id)])
  await settled()
  t.equal(started(), 2)
  t.equal(most(), 1, 'never beside itself')
  await jobs.close()
})

t.test('a job that is terminated before it has started never starts', async (t) => {
  const { jobs, started, folder } = openJobs(t)
  const submitted = jobs.submit(ORDER)
  await jobs.terminate(ORDER.id)
  await submitted
  await settled()
  t.equal(started(), 0)
  t.match(jobs.get(ORDER.id), { status: 'Terminated' })
  await jobs.close()
  const { jobs: later } = openJobs(t, folder)
  await later.open()
  t.match(later.get(ORDER.id), { status: 'Terminated' })
  await later.close()
})

t.test('a job that is purged while it is saved does not come back', async (t) => {
  const { jobs, folder } = openJobs(t)
  await jobs.submit(ORDER)
  await settled()
  const terminated = jobs.terminate(ORDER.id)
  while (jobs.get(ORDER.id)?.status !== 'Terminated') await Promise.resolve()
  await jobs.purge(ORDER.id)
  await terminated
  await jobs.close()
  const { jobs: later } = openJobs(t, folder)
  await later.open()
  t.equal(later.get(ORDER.id), undefined)
  await later.close()
})

t.test('a job that runs is not purged', async (t) => {
  const { jobs } = openJobs(t)
  await jobs.submit(ORDER)
  await jobs.purge(ORDER.id)
  t.not(jobs.get(ORDER.id), undefined)
  await jobs.close()
})

t.test('a damaged job is told of, and the others go on', async (t) => {
  const { jobs, folder } = openJobs(t)
  await jobs.submit(ORDER)
  await settled()
  await jobs.close()
  const damaged = [`${'b'.repeat(32)}.json`, `${'c'.repeat(32)}.json`]
  writeFileSync(join(folder, damaged[0] ?? ''), '')
  writeFileSync(join(folder, damaged[1] ?? ''), JSON.stringify({ id: 'c'.repeat(32), definition: {} }))
  writeFileSync(join(folder, 'left.json.part'), '{')
  const later = openJobs(t, folder)
  await later.jobs.open()
  t.strictSame(
    later.events
      .filter(({ event }) => event === 'alt-export.damaged')
      .map(({ item }) => item)
      .sort(),
    damaged,
  )
  t.strictSame(readdirSync(folder), [`${ORDER.id}.json`])
  t.equal(later.jobs.list().length, 1)
  await later.jobs.close()
})
