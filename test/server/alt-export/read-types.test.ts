import t from 'tap'
import { typesRead } from '../../../src/server/alt-export/read-types.js'

t.test('the types that a search can bring', async (t) => {
  const cases: readonly (readonly [search: string, types: readonly string[] | undefined])[] = [
    ['Patient', ['Patient']],
    ['/Patient?_id=$IDS&_count=50', ['Patient']],
    ['Patient/$IDS', ['Patient']],
    ['Patient/_search?name=x', ['Patient']],
    ['Patient/p1/_history/2', ['Patient']],
    ['Patient/$IDS/Observation?code=1', ['Patient', 'Observation']],
    ['Patient?_revinclude=Observation:subject', ['Patient', 'Observation']],
    ['Patient?%5Frevinclude:iterate=Observation:subject', ['Patient', 'Observation']],
    ['Observation?_include=Observation:subject:Patient', ['Observation', 'Patient']],
    ['Observation?_include=Observation:subject', undefined],
    ['Patient?_revinclude=*', undefined],
    ['Patient?a=1;_revinclude=Observation:subject', undefined],
    ['Patient?_has:Observation:patient:code=1', undefined],
    ['Observation?subject:Patient.name=x', undefined],
    ['Observation?subject%3APatient%2Ename=x', undefined],
    ['Patient?_filter=x', undefined],
    ['Patient/$IDS/$everything', undefined],
    ['Patient/$IDS/%24everything', undefined],
    ['Patient/$export', undefined],
    ['Patient/%24export', undefined],
    ['Patient/p1/*', undefined],
    ['Patient/p1/Observation/_search', undefined],
    ['Patient//Observation', undefined],
  ]
  for (const [search, types] of cases) t.strictSame(typesRead(search), types, search)
})
