import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { FileSinkItem } from '../../../src/storage/folder/folder-sink-item.js'
import { lockedError } from '../../../src/storage/lock-wait.js'

t.test('a process that is stopped before it makes a file leaves none once it was replaced', async (t) => {
  const folder = t.testdir()
  let looks = 0
  const item = new FileSinkItem(join(folder, 'a.ndjson'), 'a.ndjson', {
    // As long as the process is stopped, between the look at the lock and the file.
    prepare: () => wait(400),
    writer: {
      epoch: 'aaaaaaaa',
      async confirm() {
        looks += 1
        if (looks > 1) throw lockedError(folder)
      },
    },
  })
  await t.rejects(item.resume(0), { code: 'SINK_LOCKED' })
  t.strictSame(readdirSync(folder), [])
})

t.test('the lock is looked at once where nothing takes long', async (t) => {
  const folder = t.testdir()
  let looks = 0
  const item = new FileSinkItem(join(folder, 'a.ndjson'), 'a.ndjson', {
    prepare: async () => {},
    writer: {
      epoch: 'aaaaaaaa',
      async confirm() {
        looks += 1
      },
    },
  })
  t.equal(await item.resume(0), true)
  t.ok(looks >= 1 && looks <= 2)
  t.strictSame(readdirSync(folder), ['a.ndjson.aaaaaaaa.part'])
  await item.abort()
  t.strictSame(readdirSync(folder), [])
})
