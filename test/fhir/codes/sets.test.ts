// Holds src/fhir/codes/sets.ts, src/fhir/codes/set-names.ts.
import t from 'tap'
import { isInSet, SET_NAMES, SET_URLS } from '../../../src/fhir/codes/set-names.js'
import { allowedSystems, CODE_SETS, SINGLE_SETS, systemsNamed } from '../../../src/fhir/codes/sets.js'

t.test('only the two sets of race share a url', async (t) => {
  const urls = SINGLE_SETS.flatMap(({ systems }) => systems().flatMap((system) => system.urls))
  t.strictSame(
    urls.filter((url, index) => urls.indexOf(url) !== index),
    systemsNamed('omb-race-ethnicity').flatMap((system) => system.urls),
  )
})

t.test('the names are those of the sets', async (t) => {
  t.strictSame(
    SET_NAMES,
    CODE_SETS.map(({ name }) => name),
  )
})

t.test('the urls are those of the sets', async (t) => {
  const urls = SINGLE_SETS.filter(({ name }) => name !== 'hl7').flatMap(({ systems }) =>
    systems().flatMap((system) => system.urls),
  )
  t.strictSame(SET_URLS, [...new Set(urls)].sort())
  for (const url of systemsNamed('hl7').flatMap((system) => system.urls)) if (!isInSet(url)) t.fail(url)
  t.ok(isInSet('http://loinc.org') && isInSet('germany'))
  t.notOk(isInSet('http://example.org/cs') || isInSet('http://hl7.org/fhir/john-smith') || isInSet('lonic'))
})

t.test('every set has a name of its own, a note, and systems with an edition and a form', async (t) => {
  const names = CODE_SETS.map(({ name }) => name)
  t.equal(new Set(names).size, names.length)
  for (const { name, note, systems } of CODE_SETS) {
    t.match(name, /^[a-z0-9-]+$/)
    t.ok(note.length > 0 && systems().length > 0, name)
    t.ok(
      systems().every(({ urls, edition, form }) => urls.length > 0 && edition !== '' && form !== ''),
      name,
    )
  }
})

t.test('allowedSystems tells what each entry lets through', async (t) => {
  const loinc = { set: 'loinc', title: 'LOINC', systemCount: 1 }
  t.match(allowedSystems(['loinc']), [{ entry: 'loinc', ...loinc, urls: ['http://loinc.org', /^urn:oid:/] }])
  t.match(allowedSystems(['http://loinc.org']), [{ ...loinc, urls: ['http://loinc.org'] }])
  t.match(allowedSystems(['http://example.org/cs']), [{ title: 'http://example.org/cs', set: undefined }])
  const act = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
  t.match(allowedSystems([act]), [{ set: 'hl7', title: 'v3-ActCode', urls: [act] }])
  const [hl7, ...others] = allowedSystems(['hl7'])
  t.ok(hl7 !== undefined && hl7.systemCount > 1000 && others.length === 0)
  t.strictSame(
    [...new Set(allowedSystems(['us']).map(({ set }) => set))],
    SET_NAMES.slice(SET_NAMES.indexOf('rxnorm'), SET_NAMES.indexOf('us-billing') + 1),
  )
  t.strictSame(allowedSystems(['no such set']), [])
})

t.test('a group holds the systems of its members', async (t) => {
  const urls = systemsNamed('international').flatMap((system) => system.urls)
  for (const url of ['http://loinc.org', 'http://unitsofmeasure.org', 'urn:ietf:bcp:47'])
    t.ok(urls.includes(url), url)
  t.notOk(urls.includes('http://hl7.org/fhir/sid/icd-10-cm'))
  t.strictSame(systemsNamed('no such set'), [])
})
