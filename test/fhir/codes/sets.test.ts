import t from 'tap'
import { allowedSystems, CODE_SETS } from '../../../src/fhir/codes/sets.js'

t.test('no url belongs to two systems', async (t) => {
  const urls = CODE_SETS.flatMap(({ systems }) => systems().flatMap((system) => system.urls))
  t.strictSame(
    urls.filter((url, index) => urls.indexOf(url) !== index),
    [],
  )
})

t.test('allowedSystems tells what each entry lets through', async (t) => {
  const [first, second, ...rest] = allowedSystems(['loinc', 'http://example.org/cs', 'hl7'])
  t.match(first, { entry: 'loinc', title: 'LOINC', urls: ['http://loinc.org', /^urn:oid:/] })
  t.match(second, { entry: 'http://example.org/cs', urls: ['http://example.org/cs'] })
  t.ok(rest.length > 1000)
})
