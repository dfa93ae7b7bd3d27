import t from 'tap'
import { PageFault, parsePage } from '../../../src/alt-export/search/page.js'

const page = (bundle: object) => parsePage(Buffer.from(JSON.stringify({ resourceType: 'Bundle', ...bundle })))

t.test('resources come as they were sent, with what the search says of them', async (t) => {
  const text =
    '{"resourceType":"Bundle","entry":[{"fullUrl":"x","resource":{ "id" :"a","resourceType":"Patient",'
  const { resources, issues } = parsePage(
    Buffer.from(
      `\ufeff${text}"n":1.50}},{"search":{"mode":"include"},"resource":{"resourceType":"Practitioner","id":"b"}},` +
        '{"search":{"mode":"outcome"},"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"not-supported"}]}}' +
        '],"type":"searchset"}',
    ),
  )
  t.strictSame(
    resources.map(({ bytes, type, id, isIncluded }) => [bytes.toString(), type, id, isIncluded]),
    [
      ['{ "id" :"a","resourceType":"Patient","n":1.50}', 'Patient', 'a', false],
      ['{"resourceType":"Practitioner","id":"b"}', 'Practitioner', 'b', true],
    ],
  )
  t.strictSame(issues, { 'warning/not-supported': 1 })
})

t.test('the next page is found wherever it stands', async (t) => {
  const self = { relation: 'self', url: 'a' }
  const next = { relation: 'next', url: 'b' }
  for (const link of [[self, next], [next, self], [{ relation: 'x' }, self, next], next, [null, 7, next]])
    t.equal(page({ link }).next, 'b', JSON.stringify(link))
  for (const link of [[self], [], self, null, 'next']) t.equal(page({ link }).next, undefined)
  t.equal(page({}).next, undefined)
  t.equal(page({ link: [next], entry: [] }).next, 'b', 'on a page without entries')
})

t.test('a total is a whole number; a read is one resource', async (t) => {
  t.equal(page({ total: 7 }).total, 7)
  for (const total of [-1, 1.5, '7', null]) t.equal(page({ total }).total, undefined)
  const read = parsePage(Buffer.from('{"resourceType":"Group","id":"g"}'))
  t.match(read, { kind: 'resource', resources: [{ type: 'Group', id: 'g' }], next: undefined })
})

t.test('what is not a searchset is a fault that quotes nothing', async (t) => {
  const texts = [
    '',
    '{',
    '[]',
    '"Bundle"',
    '{}',
    '{"resourceType":"Bundle"} {}',
    '{"resourceType":"Bundle","entry":{}}',
    '{"resourceType":"Bundle","entry":[7]}',
    '{"resourceType":"Bundle","entry":[{"fullUrl":"CANARY"}]}',
    '{"resourceType":"Bundle","entry":[{"resource":{"id":"CANARY"}}]}',
    '{"resourceType":"Bundle","link":[{"relation":"next"}]}',
    '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"CANARY"}}',
    '<Bundle/>',
  ]
  for (const text of texts)
    try {
      parsePage(Buffer.from(text))
      t.fail(text)
    } catch (error) {
      t.ok(error instanceof PageFault, text)
      t.notMatch((error as Error).message, 'CANARY')
    }
  t.strictSame(page({ entry: [{ search: { mode: 'outcome' } }] }).resources, [], 'an outcome may be empty')
})
