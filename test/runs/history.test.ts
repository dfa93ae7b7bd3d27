import t from 'tap'
import { addRecord, type RunRecord, readRecords } from '../../src/runs/history.js'
import { blobState } from '../../src/storage/azure/state/blob-state.js'
import { startAzurite } from '../support/azurite.js'
import { newContainer } from '../support/blob-containers.js'

t.test('the history of a lake of blobs does not use up the appends of a blob', async (t) => {
  const { container } = await newContainer(await startAzurite(t), { role: 'sink' })
  const state = blobState({ container, place: 'azurite://state', prefix: '', isShared: true })
  // As earlier versions have left it, with a torn line.
  const old: RunRecord = { family: 'f', run: 'r0', at: '2026-11-21T01:00:00Z', event: 'succeeded' }
  const appender = await state.appender('history.ndjson', 0)
  await appender.append(`${JSON.stringify(old)}\n{"family":"torn`)
  await appender.flush()
  const records = ['r1', 'r2'].map((run) => ({ ...old, run }))
  for (const record of records) await addRecord(state, record)
  t.strictSame(await readRecords(state, 'f'), [old, ...records])
  t.equal((await container.head('history.ndjson'))?.committedBlockCount, undefined)
})
