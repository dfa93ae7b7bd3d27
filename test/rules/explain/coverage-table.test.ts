// Holds src/rules/explain/coverage-table.ts, src/rules/explain/identifiers.ts.
import t from 'tap'
import { explainedConfig } from '../../../src/config/anonymizer/explained-config.js'
import { elementTree } from '../../../src/fhir/elements.js'
import { FHIR_VERSIONS } from '../../../src/fhir/version.js'
import {
  type CoverageRow,
  coverageTable,
  type IdentifiedLeaf,
} from '../../../src/rules/explain/coverage-table.js'
import { ElementFates } from '../../../src/rules/explain/element-fates.js'
import { IDENTIFIERS, identifiersAt } from '../../../src/rules/explain/identifiers.js'
import { LeafSurvey } from '../../../src/rules/explain/leaves.js'
import { specOf } from '../../support/spec-of.js'

const tree = elementTree('R4')

function leavesOf(rules: readonly unknown[], types: readonly string[]): IdentifiedLeaf[] {
  const spec = specOf({ fhirVersion: 'R4', fhirPathRules: rules, parameters: { cryptoHashKey: 'a key' } })
  const survey = new LeafSurvey(new ElementFates(explainedConfig(spec), tree))
  const leaves: IdentifiedLeaf[] = []
  for (const name of types) {
    const type = tree.resources.get(name)
    if (type !== undefined)
      survey.visit(type, (leaf) => leaves.push({ ...leaf, identifiers: identifiersAt(type, leaf.members) }))
  }
  return leaves
}

const rowsOf = (rules: readonly unknown[], types: readonly string[]): ReadonlyMap<string, CoverageRow> =>
  new Map(coverageTable(leavesOf(rules, types)).map((row) => [row.identifier, row]))

t.test('elements hold the identifiers of the specification', async (t) => {
  const leaves = new Map(
    leavesOf([], ['Patient', 'Device', 'AuditEvent', 'Observation', 'Bundle']).map((leaf) => [
      leaf.path,
      leaf,
    ]),
  )
  const expected = {
    'Patient.name.family': 'A',
    'Patient.name.period.start': 'AC',
    'Patient.address.city': 'B',
    'Patient.birthDate': 'C',
    'Patient.telecom.value': 'DEFNO',
    'Patient.identifier.value': 'GHIJKLMR',
    'Patient.id': 'HR',
    'Patient.name.id': 'AR',
    'Patient.photo.url': 'NQ',
    'Patient.photo.data': 'PQ',
    'Device.serialNumber': 'M',
    'AuditEvent.agent.network.address': 'O',
    'Bundle.entry.request.ifNoneExist': 'H',
    'Observation.note.text': 'T',
    'Observation.code.coding.code': '',
    'Observation.code.coding.system': '',
    'Observation.value.ofType(Quantity).value': '',
    'Observation.subject.reference': 'HNR',
    'Observation.extension': 'R',
  }
  for (const [path, letters] of Object.entries(expected))
    t.equal(leaves.get(path)?.identifiers.join(''), letters, path)
})

t.test('every place of the table is in some FHIR version', async (t) => {
  const known = new Set<string>(['Resource.id', 'Element.id'])
  for (const version of FHIR_VERSIONS) {
    const { resources, dataTypes } = elementTree(version)
    const seen = new Set<string>()
    const enter = (type: (typeof elements)[number]): void => {
      if (seen.has(type.id)) return
      seen.add(type.id)
      known.add(type.name)
      for (const member of type.members.values()) {
        known.add(`${type.id}.${member.name}`)
        enter(member.type)
      }
    }
    const elements = [...resources.values(), ...dataTypes.values()]
    elements.forEach(enter)
  }
  for (const { places } of Object.values(IDENTIFIERS))
    t.strictSame(
      places.filter((place) => !known.has(place)),
      [],
    )
})

t.test('a configuration without rules leaves all identifiers unexamined', async (t) => {
  for (const { identifier, paths } of coverageTable(leavesOf([], [...tree.resources.keys()]))) {
    t.ok(paths['not examined'].length > 0, identifier)
    t.equal(paths.removed.length + paths.transformed.length + paths['kept otherwise'].length, 0, identifier)
  }
})

t.test('the weakest of what may become of an element counts', async (t) => {
  const rows = rowsOf(
    [
      { path: "Patient.name.where(use = 'official').family", method: 'keep' },
      { path: 'Patient.name.use', method: 'keep' },
      { path: 'Patient.name', method: 'redact' },
      { path: 'Resource.id', method: 'cryptoHash' },
    ],
    ['Patient'],
  )
  const names = rows.get('A')?.paths
  t.strictSame(names?.['kept otherwise'], ['Patient.name.family'])
  t.strictSame(names?.['kept codes'], ['Patient.name.use'])
  t.ok(names?.removed.includes('Patient.name.given'))
  t.ok(names?.['not examined'].includes('Patient.contact.name.family'))
  t.strictSame(rows.get('H')?.paths.transformed, ['Patient.id'])
})
