import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderState } from '../../../src/storage/folder/folder-state.js'

/** A state whose lock another process has taken over. */
async function stateOfLoser(folder: string) {
  const state = folderState(folder)
  const unlock = await state.lock()
  const { id } = state.epoch()
  const journal = await state.appender(`items/x.${id}.journal`, 0)
  const history = await state.appender('history.ndjson', 0)
  t.teardown(async () => {
    await journal.close()
    await history.close()
    await unlock()
  })
  await journal.append('first\n')
  await history.append('first\n')
  writeFileSync(join(folder, 'lock'), '{"token":"another"}\n')
  return { journal, history }
}

t.test('nothing more is appended to a shared file once another process holds the lock', async (t) => {
  const { history } = await stateOfLoser(t.testdir())
  await t.rejects(history.append('second\n'), { code: 'SINK_LOCKED' })
})

t.test('a file with the epoch in its name is appended to for a moment at most', async (t) => {
  const { journal } = await stateOfLoser(t.testdir())
  const append = async (): Promise<void> => {
    for (const deadlineMs = performance.now() + 60_000; performance.now() < deadlineMs; )
      await journal.append('more\n')
  }
  await t.rejects(append(), { code: 'SINK_LOCKED' })
})

t.test('a state is removed although another process makes something in it meanwhile', async (t) => {
  const folder = t.testdir()
  const units = folderState(folder).below('units')
  for (let k = 0; k < 300; k++) await units.below(`u${k % 30}`).write(`items/${k}.json`, '{}')
  let isRemoved = false
  // As tasks do that find the state of their unit removed: they claim it, see that the run has ended, and remove it.
  const claims = async (k: number): Promise<void> => {
    for (let nth = 0; !isRemoved && nth < 200; nth++) {
      const unit = units.below(`late${k}`)
      const release = await unit.lock({ isPatient: false }).catch(() => undefined)
      await release?.()
      await unit.clear()
    }
  }
  const clear = async (): Promise<void> => {
    await units.clear()
    isRemoved = true
  }
  await t.resolves(Promise.all([clear(), claims(1), claims(2), claims(3)]))
})
