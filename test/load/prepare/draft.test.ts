// Holds src/load/prepare/draft.ts, src/load/prepare/request-address.ts, src/load/prepare/faults.ts.
import t from 'tap'
import { type DraftOptions, draftOf, preparedOf } from '../../../src/load/prepare/draft.js'
import { conditionalReference, parseAddress } from '../../../src/load/prepare/request-address.js'
import { type EntryFacts, entryOf } from './entries.js'

const UUID = '0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0'
const PUT: DraftOptions = { method: 'put', keepVersions: false }
const POST: DraftOptions = { method: 'post', keepVersions: false }
const patient = { resourceType: 'Patient', id: 'a' }
const anonymous = { resourceType: 'Patient' }

/** The request line, its conditions, and whether it may be repeated; or the code of the fault. */
function outcome(facts: EntryFacts, options: DraftOptions): string {
  const draft = draftOf(entryOf(facts), options)
  if (draft.kind === 'fault') return draft.code
  const { method, url, ifNoneExist, ifMatch, ifNoneMatch, isRepeatable } = preparedOf(draft, options)
  const conditions = [ifNoneExist, ifMatch, ifNoneMatch].filter((each) => each !== undefined)
  return [method, url, ...conditions, isRepeatable ? 'again' : 'once'].join(' ')
}

const request = (method: string, url: string, conditions = {}) => ({
  request: { method, url, ...conditions },
})
const ifNoneExist = 'identifier=a|b'

t.test('what is asked for an entry', async (t) => {
  const cases: readonly (readonly [EntryFacts, put: string, post?: string])[] = [
    [{ resource: patient }, 'PUT Patient/a again', 'POST Patient once'],
    [{ resource: patient, ...request('POST', 'Patient') }, 'PUT Patient/a again', 'POST Patient once'],
    [{ resource: patient, ...request('POST', '/Patient') }, 'PUT Patient/a again', 'POST Patient once'],
    [{ resource: anonymous }, 'NO_ID', 'POST Patient once'],
    [{ resource: anonymous, fullUrl: 'urn:uuid:p1' }, 'NO_ID', 'POST Patient once'],
    [{ resource: anonymous, fullUrl: `urn:uuid:${UUID}` }, `PUT Patient/${UUID} again`, 'POST Patient once'],
    [{ resource: patient, fullUrl: `urn:uuid:${UUID}` }, 'PUT Patient/a again', 'POST Patient once'],
    [
      { resource: anonymous, ...request('POST', 'Patient', { ifNoneExist }) },
      `POST Patient ${ifNoneExist} again`,
    ],
    [
      { resource: patient, ...request('POST', 'Patient', { ifNoneExist }) },
      `POST Patient ${ifNoneExist} again`,
    ],
    [
      { resource: patient, ...request('POST', 'Patient', { ifNoneExist: '' }) },
      'PUT Patient/a again',
      'POST Patient once',
    ],
    [{ resource: patient, ...request('PUT', 'Patient/a') }, 'PUT Patient/a again'],
    [{ resource: anonymous, ...request('PUT', 'Patient/b') }, 'PUT Patient/b again'],
    [{ resource: patient, ...request('PUT', 'Patient/a', { ifMatch: 'W/"1"' }) }, 'PUT Patient/a W/"1" once'],
    [{ resource: patient, ...request('PUT', 'Patient/a', { ifNoneMatch: '*' }) }, 'PUT Patient/a * once'],
    [{ resource: anonymous, ...request('PUT', 'Patient?identifier=x') }, 'PUT Patient?identifier=x again'],
    [request('DELETE', 'Patient/a'), 'DELETE Patient/a again'],
    [request('DELETE', 'Patient?identifier=x'), 'DELETE Patient?identifier=x again'],
    [request('DELETE', 'Patient/a', { ifMatch: 'W/"1"' }), 'DELETE Patient/a W/"1" once'],
    [{ resource: { resourceType: 'Parameters' }, ...request('PATCH', 'Patient/a') }, 'PATCH Patient/a once'],
  ]
  for (const [facts, put, post = put] of cases)
    t.strictSame([outcome(facts, PUT), outcome(facts, POST)], [put, post], JSON.stringify(facts))
})

t.test('what cannot be sent is rejected with its reason', async (t) => {
  const cases: readonly (readonly [EntryFacts, string])[] = [
    [{ resource: { resourceType: 'Patient', id: 'a b' } }, 'BAD_ID'],
    [{ resource: { resourceType: 'Patient', id: '..' } }, 'BAD_ID'],
    [{ resource: { resourceType: 'Patient', id: 'x'.repeat(65) } }, 'BAD_ID'],
    [{ resource: { resourceType: 'Patient/1', id: 'a' } }, 'BAD_TYPE'],
    [{ resource: patient, ...request('PUT', 'Patient/b') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('PUT', 'Observation/a') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('PUT', 'Patient') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('PUT', 'Observation?a=b') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('PUT', 'Patient?') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('PUT', 'http://other/Patient/a') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('PUT', 'Patient/a/_history/1') }, 'URL_MISMATCH'],
    [{ resource: anonymous, ...request('PUT', 'Patient/..') }, 'BAD_ID'],
    [{ resource: { ...patient, id: 'a b' }, ...request('PUT', 'Patient?identifier=x') }, 'BAD_ID'],
    [{ resource: patient, ...request('POST', 'Observation') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('POST', 'Patient/a') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('POST', 'Patient/$validate') }, 'URL_MISMATCH'],
    [{ resource: patient, ...request('POST', '') }, 'URL_MISMATCH'],
    [request('POST', 'Patient'), 'NO_RESOURCE'],
    [request('PUT', 'Patient/a'), 'NO_RESOURCE'],
    [request('PATCH', 'Patient/a'), 'NO_RESOURCE'],
    [request('DELETE', 'Patient'), 'URL_MISMATCH'],
    [request('DELETE', 'Patient/..'), 'BAD_ID'],
    [request('GET', 'Patient/a'), 'REQUEST_UNSUPPORTED'],
    [request('HEAD', 'Patient/a'), 'REQUEST_UNSUPPORTED'],
    [{ resource: patient, ...request('put', 'Patient/a') }, 'REQUEST_UNSUPPORTED'],
  ]
  for (const [facts, code] of cases)
    for (const options of [PUT, POST])
      if (options === PUT || facts.request !== undefined)
        t.equal(outcome(facts, options), code, JSON.stringify(facts))
})

t.test('the id of a fullUrl or an address is put into the resource', async (t) => {
  for (const facts of [
    { resource: anonymous, fullUrl: `urn:uuid:${UUID}` },
    { resource: anonymous, ...request('PUT', `Patient/${UUID}`) },
  ]) {
    const draft = draftOf(entryOf(facts), PUT)
    t.equal(draft.kind === 'draft' && draft.body.toString(), `{"id":"${UUID}","resourceType":"Patient"}`)
  }
})

t.test('versions are dropped unless they are kept; a patch stays as it is', async (t) => {
  const resource = { ...patient, meta: { versionId: '1', source: 's' } }
  const sent = (facts: EntryFacts, keepVersions: boolean): unknown => {
    const options = { ...PUT, keepVersions }
    const draft = draftOf(entryOf(facts), options)
    return draft.kind === 'draft' && JSON.parse(preparedOf(draft, options).body.toString())
  }
  t.strictSame(sent({ resource }, false), { ...patient, meta: { source: 's' } })
  t.strictSame(sent({ resource }, true), resource)
  t.strictSame(sent({ resource, ...request('PATCH', 'Patient/a') }, false), resource)
})

t.test('an address is relative and names a type, a resource or a search', async (t) => {
  t.strictSame(parseAddress('Patient?a=b?c/d#e'), { kind: 'search', type: 'Patient', query: 'a=b?c/d#e' })
  for (const url of [
    '',
    '/',
    'patient',
    'Patient/',
    'Patient?',
    'Patient/1?a',
    'Patient/1#a',
    '//h/Patient',
    '$a',
  ])
    t.equal(parseAddress(url), undefined, url)
})

t.test('a conditional reference is a type with a search', async (t) => {
  t.strictSame(conditionalReference('Practitioner?identifier=a|b'), {
    type: 'Practitioner',
    query: 'identifier=a|b',
  })
  for (const text of [
    'Practitioner/1',
    'Practitioner?',
    'http://x/Practitioner?a=b',
    '#a?b',
    'urn:x?y',
    'a b?c',
  ])
    t.equal(conditionalReference(text), undefined, text)
})
