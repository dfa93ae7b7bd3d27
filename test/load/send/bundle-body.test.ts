import t from 'tap'
import { bundleBody, entryBytes } from '../../../src/load/send/bundle-body.js'
import { bundleOf, createOf, entryOf } from './loading.js'

t.test('a bundle is valid JSON that holds each resource as it was spelled', async (t) => {
  const spelled =
    '{ "resourceType":"Patient", "id":"a","multipleBirthInteger":1.50, "name":[{"text":"Zoë 😀"}]}'
  const entries = [
    entryOf('a', { body: Buffer.from(spelled), fullUrl: 'http://example.com/é"/Patient/a' }),
    entryOf('b', { method: 'DELETE', body: Buffer.alloc(0) }),
    entryOf('c', { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=http://x|"1"&name=ö' }),
    entryOf('d', { ifMatch: 'W/"1"' }),
    entryOf('e', { ifNoneMatch: '*' }),
    entryOf('f', { url: '\u0001"\\\u007f\u2028é\ud83d\ude00', ifMatch: '\u0000'.repeat(500) }),
  ]
  const json = bundleBody(bundleOf(entries)).toString('utf8')
  t.ok(json.includes(spelled))
  const { resourceType, type, entry } = JSON.parse(json)
  t.strictSame([resourceType, type], ['Bundle', 'batch'])
  t.strictSame(
    entry.map(({ request }: { request: unknown }) => request),
    [
      { method: 'PUT', url: 'Patient/a' },
      { method: 'DELETE', url: 'Patient/b' },
      { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=http://x|"1"&name=ö' },
      { method: 'PUT', url: 'Patient/d', ifMatch: 'W/"1"' },
      { method: 'PUT', url: 'Patient/e', ifNoneMatch: '*' },
      { method: 'PUT', url: '\u0001"\\\u007f\u2028é\ud83d\ude00', ifMatch: '\u0000'.repeat(500) },
    ],
  )
  t.equal(entry[0].fullUrl, 'http://example.com/é"/Patient/a')
  t.notOk('resource' in entry[1])
  t.notOk('fullUrl' in entry[1])
})

t.test('a transaction says that it is one, and a bundle may be empty', async (t) => {
  t.equal(JSON.parse(bundleBody(bundleOf([createOf('a')], 'transaction')).toString()).type, 'transaction')
  t.strictSame(JSON.parse(bundleBody(bundleOf([])).toString()).entry, [])
})

t.test('the estimate of its bytes is not too low, and not much too high', async (t) => {
  const entries = Array.from({ length: 50 }, (_, n) =>
    entryOf(`${n}`, {
      fullUrl: 'x'.repeat(n),
      ...(n % 2 === 0 ? { ifNoneExist: 'identifier=ö' } : { ifMatch: 'W/"1"' }),
    }),
  )
  const estimate = entries.reduce((sum, { prepared }) => sum + entryBytes(prepared), 64)
  const bytes = bundleBody(bundleOf(entries)).length
  t.ok(bytes <= estimate && estimate < bytes + 50 * 330, `${bytes} ≤ ${estimate}`)
})
