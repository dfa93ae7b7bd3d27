// Holds src/load/entries/document-units.ts, src/load/entries/text-units.ts, src/load/entries/bundle-units.ts,
// src/load/entries/bundle-facts.ts, src/load/entries/unit-run.ts, src/load/entries/limits.ts,
// src/load/entries/faults.ts, src/load/entries/load-items.ts.

import { gzipSync } from 'node:zlib'
import t from 'tap'
import { loadItems } from '../../../src/load/entries/load-items.js'
import { memorySource } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import { inWords, unitsOf } from './read-units.js'

const patient = (id: string) => ({ resourceType: 'Patient', id })
const bundle = (type: string, ...ids: string[]) => ({
  resourceType: 'Bundle',
  type,
  entry: ids.map((id) => ({ fullUrl: `http://x/Patient/${id}`, resource: patient(id) })),
})
const text = (value: unknown) => JSON.stringify(value)
const pretty = (value: unknown) => JSON.stringify(value, undefined, 2)
const words = async (files: Readonly<Record<string, string | Uint8Array>>, limits = {}) =>
  (await unitsOf(files, limits)).map(inWords)
const lines = (...all: unknown[]) =>
  all.map((each) => (typeof each === 'string' ? each : text(each))).join('\n')

const a = patient('a')
const b = patient('b')

const CASES: readonly (readonly [
  name: string,
  file: string,
  content: string | Uint8Array,
  expected: readonly string[],
])[] = [
  ['lines', 'x.ndjson', lines(a, b, ''), ['entry Patient/a', 'entry Patient/b']],
  [
    'blank lines, CRLF, a mark',
    'x.ndjson',
    `\ufeff\r\n${text(a)}\r\n  \r\n${text(b)}`,
    ['entry Patient/a', 'entry Patient/b'],
  ],
  ['gzip', 'x.ndjson.gz', gzipSync(lines(a, b)), ['entry Patient/a', 'entry Patient/b']],
  ['nothing', 'x.ndjson', '', []],
  ['nothing in a document', 'x.json', ' \n', []],
  ['one resource', 'x.json', pretty(a), ['entry Patient/a']],
  [
    'NDJSON named .json',
    'x.json',
    lines(a, '{"x', b),
    ['entry Patient/a', 'rejected INVALID_JSON', 'entry Patient/b'],
  ],
  [
    'a document named .ndjson',
    'x.ndjson',
    pretty(bundle('batch', 'a', 'b')),
    ['entry Patient/a', 'entry Patient/b'],
  ],
  [
    'resources that follow each other',
    'x.json',
    pretty(a) + pretty(b),
    ['entry Patient/a', 'entry Patient/b'],
  ],
  [
    'a Bundle a line, mixed',
    'x.ndjson',
    lines(bundle('batch', 'a'), b, bundle('transaction', 'a', 'b')),
    ['entry Patient/a', 'entry Patient/b', 'transaction Patient/a Patient/b'],
  ],
  ['a transaction', 'x.json', pretty(bundle('transaction', 'a', 'b')), ['transaction Patient/a Patient/b']],
  [
    'a search',
    'x.json',
    text({
      ...bundle('searchset', 'a'),
      entry: [
        { search: { mode: 'outcome' }, resource: { resourceType: 'OperationOutcome' } },
        { search: { mode: 'include' }, resource: b },
      ],
    }),
    ['entry Patient/b'],
  ],
  ['a document Bundle', 'x.json', text({ id: 'd', ...bundle('document', 'a') }), ['entry Bundle/d']],
  ['a history', 'x.json', text(bundle('history', 'a')), ['rejected BUNDLE_TYPE']],
  [
    'a history in a line',
    'x.ndjson',
    lines(bundle('history', 'a'), b),
    ['rejected BUNDLE_TYPE', 'entry Patient/b'],
  ],
  [
    'a Bundle without type',
    'x.json',
    text({ ...bundle('batch', 'a'), type: undefined }),
    ['rejected BUNDLE_TYPE'],
  ],
  [
    'type after the entries',
    'x.json',
    `{"entry":[{"resource":${text(a)}}],"type":"batch","resourceType":"Bundle"}`,
    ['entry Patient/a'],
  ],
  [
    'a List',
    'x.json',
    text({ resourceType: 'List', id: 'l', entry: [{ item: { reference: 'Patient/a' } }] }),
    ['entry List/l'],
  ],
  [
    'requests',
    'x.json',
    text({
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'DELETE', url: 'Patient/a' } },
        { request: { method: 'DELETE', url: 'Patient?identifier=1' } },
      ],
    }),
    ['entry Patient/a', 'entry Patient/'],
  ],
  [
    'bad lines',
    'x.ndjson',
    lines(
      a,
      'null',
      '[]',
      '{}',
      '{"resourceType":"Patient","id":"a/b"}',
      '{"resourceType":"Patient"} {}',
      '{"resourceType":7}',
      b,
    ),
    [
      'entry Patient/a',
      'rejected NOT_A_RESOURCE',
      'rejected NOT_A_RESOURCE',
      'rejected NO_TYPE',
      'rejected BAD_ID',
      'rejected INVALID_JSON',
      'rejected NO_TYPE',
      'entry Patient/b',
    ],
  ],
  [
    'bad UTF-8',
    'x.ndjson',
    Buffer.from(lines(a, { ...b, name: '\u00fc' }), 'latin1'),
    ['entry Patient/a', 'rejected INVALID_UTF8'],
  ],
  ['no JSON', 'x.json', 'hello', ['rejected NOT_A_RESOURCE']],
  [
    'a truncated Bundle',
    'x.json',
    text(bundle('batch', 'a', 'b')).slice(0, -30),
    ['entry Patient/a', 'rejected INVALID_JSON'],
  ],
  [
    'a Bundle that ends between entries',
    'x.json',
    text(bundle('batch', 'a', 'b')).slice(0, -2),
    ['entry Patient/a', 'entry Patient/b', 'rejected INVALID_JSON'],
  ],
  [
    'a truncated transaction',
    'x.json',
    text(bundle('transaction', 'a', 'b')).slice(0, -30),
    ['rejected TRANSACTION_BROKEN', 'rejected INVALID_JSON'],
  ],
  [
    'a truncated Bundle in a line',
    'x.ndjson',
    lines(text(bundle('batch', 'a', 'b')).slice(0, -30), b),
    ['entry Patient/a', 'rejected INVALID_JSON', 'entry Patient/b'],
  ],
]

for (const [name, file, content, expected] of CASES)
  t.test(name, async (t) => {
    t.strictSame(await words({ [file]: content }), expected)
  })

const around = (middle: string, type = 'batch') =>
  `{"resourceType":"Bundle","type":"${type}","entry":[{"resource":${text(a)}},${middle},{"resource":${text(b)}}]}`

const DAMAGE: Readonly<Record<string, readonly [middle: string, ...codes: string[]]>> = {
  'a value is missing': ['{"resource":{"resourceType":"Patient","id":}}', 'INVALID_JSON'],
  'a word': ['{"resource":{"resourceType":"Patient","active":yes}}', 'INVALID_JSON'],
  'braces are missing': ['{"resource":{"resourceType":"Patient","id":"x"', 'INVALID_JSON'],
  'a quote is missing': ['{"resource":{"resourceType":"Patient","id":"x}}', 'INVALID_JSON'],
  'quotes in a text': ['{"resource":{"resourceType":"Patient","id":"x","name":"a "b" c"}}', 'INVALID_JSON'],
  'a newline in a text': ['{"resource":{"resourceType":"Patient","id":"x","name":"a\nb"}}', 'INVALID_JSON'],
  'no object': ['null,[1],7,"text"', 'NOT_A_RESOURCE', 'NOT_A_RESOURCE', 'NOT_A_RESOURCE', 'NOT_A_RESOURCE'],
  'no resource': ['{"fullUrl":"urn:uuid:1"}', 'NO_RESOURCE'],
  'no type': ['{"resource":{"id":"x"}}', 'NO_TYPE'],
  'two resources': [
    '{"resource":{"resourceType":"Patient"},"resource":{"resourceType":"Patient"}}',
    'DUPLICATE_KEY',
  ],
  'a request without url': [`{"resource":${text(a)},"request":{"method":"PUT"}}`, 'INVALID_REQUEST'],
  'a condition that is no text': [
    `{"resource":${text(a)},"request":{"method":"POST","url":"Patient","ifNoneExist":1}}`,
    'INVALID_REQUEST',
  ],
  'two commas': ['', 'INVALID_JSON'],
  'nested too deep': [
    `{"resource":{"resourceType":"Patient","extension":${'['.repeat(300)}${']'.repeat(300)}}}`,
    'TOO_DEEP',
  ],
}

for (const [name, [middle, ...codes]] of Object.entries(DAMAGE))
  t.test(`damage costs one entry: ${name}`, async (t) => {
    const rejected = codes.map((code) => `rejected ${code}`)
    const expected = ['entry Patient/a', ...rejected, 'entry Patient/b']
    t.strictSame(await words({ 'x.json': around(middle) }), expected)
    t.strictSame(await words({ 'x.ndjson': around(middle).replaceAll('\n', '\t') }), expected, 'in a line')
    const transaction = await words({ 'x.json': around(middle, 'transaction') })
    t.strictSame(transaction, ['rejected TRANSACTION_BROKEN', ...rejected, 'rejected TRANSACTION_BROKEN'])
    const split = await words({ 'x.json': around(middle, 'transaction') }, { splitTransactions: true })
    t.strictSame(split, expected)
  })

t.test('what is too long is rejected where it lies, and the rest is read', async (t) => {
  const long = `${text(a).slice(0, -1)},"text":"${'x'.repeat(20_000_000)}"}`
  const inLines = lines(a, long, b)
  const inBundle = around(`{"resource":${long}}`)
  const inShell = `{"resourceType":"Bundle","type":"batch","signature":{"data":"${'x'.repeat(200_000)}"},"entry":[{"resource":${text(a)}}]}`
  const all = ['entry Patient/a', 'entry Patient/a', 'entry Patient/b']
  const but = ['entry Patient/a', 'rejected LINE_TOO_LONG', 'entry Patient/b']
  for (const [name, content] of [
    ['x.ndjson', inLines],
    ['x.json', inLines],
    ['x.json', inBundle],
  ] as const) {
    t.strictSame(await words({ [name]: content }), all, `${name}, by default`)
    t.strictSame(await words({ [name]: content }, { maxEntryBytes: 10_000_000 }), but, `${name}, limited`)
  }
  const small = { maxEntryBytes: 1000, pieceBytes: 100 }
  t.strictSame(
    await words({ 'x.json': inShell }, small),
    ['entry Patient/a'],
    'a long property of the Bundle',
  )
  t.strictSame(await words({ 'x.json': long }, small), ['rejected LINE_TOO_LONG'], 'a document')
})

t.test('a rejected unit says where, and nothing of what is there', async (t) => {
  const [, unit] = await unitsOf({ 'x.ndjson': lines(a, '{"resourceType":"Secret', b) })
  t.match(unit, { kind: 'rejected', ordinal: 1, offset: text(a).length + 1, lengthBytes: 23 })
  t.notMatch(JSON.stringify(unit), /Secret/)
  const [odd] = await unitsOf({ 'x.ndjson': '{"resourceType":"Bundle","type":"Secret","entry":[]}' })
  t.match(odd, { kind: 'rejected', code: 'BUNDLE_TYPE' })
  t.notMatch(JSON.stringify(odd), /Secret/)
})

t.test('what is settled is not handed out, and keeps its number', async (t) => {
  const content = lines(a, '{', bundle('batch', 'c', 'd'), bundle('transaction', 'e', 'f'), b)
  const skipped = async (...ordinals: number[]) => {
    const units = await unitsOf({ 'x.ndjson': content }, {}, (ordinal) => ordinals.includes(ordinal))
    return units.map(inWords)
  }
  t.strictSame(await skipped(0, 1, 3, 6), ['entry Patient/c', 'transaction Patient/e Patient/f'])
  t.strictSame(await skipped(0, 1, 2, 3, 4, 5), ['entry Patient/b'])
})

t.test('UTF-16 is an error of the item, and a signal ends the reading', async (t) => {
  await t.rejects(words({ 'x.ndjson': Buffer.from(`\ufeff${text(a)}`, 'utf16le') }), {
    code: 'SOURCE_NOT_UTF8',
  })
  const content = new MemoryContent()
  content.write('x.json', pretty(bundle('batch', 'a', 'b')))
  for await (const item of loadItems(memorySource(content)))
    await t.rejects(
      item
        .units({ skip: () => false, signal: AbortSignal.abort() })
        [Symbol.asyncIterator]()
        .next(),
      {
        code: 'INTERRUPTED',
      },
    )
})

t.test('transactions are handed out up to what the server takes', async (t) => {
  const three = pretty(bundle('transaction', 'a', 'b', 'c'))
  const one = 'transaction Patient/a Patient/b Patient/c'
  const apart = ['a', 'b', 'c'].map((id) => `entry Patient/${id}`)
  const rejected = ['a', 'b', 'c'].map(() => 'rejected TRANSACTION_TOO_LARGE')
  t.strictSame(await words({ 'x.json': three }, { maxTransactionEntries: 3 }), [one])
  t.strictSame(await words({ 'x.json': three }, { maxTransactionEntries: 2 }), rejected)
  t.strictSame(await words({ 'x.json': three }, { maxTransactionBytes: three.length - 1 }), rejected)
  t.strictSame(await words({ 'x.json': three }, { maxTransactionBytes: three.length }), [one])
  t.strictSame(await words({ 'x.json': three }, { maxTransactionEntries: 2, splitTransactions: true }), apart)
  t.strictSame(
    await words({ 'x.json': three }, { splitTransactions: true }),
    [one],
    'a small one is not split',
  )
})
