// Holds src/diff/align.ts, src/diff/element-paths.ts, src/diff/element-node.ts, src/diff/outcome.ts,
// src/diff/type-counts.ts.

import t from 'tap'
import { align, type JsonObject } from '../../src/diff/align.js'
import { type ComparedLeaf, compareResources } from '../../src/diff/compare.js'
import { ElementPaths } from '../../src/diff/element-paths.js'
import { type Leaf, outcomeOf } from '../../src/diff/outcome.js'
import { concernsOf, elementsOf } from '../../src/diff/type-counts.js'
import { elementAt } from '../support/elements.js'

const HASH = 'ab007c9b0a8b14eb199213d7aa10520d1ac00962fe7132dca4f6d152b5b2ef15'
const CIPHER = Buffer.alloc(48, 7).toString('base64')

function compared(before: object, after: object) {
  const paths = new ElementPaths()
  const leaves: ComparedLeaf[] = []
  const labelled: string[][] = []
  const differing = compareResources(before as JsonObject, after as JsonObject, {
    paths,
    onResource: (type, labels) => labelled.push([type.path, ...labels]),
    onLeaf: (leaf) => leaves.push(leaf),
  })
  const rows = leaves.map(({ place, outcome }) => `${place} ${outcome}`)
  return { paths, rows, labelled, differing, leaves }
}

t.test('what happened to a value is told by the value', async (t) => {
  const rows: [Leaf, Leaf, string, ...string[]][] = [
    ['a', 'a', 'kept'],
    [1.5, 1.5, 'kept'],
    ['e058b50a', HASH, 'hashed'],
    [17, HASH, 'hashed'],
    ['Patient/1', `Patient/${HASH}`, 'hashed'],
    ['https://h/fhir/Patient/1/_history/2', `https://h/fhir/Patient/${HASH}/_history/2`, 'hashed'],
    [HASH, HASH.replace('a', 'b'), 'hashed', 'CRYTOHASH'],
    [HASH, HASH.replace('a', 'b'), 'replaced'],
    ['Boston', CIPHER, 'encrypted'],
    ['Boston', CIPHER.slice(0, 24), 'replaced'],
    ['1970-03-04', '1970-03-30', 'shifted'],
    ['1970-03-04T10:00:00Z', '1970-02-01T00:00:00Z', 'shifted'],
    ['1970-03-04T10:00:00Z', '1970-03-04T00:00:00Z', 'shifted'],
    ['1970-03-04', '1970', 'shortened'],
    ['2023-09-09T08:15:27.412+00:00', '2023-01-01T00:00:00+00:00', 'shortened'],
    ['82190', '821', 'shortened'],
    ['82190', '82100', 'shortened'],
    ['82190', '00000', 'replaced'],
    ['82190', '000', 'substituted', 'REDACTED', 'SUBSTITUTED'],
    [81.5, 82, 'perturbed', 'PERTURBED'],
    [81.5, 82, 'replaced', 'PERTURBED', 'GENERALIZED'],
    ['male', 'other', 'generalized', 'GENERALIZED'],
  ]
  for (const [before, after, outcome, ...labels] of rows)
    t.equal(outcomeOf(before, after, new Set(labels)), outcome, `${before} → ${after} ${labels}`)
})

t.test('items that were taken out of an array do not make the others differ', async (t) => {
  const items = ['a', 'b', 'c', 'd'].map((url) => ({ url, valueString: `value ${url}` }))
  t.same(align(items, [elementAt(items, 1), elementAt(items, 3)]), [
    [0, undefined],
    [1, 0],
    [2, undefined],
    [3, 1],
  ])
  t.same(align([1, 2], [1, 9, 2]), [
    [0, 0],
    [undefined, 1],
    [1, 2],
  ])
  const long = Array.from({ length: 500 }, (_, at) => at)
  t.equal(align(long, long.slice(1)).length, 500, 'long arrays go by index')
})

t.test('every value of a resource has one outcome, with its place', async (t) => {
  const { rows, labelled, differing } = compared(
    {
      resourceType: 'Patient',
      id: '1',
      meta: { lastUpdated: '2020-05-06T01:02:03Z' },
      birthDate: '1970-03-04',
      _birthDate: { extension: [{ url: 'u', valueDateTime: '1970-03-04T05:06:07Z' }] },
      name: [{ family: 'Abernathy', given: ['Theo', 'A.'] }],
      multipleBirthInteger: 2,
    },
    {
      resourceType: 'Patient',
      id: HASH,
      meta: { lastUpdated: '2020-05-06T01:02:03Z', security: [{ code: 'REDACTED' }, { code: 'CRYTOHASH' }] },
      birthDate: '1970',
      name: [{ given: ['Theo'] }],
      multipleBirthInteger: 2,
      gender: 'unknown',
    },
  )
  t.same(rows, [
    'id hashed',
    'meta.lastUpdated kept',
    'birthDate shortened',
    '_birthDate.extension[0].url removed',
    '_birthDate.extension[0].valueDateTime removed',
    'name[0].family removed',
    'name[0].given[0] kept',
    'name[0].given[1] removed',
    'multipleBirthInteger kept',
    'gender added',
  ])
  t.same(labelled, [['Patient', 'REDACTED', 'CRYTOHASH']])
  t.equal(differing, 7)
})

t.test('labels that were there before are values like others', async (t) => {
  const { rows, labelled } = compared(
    { resourceType: 'Patient', meta: { security: [{ code: 'REDACTED' }, { code: 'R' }] } },
    {
      resourceType: 'Patient',
      meta: { security: [{ code: 'REDACTED' }, { code: 'R' }, { code: 'MASKED' }] },
    },
  )
  t.same(rows, ['meta.security[0].code kept', 'meta.security[1].code kept'])
  t.same(labelled, [['Patient', 'MASKED']])
})

t.test('resources in Bundles and contained ones count as their own types', async (t) => {
  const bundle = (id: string, family: string) => ({
    resourceType: 'Bundle',
    type: 'batch',
    entry: [
      {
        resource: {
          resourceType: 'Patient',
          id,
          contained: [{ resourceType: 'Organization', name: family }],
        },
      },
    ],
  })
  const { paths, rows, labelled } = compared(bundle('1', 'x'), bundle(HASH, 'x'))
  t.same(rows, ['type kept', 'entry[0].resource.id hashed', 'entry[0].resource.contained[0].name kept'])
  t.same(labelled, [['Bundle'], ['Patient'], ['Organization']])
  t.same(
    elementsOf(paths).map(({ path, fhirType }) => `${path}: ${fhirType}`),
    ['Bundle.type: code', 'Organization.name: string', 'Patient.id: id'],
  )
})

t.test('identifying elements that stayed as they were are told, codes among them are not', async (t) => {
  const patient = {
    resourceType: 'Patient',
    id: '1',
    name: [{ use: 'official', family: 'Abernathy' }],
    telecom: [{ system: 'phone', value: '555' }],
    identifier: [{ system: 'urn:x', value: '9', type: { text: 'MR' } }],
    text: { status: 'generated', div: '<div/>' },
    managingOrganization: { reference: 'Organization/1', display: 'Clinic' },
    gender: 'female',
    birthDate: '1970-03-04',
  }
  const { paths } = compared(patient, patient)
  t.same(
    concernsOf(paths).map(({ path, why, kept }) => `${path} ${why} ${kept}`),
    [
      'Patient.id id 1',
      'Patient.identifier.value Identifier 1',
      'Patient.managingOrganization.display Reference 1',
      'Patient.managingOrganization.reference Reference 1',
      'Patient.name.family HumanName 1',
      'Patient.telecom.value ContactPoint 1',
      'Patient.text.div Narrative 1',
    ],
  )
})

t.test('a name that no FHIR version knows is never repeated, nor a type', async (t) => {
  const { paths, rows } = compared(
    { resourceType: 'Patient', 'Jane Canary': { 'born Canary': 'x' }, name: [{ Canary: 1 }] },
    { resourceType: 'Patient' },
  )
  t.same(rows, ['(unknown).(unknown) removed', 'name[0].(unknown) removed'])
  t.same(
    elementsOf(paths).map(({ path }) => path),
    ['Patient.(unknown)', 'Patient.name.(unknown)'],
  )
  const other = compared({ resourceType: 'Canary', a: 1 }, { resourceType: 'Canary', a: 1 })
  t.same(
    elementsOf(other.paths).map(({ path }) => path),
    ['(unknown).(unknown)'],
  )
})

t.test('elements of all FHIR versions are known by their types', async (t) => {
  const { paths } = compared(
    {
      resourceType: 'Encounter',
      admission: { admitSource: { text: 'x' } },
      hospitalization: { reAdmission: { text: 'y' } },
    },
    { resourceType: 'Encounter' },
  )
  t.same(
    elementsOf(paths).map(({ path }) => path),
    ['Encounter.admission.admitSource.text', 'Encounter.hospitalization.reAdmission.text'],
  )
})

t.test('elements that contain themselves are one, however deep they are', async (t) => {
  let item: object = { linkId: 'x' }
  for (let depth = 0; depth < 100; depth += 1) item = { linkId: 'x', item: [item] }
  const { paths } = compared(
    { resourceType: 'Questionnaire', item: [item] },
    { resourceType: 'Questionnaire' },
  )
  t.same(elementsOf(paths), [
    { path: 'Questionnaire.item.linkId', fhirType: 'string', outcomes: { removed: 101 } },
  ])
})
