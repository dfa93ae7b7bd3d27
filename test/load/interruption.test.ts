import t from 'tap'
import { createPace } from '../../src/fhir-client/pace.js'
import { SYSTEM_RETRY_CLOCK } from '../../src/http/retry-clock.js'
import { createInterruption } from '../../src/load/interruption.js'

const opened = (signal?: AbortSignal, graceMs?: number) => {
  const interruption = createInterruption(signal, graceMs)
  const pace = createPace({ max: 4, clock: SYSTEM_RETRY_CLOCK, signal: interruption.signal })
  return { interruption, pace: interruption.counted(pace) }
}

t.test('where nothing is under way, an interruption is at once', async (t) => {
  const caller = new AbortController()
  const { interruption } = opened(caller.signal)
  t.notOk(interruption.signal.aborted)
  caller.abort(new Error('stop'))
  t.ok(interruption.signal.aborted)
  t.ok(interruption.cutSignal.aborted)
  interruption.close()
})

t.test('what is under way may end; nothing more begins', async (t) => {
  const { interruption, pace } = opened()
  const [first, second] = [await pace.turn(), await pace.turn()]
  interruption.abort(new Error('stop'))
  t.notOk(interruption.cutSignal.aborted)
  await t.rejects(pace.turn(), { code: 'INTERRUPTED' })
  first.end({ kind: 'ok' })
  first.end({ kind: 'ok' })
  t.notOk(interruption.cutSignal.aborted, 'the other one is still under way')
  second.end({ kind: 'ok' })
  t.ok(interruption.cutSignal.aborted)
  interruption.close()
})

t.test('what takes too long is ended', async (t) => {
  const { interruption, pace } = opened(undefined, 20)
  await pace.turn()
  const ended = new Promise((resolve) => interruption.cutSignal.addEventListener('abort', resolve))
  interruption.abort(new Error('stop'))
  t.notOk(interruption.cutSignal.aborted)
  await ended
  interruption.close()
})

t.test('a signal that is aborted already stops it before anything begins', async (t) => {
  const { interruption } = opened(AbortSignal.abort())
  t.ok(interruption.cutSignal.aborted)
  interruption.close()
})
