// Holds src/fhir/references.ts, src/fhir/resource-url.ts.
import t from 'tap'
import { referenceId } from '../../src/fhir/references.js'
import { percentDecoded, resourceInUrl } from '../../src/fhir/resource-url.js'

const TYPES = new Set(['Patient', 'Group', 'RequestGroup'])
const UUID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301'

t.test('the id of a reference is found in the forms of the law, and in no other', async (t) => {
  for (const [text, id, relative] of [
    ['Patient/1', '1', 'Patient/1'],
    ['Patient/a.b-C/_history/2', 'a.b-C', 'Patient/a.b-C/_history/2'],
    ['http://x/fhir/Patient/1', '1', 'Patient/1'],
    ['http://x/fhir/MyPatient/1', '1', 'Patient/1'],
    ['http://x/RequestGroup/1', '1', 'RequestGroup/1'],
    ['#p1', 'p1', '#p1'],
    [`urn:uuid:${UUID}`, UUID, `urn:uuid:${UUID}`],
    ['urn:oid:1.2.3', '1.2.3', 'urn:oid:1.2.3'],
    ['urn:oid:3.2', undefined],
    ['urn:uuid:3f2504e0', undefined],
    ['Practitioner/1', undefined],
    ['/Patient/1', undefined],
    ['Patient/1/', undefined],
    ['Patient/1_2', undefined],
    ['Patient/', undefined],
    ['Patient', undefined],
    ['ftp://x/Patient/1', undefined],
    [`Patient/${'1'.repeat(65)}`, undefined],
    ['Patient/1/_history/', undefined],
  ] as const) {
    const range = referenceId(text, TYPES)
    t.equal(range && text.slice(range.start, range.end), id, text)
    t.equal(range && text.slice(range.relativeStart), relative, text)
  }
})

t.test('a URL names the resource of its last segments', async (t) => {
  for (const [text, named] of [
    ['Patient/1', { base: '', type: 'Patient', id: '1', history: '' }],
    ['https://x/fhir/Patient/1?y=z#f', { base: 'https://x/fhir/', type: 'Patient', id: '1', history: '' }],
    [
      'https://x/Patient/1/_history/2',
      { base: 'https://x/', type: 'Patient', id: '1', history: '/_history/2' },
    ],
    ['/Patient/1/', { base: '/', type: 'Patient', id: '1', history: '' }],
    ['x/Patient/1|2', { base: 'x/', type: 'Patient', id: '1', history: '' }],
    ['Patient/a%20b', { base: '', type: 'Patient', id: 'a b', history: '' }],
    ['x/Patient/|2', undefined],
    ['Patient/$everything', undefined],
    ['Patient/_search', undefined],
    ['Patient', undefined],
    ['Practitioner/1', undefined],
    ['urn:uuid:1', undefined],
    ['#Patient/1', undefined],
    ['mailto:Patient/1', undefined],
  ] as const)
    t.same(resourceInUrl(text, TYPES), named, text)
  t.equal(percentDecoded('50%'), '50%')
  t.equal(percentDecoded('%C3%A9'), 'é')
})

t.test('hostile texts take time in proportion to their length', async (t) => {
  for (const text of [
    '/'.repeat(1e6),
    'a/'.repeat(5e5),
    `http://${'Patient'.repeat(1e5)}`,
    '%'.repeat(1e6),
  ]) {
    t.equal(referenceId(text, TYPES), undefined)
    t.equal(resourceInUrl(text, TYPES), undefined)
  }
})
