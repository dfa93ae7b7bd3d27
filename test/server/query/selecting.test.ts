// Holds src/server/http/rate-limit.ts, src/server/query/elements-filter.ts,
// src/server/query/mandatory-elements.ts, src/server/query/search.ts, src/server/query/search-date.ts,
// src/server/query/search-parameters.ts.

import t from 'tap'
import { RateLimit } from '../../../src/server/http/rate-limit.js'
import { elementsByType, unknownElements, withElements } from '../../../src/server/query/elements-filter.js'
import { parseFilter, passes, SearchRefusal, splitFilters } from '../../../src/server/query/search.js'
import { parseSearchDate, spanOf } from '../../../src/server/query/search-date.js'

const OBSERVATION = {
  resourceType: 'Observation',
  id: 'o1',
  meta: { lastUpdated: '2024-05-06T07:08:09Z', tag: [{ system: 's', code: 't' }] },
  status: 'final',
  category: [{ coding: [{ system: 'c', code: 'lab' }] }, { coding: [{ system: 'c', code: 'vital' }] }],
  code: { coding: [{ system: 'http://loinc.org', code: '1-1' }, { code: 'own' }] },
  subject: { reference: 'https://example.org/fhir/Patient/p1' },
  encounter: { reference: 'urn:uuid:e1' },
  effectivePeriod: { start: '2023-01-01', end: '2023-03' },
}

const FILTERS: readonly (readonly [string, boolean])[] = [
  ['_id=o1', true],
  ['_id=o1,o2', true],
  ['_id=o2', false],
  ['status=final', true],
  ['status=preliminary,final', true],
  ['status=preliminary', false],
  ['code=1-1', true],
  ['code=http://loinc.org|1-1', true],
  ['code=http://loinc.org|', true],
  ['code=other|1-1', false],
  ['code=|own', true],
  ['code=|1-1', false],
  ['category=c|vital', true],
  ['category=lab&status=final', true],
  ['category=lab&status=amended', false],
  ['_tag=s|t', true],
  ['patient=p1', true],
  ['patient=Patient/p1', true],
  ['subject=Patient/p2', false],
  ['subject=Group/p1', false],
  ['encounter=e1', true],
  ['_lastUpdated=2024-05-06', true],
  ['_lastUpdated=gt2024-05-06', false],
  ['_lastUpdated=ge2024-05-06T07:08:09Z', true],
  ['_lastUpdated=lt2024-05-06T07:08:09Z', false],
  ['_lastUpdated=ge2024&_lastUpdated=lt2025', true],
  ['date=2023', true],
  ['date=2023-02', false],
  ['date=ne2023', false],
  ['date=ge2023-02', true],
  ['date=lt2023-01-01', false],
  ['date=le2023-01-31', true],
  ['date=gt2023-03', false],
  ['value-concept=x', false],
]

t.test('a filter of the supported subset decides as FHIR search does', async (t) => {
  for (const [query, expected] of FILTERS)
    t.equal(passes(OBSERVATION, [parseFilter(`Observation?${query}`)]), expected, query)
  t.ok(
    passes(OBSERVATION, [parseFilter('Observation?_id=x'), parseFilter('Observation?_id=o1')]),
    'one is enough',
  )
  t.ok(passes({ resourceType: 'Patient', active: true }, [parseFilter('Patient?active=true')]))
})

t.test('everything outside of the subset is refused, without its value', async (t) => {
  for (const text of [
    'Observation',
    'Observation?',
    'observation?code=1',
    'Observation?code:not=SECRET',
    'Observation?code:missing=true',
    'Observation?subject:Patient.name=SECRET',
    'Observation?_has:Patient:x=SECRET',
    'Observation?_sort=date',
    'Observation?_count=1',
    'Observation?date=sa2023',
    'Observation?date=2023-02-31',
    'Observation?birthdate=2020',
    'Observation?constructor=SECRET',
  ]) {
    try {
      parseFilter(text)
      t.fail(text)
    } catch (error) {
      t.ok(error instanceof SearchRefusal, text)
      t.notMatch((error as Error).message, 'SECRET')
    }
  }
})

t.test('several filters in one text are parted at the types; commas of a value stay', async (t) => {
  t.same(splitFilters('Patient?gender=male'), ['Patient?gender=male'])
  t.same(splitFilters('Observation?code=1,2,Patient?gender=male'), [
    'Observation?code=1,2',
    'Patient?gender=male',
  ])
})

t.test('a date is as wide as it is precise', async (t) => {
  const width = (text: string) => {
    const span = spanOf(text)
    return span === undefined ? undefined : (span.to - span.from) / 1000
  }
  for (const [text, seconds] of [
    ['2024', 366 * 86_400],
    ['2023-02', 28 * 86_400],
    ['2023-02-01', 86_400],
    ['2023-02-01T10:00Z', 60],
    ['2023-02-01T10:00:00+02:00', 1],
    ['2023-02-01T10:00:00.123Z', 0.001],
    ['2023-02-29', undefined],
    ['2023-2-1', undefined],
    ['2023-02-01T25:00:00Z', undefined],
    ['', undefined],
  ] as const)
    t.equal(width(text), seconds, text)
  t.equal(parseSearchDate('ap2020'), undefined)
})

t.test('elements are known by version, types and choices', async (t) => {
  t.same(unknownElements(['id', 'Patient.name', 'Observation.value', 'birthDate'], 'R4'), [])
  t.same(unknownElements(['Patient.value', 'valueQuantity', 'X.id', 'Patient.name.family', ''], 'R4'), [
    'Patient.value',
    'valueQuantity',
    'X.id',
    'Patient.name.family',
    '',
  ])
})

t.test('elements that are not named go, whatever the white space; what stays is verbatim', async (t) => {
  const keep = (line: string, ...names: string[]) =>
    withElements(Buffer.from(line), 'Observation', {
      elements: elementsByType(names),
      version: 'R4',
    }).toString()
  const tag = '{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}'
  t.equal(
    keep(
      '{ "resourceType" : "Observation", "valueQuantity" : {"value": 1.50}, "note":[{"text":"x"}] }',
      'value',
    ),
    `{"resourceType" : "Observation","valueQuantity" : {"value": 1.50},"meta":{"tag":[${tag}]}}\n`,
  )
  t.equal(keep('{"meta":{},"x":1}', 'id'), `{"meta":{"tag":[${tag}]}}\n`)
  t.equal(keep('{"meta":{"tag":[]},"note":1}', 'id'), `{"meta":{"tag":[${tag}]}}\n`)
  t.equal(
    keep('{"meta":{"profile":["p"],"tag":[{"code":"a"}]},"_status":{"id":"s"}}', 'id'),
    `{"meta":{"profile":["p"],"tag":[${tag},{"code":"a"}]},"_status":{"id":"s"}}\n`,
  )
  t.equal(keep('{"id":"1"}', 'Patient.name'), '{"id":"1"}', 'nothing is named for this type')
})

t.test('who asks too often is told when to come back', async (t) => {
  const limit = new RateLimit({ perMinute: 60, burst: 2 })
  const refusal = (key: string, nowMs: number): unknown => {
    try {
      limit.take(key, nowMs)
      return undefined
    } catch (error) {
      return error
    }
  }
  t.equal(refusal('a', 0) ?? refusal('a', 0), undefined)
  t.match(refusal('a', 100), { status: 429, headers: { 'retry-after': '1' } })
  t.equal(refusal('b', 100), undefined, 'each by itself')
  t.equal(refusal('a', 1100), undefined, 'later')
  t.match(refusal('a', 1200), { status: 429 })
})
