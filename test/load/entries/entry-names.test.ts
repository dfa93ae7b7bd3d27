// Holds src/load/entries/text-hash.ts.
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { EntryNames } from '../../../src/load/entries/entry-names.js'
import { TextHash } from '../../../src/load/entries/text-hash.js'

t.test('finds each of many names, and no others', async (t) => {
  const names = new EntryNames()
  const expected = new Map<string, string>()
  for (let n = 0; n < 20_000; n += 1) {
    const uuid = randomUUID()
    const url = n % 3 === 0 ? `http://x.example/fhir/Patient/${n}` : `urn:uuid:${uuid}`
    const id = n % 3 === 1 ? uuid : `${n}`
    const type = n % 2 === 0 ? 'Patient' : 'Observation'
    names.add(url, n % 10 === 0 ? { type, query: `identifier=é|${n}` } : { type, id })
    expected.set(url, n % 10 === 0 ? `${type}?identifier=é|${n}` : `${type}/${id}`)
  }
  t.equal(names.size, 20_000)
  const wrong = [...expected].filter(([url, name]) => names.replacement(url) !== name)
  t.strictSame(wrong, [])
  t.equal(names.replacement(`urn:uuid:${randomUUID()}`), undefined)
  t.equal(names.replacement('http://x.example/fhir/Patient/1'), undefined)
})

t.test('keeps what follows the address of a resource', async (t) => {
  const names = new EntryNames()
  names.add('http://x/Patient/1', { type: 'Patient', id: '1' })
  names.add('urn:uuid:0000000A-0000-0000-0000-000000000000', { type: 'Patient', id: 'a' })
  t.equal(names.replacement('http://x/Patient/1#part'), 'Patient/1#part')
  t.equal(names.replacement('http://x/Patient/1/_history/2'), 'Patient/1/_history/2')
  t.equal(
    names.replacement('urn:uuid:0000000a-0000-0000-0000-000000000000'),
    'Patient/a',
    'capitals of a UUID',
  )
  for (const other of ['#part', 'Patient/1', 'http://x/patient/1', 'http://x/Patient/1/', ''])
    t.equal(names.replacement(other), undefined, other)
})

t.test('one address of two entries means neither', async (t) => {
  const names = new EntryNames()
  for (const id of ['a', 'b', 'a']) names.add('urn:x:1', { type: 'Patient', id })
  for (const _ of [1, 2]) names.add('urn:x:2', { type: 'Patient', id: 'c' })
  t.equal(names.replacement('urn:x:1'), undefined)
  t.equal(names.replacement('urn:x:2'), 'Patient/c')
})

t.test('an entry takes less than 32 bytes, so two million less than 64 MiB', async (t) => {
  const names = new EntryNames()
  for (let n = 0; n < 500_000; n += 1) {
    const uuid = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
    names.add(`urn:uuid:${uuid}`, { type: 'Observation', id: uuid })
  }
  t.equal(names.size, 500_000)
  t.equal(
    names.replacement('urn:uuid:00000000-0000-4000-8000-000000234567'),
    'Observation/00000000-0000-4000-8000-000000234567',
  )
  t.ok(names.bytes < 32 * names.size, `${names.bytes} bytes`)
})

t.test('a hash depends on the key, the text and its length', async (t) => {
  const of = (text: string, key: string): string => {
    const hash = new TextHash(Buffer.from(key))
    hash.take(text)
    return `${hash.low}-${hash.high}`
  }
  const texts = ['', 'a', 'aa', 'a\u0000', 'ab', 'ba', 'abc', 'abc\u0000']
  const all = texts.flatMap((text) => ['01234567', '01234568'].map((key) => of(text, key)))
  t.equal(new Set(all).size, all.length)
  t.equal(of('abc', '01234567'), of('abc', '01234567'))
})
