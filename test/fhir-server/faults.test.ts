import t from 'tap'
import { bundle, put, send, statusesOf } from './client.js'
import type { Fault } from './faults.js'
import { startFhirServer } from './server.js'

const server = await startFhirServer()
t.teardown(() => server.close())
t.beforeEach(() => server.reset())
const batch = bundle(
  'batch',
  ['a', 'b', 'c', 'd'].map((id) => put({ resourceType: 'Patient', id })),
)
const sent = () => send(server.base, 'POST', batch)
const under = (act: Fault['act'], when?: Fault['when']) => {
  server.script({ act, ...(when !== undefined && { when }) })
  return sent()
}

t.test('an answer instead of the own one, once, and the next is good', async (t) => {
  const got = await under({
    kind: 'outcome',
    status: 503,
    diagnostics: 'busy',
    headers: { 'retry-after': '1' },
  })
  t.match([got.status, got.headers.get('retry-after'), server.resources().size], [503, '1', 0])
  t.equal((await sent()).status, 200)
  t.match(server.requests, [
    { status: 503, faults: ['outcome'] },
    { status: 200, entries: ['PUT Patient/a', 'PUT Patient/b', 'PUT Patient/c', 'PUT Patient/d'] },
  ])
})

t.test('every, nth and first count requests', async (t) => {
  const act = { kind: 'answer', status: 500 } as const
  const rounds = async (when: Fault['when']) => {
    server.reset()
    server.script({ act, ...(when !== undefined && { when }) })
    const statuses: number[] = []
    for (let round = 0; round < 4; round++) statuses.push((await sent()).status)
    return statuses
  }
  t.same(await rounds({ every: 2 }), [200, 500, 200, 500])
  t.same(await rounds({ nth: 3 }), [200, 200, 500, 200])
  t.same(await rounds({ first: 2 }), [500, 500, 200, 200])
  t.same(await rounds('always'), [500, 500, 500, 500])
})

t.test('a reset before, after, and in the middle of bodies', async (t) => {
  const acted: Record<string, number> = {}
  for (const at of ['request-body', 'before', 'after', 'answer-body'] as const) {
    server.reset()
    await t.rejects(under({ kind: 'reset', at }))
    acted[at] = server.resources().size
  }
  t.same(acted, { 'request-body': 0, before: 0, after: 4, 'answer-body': 4 })
})

t.test('an entry and all behind it', async (t) => {
  t.same(statusesOf(await under({ kind: 'entry', match: 'Patient/c', tail: true, status: '429' })), [
    '201',
    '201',
    '429',
    '429',
  ])
  t.same([...server.resources().keys()], ['Patient/a', 'Patient/b'])
  t.same(statusesOf(await under({ kind: 'entry', at: 1, status: '503 Busy' })), [
    '200',
    '503 Busy',
    '201',
    '201',
  ])
})

t.test('an answer that is not as it should be', async (t) => {
  t.same(statusesOf(await under({ kind: 'entries', change: 'one-less' })), ['201', '201', '201'])
  t.match((await under({ kind: 'entries', change: 'no-response' })).json, {
    entry: [{ response: undefined }],
  })
  await t.rejects(under({ kind: 'cut-json' }), SyntaxError)
  const html = await under({
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<p>',
  })
  t.equal(html.text, '<p>')
})

t.test('too fast is 429, for requests or for entries', async (t) => {
  const limited = await startFhirServer({ rate: { perSecond: 0.001, burst: 2, retryAfterMs: 1_500 } })
  const entries = await startFhirServer({ rate: { perSecond: 0.001, burst: 3, unit: 'entries' } })
  t.teardown(() => Promise.all([limited.close(), entries.close()]))
  const gots = [await send(limited.base, 'POST', batch), await send(limited.base, 'POST', batch)]
  const refused = await send(limited.base, 'POST', batch)
  t.same([...gots.map(({ status }) => status), refused.status], [200, 200, 429])
  t.equal(refused.headers.get('x-ms-retry-after-ms'), '1500')
  t.same(statusesOf(await send(entries.base, 'POST', batch)), ['201', '201', '201', '429'])
})

t.test('hang and slow', async (t) => {
  server.script({ on: { path: '^Patient' }, act: { kind: 'hang' } })
  const abort = new AbortController()
  const hanging = fetch(`${server.base}/Patient`, { signal: abort.signal })
  const slow = await under({ kind: 'slow', bytes: 50, everyMs: 1 }, 'always')
  t.equal(statusesOf(slow).length, 4)
  while (server.requests.length < 2) await new Promise((resolve) => setImmediate(resolve))
  abort.abort()
  await t.rejects(hanging)
  t.equal(server.figures().maxConcurrent, 2)
})

t.test('answers before the body was read reach a client that sends on', async (t) => {
  const small = await startFhirServer({ maxBytes: 1_000 })
  t.teardown(() => small.close())
  const large = JSON.stringify({ resourceType: 'Bundle', id: 'x'.repeat(5_000_000) })
  t.equal((await send(small.base, 'POST', large)).status, 413)
  t.equal((await under({ kind: 'early-answer', status: 503 })).status, 503)
  t.equal(server.resources().size, 0)
})
