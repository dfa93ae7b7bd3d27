import t from 'tap'
import type { ShownEvent } from '../../../src/commands/display/run-display.js'
import { quietRetries } from '../../../src/commands/load/quiet-retries.js'

t.test('a server that is away is told of once in five seconds, with the number of requests', async (t) => {
  const shown: ShownEvent[] = []
  let nowMs = 0
  const show = quietRetries(
    (event) => shown.push(event),
    () => nowMs,
  )
  const retried = (item: string): ShownEvent => ({
    event: 'request.retried',
    level: 'info',
    item,
    attempt: 1,
  })
  for (; nowMs < 12_000; nowMs += 100) show(retried(`https://fhir.example/r4/Patient${nowMs}`))
  t.match(shown, [
    { item: 'https://fhir.example', requestCount: 1, attempt: 1 },
    { requestCount: 50 },
    { requestCount: 50 },
  ])
  t.equal(shown.length, 3)
  show(retried('https://other.example/'))
  show({ event: 'item.loaded', level: 'info', item: 'a' })
  t.match(shown.slice(3), [{ item: 'https://other.example' }, { event: 'item.loaded' }])
})
