import t from 'tap'
import { retryAfterMs } from '../../src/http/retry-after.js'

t.test('Retry-After is read as seconds, as a date and in milliseconds', async (t) => {
  const nowMs = Date.parse('2026-11-21T12:00:00Z')
  const read = (headers: Record<string, string>) => retryAfterMs((name) => headers[name], nowMs)
  t.equal(read({ 'retry-after': '120' }), 120_000)
  t.equal(read({ 'retry-after': '0' }), 0)
  t.equal(read({ 'retry-after': 'Sat, 21 Nov 2026 12:00:30 GMT' }), 30_000)
  t.equal(read({ 'retry-after': 'Sat, 21 Nov 2026 11:00:00 GMT' }), 0)
  t.equal(read({ 'retry-after': '120', 'x-ms-retry-after-ms': '250' }), 250)
  for (const text of ['', 'soon', '-1', '1e9', '99999999999'])
    t.equal(read({ 'retry-after': text }), undefined, text)
  t.equal(read({}), undefined)
})

t.test('a wait is counted by the clock of the service, where it shows it', async (t) => {
  const nowMs = Date.parse('2026-11-21T12:00:00Z')
  const read = (headers: Record<string, string>) => retryAfterMs((name) => headers[name], nowMs)
  const date = 'Sat, 21 Nov 2026 13:00:00 GMT'
  t.equal(read({ date, 'retry-after': 'Sat, 21 Nov 2026 13:00:05 GMT' }), 5000)
  t.equal(read({ date, 'retry-after': '5' }), 5000)
  t.equal(read({ date: 'soon', 'retry-after': 'Sat, 21 Nov 2026 12:00:05 GMT' }), 5000)
})

t.test('a time since 1970, in seconds or milliseconds, is taken for a time', async (t) => {
  const nowMs = Date.parse('2026-11-21T12:00:00Z')
  const read = (text: string) => retryAfterMs((name) => (name === 'retry-after' ? text : undefined), nowMs)
  t.equal(read(String(nowMs / 1000 + 60)), 60_000)
  t.equal(read(String(nowMs + 60_000)), 60_000)
  t.equal(read(String(nowMs / 1000 - 60)), 0)
  for (const text of ['10s', '10 sec', '10 seconds', '10, 20', '10; x']) t.equal(read(text), 10_000, text)
})
