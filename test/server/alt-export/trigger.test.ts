import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkAltExportDefinition } from '../../../src/config/alt-export/definition.js'
import { JobFolder } from '../../../src/server/alt-export/job-folder.js'
import { AltExportJobs } from '../../../src/server/alt-export/jobs.js'
import { startDropped } from '../../../src/server/alt-export/trigger.js'
import type { ServerEvent } from '../../../src/server/server-event.js'
import { FolderInbox } from '../../../src/storage/folder/folder-inbox.js'

const DEFINITION = JSON.stringify({ query: 'Patient', include: ['Observation?patient=$IDS'] })

/** A folder for definitions, and what a look at it does. Exports never end by themselves. */
async function watched(t: Test, { unreadable = '' } = {}) {
  const folder = t.testdir()
  const inbox = join(folder, 'in')
  const processed = join(folder, 'in-processed')
  for (const path of [inbox, processed]) await mkdir(path)
  const events: ServerEvent[] = []
  const jobs = new AltExportJobs({
    folder: new JobFolder(join(folder, 'jobs'), async () => {}),
    runner: {
      run: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          if (signal.aborted) reject(signal.reason)
          else signal.addEventListener('abort', () => reject(signal.reason))
        }),
    },
    maxActive: 10,
    expiresMs: 1000,
    now: () => new Date(),
    onEvent: () => {},
  })
  const doubted = new Map<string, string>()
  const look = () =>
    startDropped({
      inbox: new FolderInbox(inbox),
      processed: new FolderInbox(processed),
      read: async (name) => {
        if (name === unreadable) throw new Error('permission denied')
        return readFile(join(inbox, name), 'utf8')
      },
      jobs,
      readDefinition: (body) => checkAltExportDefinition(body, 'of the request'),
      doubted,
      onEvent: (event) => events.push(event),
    })
  const names = () => ({ in: readdirSync(inbox).sort(), out: readdirSync(processed).sort() })
  return { folder, inbox, jobs, events, look, names }
}

t.test('a definition that is half-written is not refused', async (t) => {
  const { inbox, jobs, look, names } = await watched(t)
  const path = join(inbox, 'a.json')
  writeFileSync(path, DEFINITION.slice(0, 20))
  await look()
  t.strictSame(names(), { in: ['a.json'], out: [] })
  writeFileSync(path, DEFINITION)
  await look()
  t.strictSame(names(), { in: [], out: ['a.json'] })
  t.equal(jobs.list().length, 1)
  writeFileSync(path, DEFINITION.slice(0, 20))
  await look()
  await look()
  t.strictSame(names(), { in: [], out: ['a.json', 'a.json.err', 'a.json.err.response'] })
  await jobs.close()
})

t.test('a file that cannot be read holds up no other', async (t) => {
  const { inbox, jobs, events, look, names } = await watched(t, { unreadable: 'a.json' })
  writeFileSync(join(inbox, 'a.json'), DEFINITION)
  writeFileSync(join(inbox, 'b.json'), DEFINITION)
  await look()
  t.strictSame(names(), { in: ['a.json'], out: ['b.json'] })
  t.match(events, [{ event: 'alt-export.trigger-failed', item: 'a.json' }, { event: 'alt-export.triggered' }])
  await jobs.close()
})

t.test('a file that is too large is refused unread, and a link is not followed', async (t) => {
  const { folder, inbox, jobs, look, names } = await watched(t, { unreadable: 'large.json' })
  writeFileSync(join(inbox, 'large.json'), '')
  truncateSync(join(inbox, 'large.json'), 2 ** 34)
  writeFileSync(join(folder, 'elsewhere.json'), DEFINITION)
  await symlink(join(folder, 'elsewhere.json'), join(inbox, 'link.json'))
  await look()
  await look()
  t.strictSame(names(), { in: ['link.json'], out: ['large.json.err', 'large.json.err.response'] })
  t.equal(jobs.list().length, 0)
  await jobs.close()
})
