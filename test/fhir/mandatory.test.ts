// Holds src/fhir/mandatory.ts, src/fhir/mandatory-elements.ts.
import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { mandatoryMembers } from '../../src/fhir/mandatory.js'
import { MANDATORY_ELEMENTS } from '../../src/fhir/mandatory-elements.js'
import { FHIR_VERSIONS, type FhirVersion } from '../../src/fhir/version.js'
import { typesOf } from '../support/element-types.js'

const keysOf = (version: FhirVersion, id: string): string[] => {
  const type = typesOf(elementTree(version)).get(id)
  const members = type === undefined ? [] : mandatoryMembers(version)(type)
  return members.map(({ key }) => key).sort()
}

t.test('mandatory members, with all keys of a choice', async (t) => {
  t.same(keysOf('R4', 'Observation'), ['code', 'status'])
  t.same(keysOf('R4', 'Claim.insurance'), ['coverage', 'focal', 'sequence'])
  t.same(keysOf('R4', 'MedicationRequest'), [
    'intent',
    'medicationCodeableConcept',
    'medicationReference',
    'status',
    'subject',
  ])
  t.same(keysOf('R5', 'MedicationRequest'), ['intent', 'medication', 'status', 'subject'])
  t.same(keysOf('STU3', 'MedicationRequest').slice(0, 1), ['intent'])
  t.same(keysOf('R4', 'Patient'), [])
})

t.test('nothing that an extension cannot stand in for', async (t) => {
  for (const version of FHIR_VERSIONS) {
    for (const id of ['Extension', 'Narrative']) t.same(keysOf(version, id), [], `${version} ${id}`)
    const types = [...typesOf(elementTree(version)).values()]
    const members = types.flatMap((type) => [...mandatoryMembers(version)(type)])
    t.ok(members.length > 700, `${version}: ${members.length} members`)
    t.notOk(members.some(({ type }) => type.isResource || type.name === 'xhtml'))
  }
})

t.test('every listed element is one of its version', async (t) => {
  const types = new Map(FHIR_VERSIONS.map((version) => [version, typesOf(elementTree(version))]))
  const unknown = MANDATORY_ELEMENTS.split('\n').flatMap((line) => {
    const [versions = '', id = '', names = ''] = line.split(': ')
    return versions.split(' ').flatMap((version) => {
      const type = types.get(version as FhirVersion)?.get(id)
      const known = new Set([...(type?.members.values() ?? [])].map(({ name }) => name))
      return type === undefined || id === 'xhtml'
        ? []
        : names
            .split(' ')
            .filter((name) => !known.has(name))
            .map((name) => `${version} ${id}.${name}`)
    })
  })
  t.same(unknown, [])
})
