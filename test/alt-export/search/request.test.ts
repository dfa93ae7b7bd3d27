// Holds src/alt-export/search/links.ts.

import t from 'tap'
import { isOfServer } from '../../../src/alt-export/search/links.js'
import {
  byPost,
  idsPerRequest,
  isTooLong,
  MAX_URL_LENGTH,
  searchRequest,
} from '../../../src/alt-export/search/request.js'

const base = new URL('https://fhir.example.org/r4/')
const href = (search: string, ids: readonly string[] = []): string =>
  searchRequest(base, search, ids).url.href

t.test('every $IDS becomes the list of ids, byte for byte', async (t) => {
  const table: readonly (readonly [string, readonly string[], string])[] = [
    ['Patient?_id=$IDS', ['a', 'b-1', 'c.2'], 'Patient?_id=a,b-1,c.2'],
    ['/Patient?_id=$IDS&_count=50', ['a'], 'Patient?_id=a&_count=50'],
    ['Observation?patient=$IDS&performer=$IDS', ['a', 'b'], 'Observation?patient=a,b&performer=a,b'],
    ['Group/g/$everything', [], 'Group/g/$everything'],
    ['Patient/$IDS/$everything?_count=9', ['a'], 'Patient/a/$everything?_count=9'],
    ['Patient/$IDS', ['../Group/x?y'], 'Patient/..%2FGroup%2Fx%3Fy'],
    ['Patient?_id=$IDS', ['a,b', 'x&y=$1', '$&'], 'Patient?_id=a%5C%2Cb,x%26y%3D%5C%241,%5C%24%26'],
    ['Condition?code=http://snomed.info/sct|44054006', [], 'Condition?code=http://snomed.info/sct|44054006'],
    ['Patient?name=Müller', [], 'Patient?name=M%C3%BCller'],
  ]
  for (const [search, ids, expected] of table)
    t.equal(href(search, ids), `https://fhir.example.org/r4/${expected}`, search)
})

t.test('what is too long for an address goes by POST as a form', async (t) => {
  const ids = Array.from({ length: 50 }, (_, at) => `${'x'.repeat(60)}${at}`)
  const long = searchRequest(base, 'Observation?patient=$IDS&_count=50', ids)
  t.ok(isTooLong(long) && long.url.href.length > MAX_URL_LENGTH)
  const posted = byPost(long)
  t.equal(posted?.url.href, 'https://fhir.example.org/r4/Observation/_search')
  t.equal(posted?.form, `patient=${ids.join(',')}&_count=50`)
  t.notOk(posted && isTooLong(posted))
  t.notOk(isTooLong(searchRequest(base, 'Patient?_id=$IDS', ['a'])))
  t.equal(byPost(searchRequest(base, 'Patient/$IDS/$everything?x=1', ['a'])), undefined, 'an operation')
  t.equal(byPost(searchRequest(base, 'Group/1', [])), undefined, 'a read')
  const again = byPost({ url: new URL('Observation/_search?page=2', base) })
  t.strictSame([again?.url.href, again?.form], ['https://fhir.example.org/r4/Observation/_search', 'page=2'])
})

t.test('how many ids a request has', async (t) => {
  t.equal(idsPerRequest('Patient?_id=$IDS', 50), 50)
  t.equal(idsPerRequest('Patient/$IDS/$everything', 50), 1)
  t.equal(idsPerRequest('Organization', 50), Number.POSITIVE_INFINITY)
})

t.test('a link is followed on the same server only', async (t) => {
  const server = { base, isTrusted: (url: URL) => url.origin === 'https://pages.example.org' }
  const table: readonly (readonly [string, boolean])[] = [
    ['https://fhir.example.org/r4/Patient?page=2', true],
    ['https://fhir.example.org/r4?_getpages=1', true],
    ['https://fhir.example.org/r4/', true],
    ['https://pages.example.org/x', true],
    ['https://fhir.example.org/other/Patient', false],
    ['https://fhir.example.org/r4/../other/Patient', false],
    ['https://fhir.example.org/r4x/Patient', false],
    ['https://fhir.example.org:8443/r4/Patient', false],
    ['http://fhir.example.org/r4/Patient', false],
    ['http://pages.example.org/x', false],
    ['https://user:secret@fhir.example.org/r4/Patient', false],
    ['https://fhir.example.org.evil.net/r4/Patient', false],
    ['file:///r4/Patient', false],
  ]
  for (const [url, expected] of table) t.equal(isOfServer(new URL(url), server), expected, url)
})
