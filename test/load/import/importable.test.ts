import t from 'tap'
import { importable } from '../../../src/load/import/importable.js'
import type { Prepared } from '../../../src/load/prepared.js'

const prepared = (more: Partial<Prepared> = {}): Prepared => ({
  entry: { ordinal: 3, offset: 70, type: 'Patient', id: 'p1' },
  method: 'PUT',
  url: 'Patient/p1',
  body: Buffer.from('{"resourceType":"Patient","id":"p1"}'),
  isRepeatable: true,
  ...more,
})

const REFUSED = new Set(['SearchParameter'])

t.test('a resource that is stored under its id can be imported', async (t) => {
  const { body } = prepared()
  t.strictSame(importable(prepared(), REFUSED), {
    kind: 'line',
    ordinal: 3,
    offset: 70,
    type: 'Patient',
    body,
  })
})

t.test('every other request is rejected', async (t) => {
  const type = 'SearchParameter'
  const table: readonly Partial<Prepared>[] = [
    { method: 'POST', url: 'Patient' },
    { method: 'POST', url: 'Patient', ifNoneExist: 'identifier=1' },
    { method: 'DELETE' },
    { method: 'PATCH' },
    { url: 'Patient?identifier=1' },
    { ifMatch: 'W/"1"' },
    { ifNoneMatch: '*' },
    { entry: { ordinal: 3, offset: 70, type, id: 'x' }, url: `${type}/x` },
  ]
  for (const more of table)
    t.match(
      importable(prepared(more), REFUSED),
      { kind: 'rejected', code: 'NOT_IMPORTABLE', ordinal: 3, offset: 70 },
      JSON.stringify(more),
    )
})
