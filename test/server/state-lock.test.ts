import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { thisProcess } from '../../src/storage/process-identity.js'
import { filesIn } from '../support/pipeline-run.js'
import { provide } from './provider.js'

const TIMES = { beatEveryMs: 100, staleAfterMs: 1_000, lookEveryMs: 50 }

t.test(
  'a server whose state folder was taken over by another one says so and changes nothing in it',
  async (t) => {
    const { server, folder, kickOff } = await provide(t, { lockTimes: TIMES })
    const lock = join(folder, 'state', 'lock')
    const other = JSON.stringify({ ...(await thisProcess('another')), host: 'elsewhere' })
    writeFileSync(`${lock}.other`, other)
    const before = [...filesIn(join(folder, 'state', 'jobs')).keys()]
    // As after a pause of this process: the other has the name, this one its open file.
    renameSync(`${lock}.other`, lock)
    t.match(await server.lost, { code: 'SINK_LOCKED' })
    const answer = await kickOff('/$export')
    t.ok(answer.status >= 500, `a kick-off is refused: ${answer.status}`)
    t.strictSame([...filesIn(join(folder, 'state', 'jobs')).keys()], before)
    await server.close(100)
    t.equal(readFileSync(lock, 'utf8'), other, 'the lock of the other stays')
  },
)

t.test('a server waits for the state folder of one that may be alive, and says so', async (t) => {
  const first = await provide(t, { lockTimes: TIMES })
  const stateFolder = join(first.folder, 'state')
  await first.server.close(100)
  writeFileSync(join(stateFolder, 'lock'), JSON.stringify({ ...(await thisProcess('x')), host: 'elsewhere' }))
  const { events, server } = await provide(t, { stateFolder, lockTimes: TIMES })
  t.match(events[0], { event: 'lock.waiting', place: join(stateFolder, 'lock') })
  await server.close(100)
  writeFileSync(join(stateFolder, 'lock'), JSON.stringify({ ...(await thisProcess('x')), host: 'elsewhere' }))
  await t.rejects(provide(t, { stateFolder, lockTimes: TIMES, signal: AbortSignal.timeout(300) }), {
    code: 'INTERRUPTED',
  })
})
