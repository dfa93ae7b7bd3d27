import t from 'tap'
import { Journal, START } from '../../../src/pipeline/checkpoint/journal.js'
import { memorySink } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import type { State } from '../../../src/storage/store.js'

/** The appender fails once, at its second text, as a disk that is full for a moment. */
function failingOnce(state: State): State {
  return {
    ...state,
    async appender(name, keepBytes) {
      const file = await state.appender(name, keepBytes)
      let count = 0
      return {
        ...file,
        async append(text) {
          count += 1
          if (count === 2) throw new Error('full')
          await file.append(text)
        },
      }
    },
  }
}

t.test('behind an entry that could not be written none is', async (t) => {
  const { state } = memorySink(new MemoryContent())
  const journal = await Journal.start(failingOnce(state), 'j', 'print')
  const header = await state.read('j')
  await t.rejects(journal.chunks({ ...START, endOffset: 1 }), { message: 'full' })
  await t.rejects(journal.chunks({ ...START, endOffset: 2 }), { message: 'full' })
  await t.rejects(journal.sync(), { message: 'full' })
  t.equal(await state.read('j'), header)
})
