import t from 'tap'
import { lockState, withHeldLock } from '../../src/storage/held-lock.js'
import { memorySink } from '../../src/storage/memory/memory.js'
import { MemoryContent } from '../../src/storage/memory/memory-content.js'

t.test('under a held lock, taking it again does nothing; everything else stays', async (t) => {
  const sink = memorySink(new MemoryContent())
  const release = await lockState(sink.state, {})
  const held = withHeldLock(sink)
  const again = await held.state.lock()
  await again()
  await held.state.write('a', 'text')
  t.equal(await sink.state.read('a'), 'text', 'the state is the same')
  await release()
})

t.test('a wait is reported as an event with its place and its bound', async (t) => {
  const events: object[] = []
  const { state } = memorySink(new MemoryContent())
  const waiting = {
    ...state,
    lock: async (options?: Parameters<typeof state.lock>[0]) => {
      options?.onWait?.({ place: 'out.sluice/lock', maxSeconds: 60 })
      return async () => {}
    },
  }
  await lockState(waiting, { onEvent: (event) => events.push(event) })
  t.same(events, [{ event: 'lock.waiting', level: 'info', place: 'out.sluice/lock', maxSeconds: 60 }])
})
