import t from 'tap'
import { readLedger, writeLedger } from '../../../src/pipeline/checkpoint/output-ledger.js'
import { folderState } from '../../../src/storage/folder/folder-state.js'

t.test('names of any kind are read back; a torn last name is left out', async (t) => {
  const state = folderState(t.testdir())
  t.strictSame(await readLedger(state), [])
  const names = ['a.ndjson', 'sub/é "quoted".ndjson', 'with\nnewline', '\u2028']
  await writeLedger(state, names)
  t.strictSame(await readLedger(state), names)
  const text = (await state.read('ledger.ndjson')) ?? ''
  await state.write('ledger.ndjson', text.slice(0, -3))
  t.strictSame(await readLedger(state), names.slice(0, -1))
})
