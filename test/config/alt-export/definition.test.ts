// Holds src/config/alt-export/searches.ts.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  checkAltExportDefinition,
  readAltExportDefinition,
} from '../../../src/config/alt-export/definition.js'
import { isSluiceError, type Problem } from '../../../src/errors.js'
import { projectRoot } from '../../support/shared.js'

const LEAST = { query: 'Patient?active=true', include: ['Observation?patient=$IDS'] }

function problemsOf(raw: unknown): readonly Problem[] {
  try {
    checkAltExportDefinition(raw, 'd.json')
    return []
  } catch (error) {
    if (isSluiceError(error) && error.code === 'CONFIG_INVALID') return error.problems ?? []
    throw error
  }
}

t.test('definitions of both kinds, with their defaults', async (t) => {
  t.strictSame(checkAltExportDefinition(LEAST, 'd.json'), {
    kind: 'cohort',
    query: 'Patient?active=true',
    patientReferenceField: 'id',
    include: ['Observation?patient=$IDS'],
  })
  t.match(checkAltExportDefinition({ ...LEAST, query: 'Group/1' }, 'd.json'), { patientReferenceField: 'id' })
  t.strictSame(checkAltExportDefinition({ _type: 'Observation' }, 'd.json'), {
    kind: 'type',
    type: 'Observation',
    since: undefined,
    until: undefined,
    slices: 1,
    minSliceSeconds: 1,
    pageCount: 1000,
  })
  const offset = {
    _type: 'Observation',
    _since: '2026-01-01T01:30:00+01:30',
    _till: '2026-02-01T00:00:00.5Z',
  }
  t.match(checkAltExportDefinition(offset, 'd.json'), {
    since: '2026-01-01T00:00:00.000Z',
    until: '2026-02-01T00:00:00.5Z',
  })
})

t.test('everything wrong is said at once, with its path, and no query is repeated', async (t) => {
  const problems = problemsOf({
    query: 'https://evil.example.org/Patient?name=CANARY',
    patientreferencefield: 'subject.reference',
    include: [
      'Patient?_id=$ids',
      'Patient?_id=$IDS',
      'Patient?_id=$IDS',
      '../admin',
      'Patient?x=a b',
      'patient',
      'Patient?x=#',
    ],
    more: 1,
    _audience: 'x',
  })
  t.strictSame(
    problems.map(({ path }) => path),
    [
      '_audience',
      'query',
      'patientreferencefield',
      'include[0]',
      'include[3]',
      'include[4]',
      'include[5]',
      'include[6]',
      '',
      'include[2]',
    ],
  )
  t.notMatch(JSON.stringify(problems), 'CANARY')
  for (const raw of [undefined, null, [], 'x', {}]) t.ok(problemsOf(raw).length > 0)
})

t.test('each mistake is found', async (t) => {
  const table: readonly (readonly [object, string, RegExp])[] = [
    [{ ...LEAST, query: 'Patient?_id=$IDS' }, 'query', /belongs in include/],
    [{ ...LEAST, query: 'Coverage?x=1' }, 'patientreferencefield', /is missing/],
    [{ ...LEAST, include: [] }, 'include', /at least one/],
    [{ ...LEAST, include: ['a:b'] }, 'include[0]', /relative/],
    [{ ...LEAST, include: ['//evil/Patient'] }, 'include[0]', /relative/],
    [{ ...LEAST, include: ['Patient/%2e%2e/%2e%2e/x'] }, 'include[0]', /leaves/],
    [{ ...LEAST, include: ['Patient/..%2f..%2Fx'] }, 'include[0]', /leaves/],
    [{ ...LEAST, include: ['Patient/a\\..\\x'] }, 'include[0]', /leaves/],
    [{ ...LEAST, include: ['Patient?a=1', 'Patient?a=1'] }, 'include[1]', /same search/],
    [{ ...LEAST, _baseAddress: 'x' }, '_baseAddress', /--from/],
    [{ _type: 'A,B' }, '_type', /one resource type/],
    [{ _type: 'A', _parallelizationCount: 2 }, '_since', /is missing/],
    [{ _type: 'A', _since: '2026-01-01' }, '_since', /time with its zone/],
    [{ _type: 'A', _since: '2026-02-01T00:00:00Z', _till: '2026-01-01T00:00:00Z' }, '_till', /later/],
    [
      { _type: 'A', _parallelizationCount: 101, _since: '2026-02-01T00:00:00Z' },
      '_parallelizationCount',
      /100/,
    ],
    [{ _type: 'A', query: 'Patient', include: ['Patient'] }, '', /_type/],
  ]
  for (const [raw, path, message] of table) {
    const [problem, ...others] = problemsOf(raw)
    t.match(problem, { path, message }, JSON.stringify(raw))
    t.strictSame(others, [])
  }
})

t.test('the examples are definitions that name their schema', async (t) => {
  const folder = join(projectRoot, 'configs', 'alt-export')
  const names = readdirSync(folder)
  t.ok(names.length >= 7)
  for (const name of names) {
    const text = readFileSync(join(folder, name), 'utf8')
    t.match(await readAltExportDefinition(join(folder, name)), { kind: /^(cohort|type)$/ }, name)
    t.match(JSON.parse(text), { $schema: '../alt-export.schema.json', description: /./ })
  }
})

t.test('a file that cannot be read or parsed is named', async (t) => {
  const folder = t.testdir({
    'a.json': '{',
    'b.yaml': 'query: Patient\ninclude:\n  - Observation?patient=$IDS\n',
  })
  t.match(await readAltExportDefinition(join(folder, 'b.yaml')), { kind: 'cohort' })
  for (const name of ['a.json', 'none.json'])
    await t.rejects(readAltExportDefinition(join(folder, name)), {
      code: 'CONFIG_INVALID',
      at: join(folder, name),
    })
})
