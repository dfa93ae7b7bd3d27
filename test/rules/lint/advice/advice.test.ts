// Holds src/rules/lint/advice/candidates.ts, src/rules/lint/advice/condition-candidates.ts,
// src/rules/lint/advice/repair.ts, src/rules/lint/advice/expressions.ts,
// src/rules/lint/elements/versions.ts.
import t from 'tap'
import { type ElementTree, type ElementType, elementTree } from '../../../../src/fhir/elements.js'
import { FHIR_VERSIONS, type FhirVersion } from '../../../../src/fhir/version.js'
import { judgePath } from '../../../../src/rules/lint/judge/verdict.js'
import type { Finding } from '../../../../src/rules/lint/lint.js'
import { parseRulePath } from '../../../../src/rules/path/rule-path.js'
import { lintRules } from '../../../support/lint-rules.js'

const lint = (path: string, version: FhirVersion): Finding[] =>
  lintRules([{ number: 1, path, method: 'redact' }], elementTree(version))

const AT_FAULT = new Set(['never-matches', 'partly-never-matches', 'dead-condition', 'fails', 'partly-fails'])
const faultOf = (path: string, version: FhirVersion): Finding | undefined =>
  lint(path, version).find(({ code }) => AT_FAULT.has(code))

type Row = readonly [version: FhirVersion, path: string, code: string, suggestion: string | undefined]

const ROWS: readonly Row[] = [
  [
    'R4',
    'Patient.identifier.where(system="http://x")',
    'never-matches',
    `Patient.identifier.where(system = 'http://x')`,
  ],
  ['R4', 'Patient.extension("http://x")', 'never-matches', `Patient.extension('http://x')`],
  ['R4', 'nodesByType(HumanName)', 'never-matches', `nodesByType('HumanName')`],
  ['R4', 'Patient.nodesByType("HumanName")', 'never-matches', `Patient.nodesByType('HumanName')`],
  ['R4', 'Patient.name.where(use=official)', 'never-matches', `Patient.name.where(use = 'official')`],
  [
    'R4',
    `Patient.identifier.where(System='http://x')`,
    'never-matches',
    `Patient.identifier.where(system = 'http://x')`,
  ],
  ['R4', `Patient.telecom.where(systm='phone')`, 'never-matches', `Patient.telecom.where(system = 'phone')`],
  [
    'R4',
    'Observation.where(valueQuantity.exists())',
    'never-matches',
    'Observation.where(value.ofType(Quantity).exists())',
  ],
  ['R4', `Patient.telecom.exists(systm='phone')`, 'fails', `Patient.telecom.where(system = 'phone')`],
  [
    'R4',
    `Patient.where(contact.all(nmae.exists())).name`,
    'dead-condition',
    `Patient.where(contact.all(name.exists())).name`,
  ],
  ['R4', `Patient.contact.select(nmae)`, 'never-matches', 'Patient.contact.select(name)'],
  [
    'R4',
    `iif(Patient.actve, Patient.name, Patient.telecom)`,
    'dead-condition',
    'iif(Patient.active, Patient.name, Patient.telecom)',
  ],
  ['R4', `Patient.name.where(usee.empty())`, 'dead-condition', 'Patient.name.where(use.empty())'],
  ['R4', `Patient.name.where(use = 'official' or usee = 'x')`, 'dead-condition', undefined],
  ['R4', `Patient.name.where(use = 'ofical')`, 'dead-condition', `Patient.name.where(use = 'official')`],
  ['R4', `Patient.name.where(use ~ 'ofical')`, 'dead-condition', `Patient.name.where(use ~ 'official')`],
  [
    'R4',
    `Patient.name.where(use in ('official' | 'usal'))`,
    'dead-condition',
    `Patient.name.where(use in ('official' | 'usual'))`,
  ],
  [
    'R4',
    `Patient.name.where(use.startsWith('Of'))`,
    'dead-condition',
    `Patient.name.where(use.startsWith('of'))`,
  ],
  ['R4', `Patient.name.where(use.matches('ofic.*'))`, 'dead-condition', undefined],
  ['R4', `Patient.name.where(family.matches('(a'))`, 'fails', undefined],
  [
    'R4',
    `Patient.name.where(use = 'official' and use = 'usual')`,
    'never-matches',
    `Patient.name.where(use = 'official' or use = 'usual')`,
  ],
  [
    'R4',
    `Patient.where(gender = 'male' or 'female').name`,
    'dead-condition',
    `Patient.where(gender = 'male' or gender = 'female').name`,
  ],
  [
    'R4',
    `Patient.where(gender = ('male' | 'female')).name`,
    'never-matches',
    `Patient.where(gender in ('male' | 'female')).name`,
  ],
  [
    'R4',
    `Patient.name.where(use.exists('official'))`,
    'dead-condition',
    `Patient.name.where(use = 'official')`,
  ],
  ['R4', `Patient.where(active ~ 'true').name`, 'never-matches', 'Patient.where(active ~ true).name'],
  ['R4', 'Patient.name.where(family = 5)', 'never-matches', `Patient.name.where(family = '5')`],
  ['R4', `Patient.telecom.where(rank > '1')`, 'fails', 'Patient.telecom.where(rank > 1)'],
  ['R4', 'Patient.where(birthDate > 1970).name', 'fails', 'Patient.where(birthDate > @1970).name'],
  ['R4', 'Patient.where(birthDate < @1970-13-45).name', 'fails', undefined],
  [
    'R4',
    `Patient.where(birthDate.startsWith('19')).name`,
    'fails',
    `Patient.where(birthDate.toString().startsWith('19')).name`,
  ],
  [
    'R4',
    `Observation.where(subject.startsWith('Patient')).value`,
    'fails',
    `Observation.where(subject.reference.startsWith('Patient')).value`,
  ],
  [
    'R4',
    'Observation.where(value > 5).value',
    'partly-fails',
    'Observation.where(value.ofType(Quantity).value > 5).value',
  ],
  [
    'R4',
    `Observation.where(status = 'Final').value`,
    'dead-condition',
    `Observation.where(status = 'final').value`,
  ],
  [
    'R5',
    `Encounter.where(status = 'Planned').type`,
    'dead-condition',
    `Encounter.where(status = 'planned').type`,
  ],
  ['STU3', `Task.where(status = 'Draft').note`, 'dead-condition', `Task.where(status = 'draft').note`],
  ['R4', `Patient.name[use = 'official']`, 'fails', `Patient.name.where(use = 'official')`],
  ['R4', `Patient.name['0']`, 'fails', 'Patient.name[0]'],
  ['STU3', 'Claim.supportingInfo.value', 'never-matches', undefined],
  ['R4', 'Patient.name[-1]', 'never-matches', undefined],
  ['R4', 'Patient.name[1.5]', 'fails', undefined],
  ['R4', `Patient.name.family + 'x'`, 'fails', undefined],
  ['R4', 'Patient.name.first', 'never-matches', 'Patient.name.first()'],
  ['R4', 'Patient.contact.name.family.value', 'never-matches', 'Patient.contact.name.family'],
  ['R4', 'Patient.deceased.ofType(date)', 'never-matches', 'Patient.deceased.ofType(dateTime)'],
  ['R4', `nodesByName('valueString')`, 'never-matches', `nodesByName('value').ofType(string)`],
  ['R4', `nodesByType('FHIR.HumanName')`, 'never-matches', `nodesByType('HumanName')`],
  ['R4', 'Bundle.entry.Resource.name', 'never-matches', 'Bundle.entry.resource.name'],
  [
    'R4',
    `Patient.name.where(Patient.name.use = 'official')`,
    'never-matches',
    `Patient.name.where(use = 'official')`,
  ],
  ['R4', `Patient.where(active = 'true').name`, 'never-matches', 'Patient.where(active = true).name'],
  [
    'R4',
    `Patient.where(birthDate = '1980-01-01')`,
    'never-matches',
    'Patient.where(birthDate = @1980-01-01)',
  ],
  [
    'R4',
    `Observation.where(code = '1234-5')`,
    'never-matches',
    `Observation.where(code.coding.code = '1234-5')`,
  ],
  [
    'R4',
    `Observation.where(value.ofType(Quantity).value = '5')`,
    'never-matches',
    `Observation.where(value.ofType(Quantity).value = 5)`,
  ],
  [
    'R4',
    'Observation.value.where($this is quantity)',
    'never-matches',
    'Observation.value.where($this is Quantity)',
  ],
  ['R4', 'Observation.value[x]', 'fails', 'Observation.value'],
  ['R4', 'Observation.component.value[x]', 'fails', 'Observation.component.value'],
  ['R4', 'Observation.value.is(Quantity)', 'fails', 'Observation.value.ofType(Quantity)'],
  ['R4', 'Observation.value is Quantity', 'fails', 'Observation.value.ofType(Quantity)'],
  ['R4', `Patient.gender = 'male'`, 'fails', `Patient.gender.where($this = 'male')`],
  ['R4', 'Patient.name.exists()', 'fails', 'Patient.name'],
  ['R4', 'Patient.name.count()', 'fails', 'Patient.name'],
  ['R4', `Patient.where(name.lower() = 'x')`, 'fails', `Patient.where(name.family.lower() = 'x')`],
  ['R4', 'Condition.onsetDateTime', 'never-matches', 'Condition.onset.ofType(dateTime)'],
  ['R4', 'Observation.valueBoolean', 'never-matches', 'Observation.value.ofType(boolean)'],
  ['R4', 'Observation.value as Boolean', 'never-matches', 'Observation.value as boolean'],
  [
    'R4',
    `nodesByType('Observation').ofType(Quantity).value`,
    'never-matches',
    `nodesByType('Observation').value.ofType(Quantity)`,
  ],
  ['R4', `nodesByType('Human').name`, 'never-matches', `nodesByType('HumanName')`],
  ['R4', 'patient.birthDate', 'never-matches', 'Patient.birthDate'],
  ['R4', 'PATIENT.birthdate', 'never-matches', 'Patient.birthDate'],
  ['R4', 'Patient.Name', 'never-matches', 'Patient.name'],
  ['R4', 'HumanName.family', 'never-matches', `nodesByType('HumanName').family`],
  ['R4', 'Patient.family', 'never-matches', 'Patient.name.family'],
  ['R4', 'Bundle.entry.Patient.name', 'never-matches', 'Bundle.entry.resource.Patient.name'],
  ['R4', `nodesByName('HumanName')`, 'never-matches', `nodesByType('HumanName')`],
  ['R4', `nodesByType('birthDate')`, 'never-matches', `nodesByName('birthDate')`],
  [
    'R4',
    `Bundle.entry.where(resource.resourceType='Patient')`,
    'never-matches',
    'Bundle.entry.where(resource is Patient)',
  ],
  [
    'R4',
    `Patient.contained.where('Group' = resourceType).name`,
    'never-matches',
    'Patient.contained.where($this is Group).name',
  ],
  ['R4', `Bundle.entry.where(resource.resourceType='Foo')`, 'never-matches', undefined],
  ['R5', 'CareTeam.reasonCode', 'never-matches', 'CareTeam.reason.concept'],
  [
    'R5',
    'MedicationRequest.medicationCodeableConcept',
    'never-matches',
    'MedicationRequest.medication.concept',
  ],
  ['R5', 'MedicationRequest.medicationReference', 'never-matches', 'MedicationRequest.medication.reference'],
  ['R5', 'Encounter.period', 'never-matches', 'Encounter.actualPeriod'],
  ['R5', 'Encounter.hospitalization', 'never-matches', 'Encounter.admission'],
  ['R5', 'HealthcareService.availabilityExceptions', 'never-matches', undefined],
]

for (const [version, path, code, suggestion] of ROWS)
  t.test(`${version} ${path}: ${code}, with advice that works`, async (t) => {
    const fault = faultOf(path, version)
    t.equal(fault?.code, code)
    t.equal(fault?.suggestion, suggestion)
    if (suggestion === undefined) return
    t.ok(fault?.message.includes(`\`${suggestion}\``), 'the message has it')
    t.equal(faultOf(suggestion, version), undefined)
  })

const FINE = [
  `Patient.name.where(use in ('official' | 'usual'))`,
  `Patient.name.where('official' | 'usual' contains use)`,
  `Patient.name.where(use = 'usual' or use = 'old').family`,
  `Observation.component.where(code.coding.exists(system = 'http://loinc.org' and code = '1')).value`,
  `Resource.where(name.exists())`,
  `Patient.where(%resource.gender = 'male').name`,
  `Patient.extension.where(url = 'http://x').value`,
  `Patient.name.where(family.lower() = 'x')`,
  `Questionnaire.repeat(item).text`,
  `Patient.descendants().where($this is HumanName)`,
  `Patient.where(birthDate > @1980)`,
  `Patient.where(birthDate < today() - 10 years).name`,
  `Observation.where(value.ofType(Quantity).value > 5).note`,
  `Patient.name[0].given.first()`,
  `Patient.name.skip(1)`,
  `Patient.where(deceased = true)`,
  `Patient.identifier.where(type.coding.where(code = 'MR').exists()).value`,
  'Patient.name.where(given.count() > 1)',
  `Patient.telecom.where(system != 'email')`,
  `Patient.contact.nodesByType('HumanName')`,
  'Patient.`name`',
]

t.test('conditions that can hold have no finding but their cost', async (t) => {
  for (const path of FINE)
    t.same(
      lint(path, 'R4').filter(({ code }) => code !== 'not-compiled' && code !== 'looks-ahead'),
      [],
      path,
    )
})

/** What a path reaches, as text: types and names. */
function placesOf(path: string, tree: ElementTree): readonly string[] {
  const { found } = judgePath(parseRulePath(path), tree)
  return found.flatMap(({ places }) => (places ?? []).map(({ type, name }) => `${name}:${type.id}`))
}

const OPERATORS = /^(?:div|mod|and|or|xor|implies|is|as|in|contains)$/

function* elementsOf(tree: ElementTree): Generator<readonly [ElementType, string, string, ElementType]> {
  for (const resource of tree.resources.values())
    for (const { key, name, type } of resource.members.values())
      if (!OPERATORS.test(name)) yield [resource, key, name, type]
}

for (const version of FHIR_VERSIONS)
  t.test(
    `${version}: the JSON name of every choice element leads to the element with its type`,
    async (t) => {
      const tree = elementTree(version)
      let count = 0
      for (const [resource, key, name, type] of elementsOf(tree)) {
        if (key === name) continue
        count++
        const { suggestion = '' } = faultOf(`${resource.name}.${key}`, version) ?? {}
        const reached = suggestion === '' ? [] : placesOf(suggestion, tree)
        if (reached.join() !== `${name}:${type.id}`) t.fail(`${resource.name}.${key}: ${suggestion}`)
      }
      t.ok(count > 100, `${count} choices`)
    },
  )

const slips = (name: string): readonly string[] => [
  `${name.slice(0, 2)}${name.charAt(3)}${name.charAt(2)}${name.slice(4)}`,
  name.toUpperCase(),
  name.slice(0, -1),
]

for (const version of FHIR_VERSIONS)
  t.test(
    `${version}: a slip in any name of at least six letters leads back to it or to as near a one`,
    async (t) => {
      const tree = elementTree(version)
      let right = 0
      let count = 0
      let at = 0
      for (const [resource, key, name] of elementsOf(tree)) {
        if (key !== name || name.length < 6 || at++ % 7 !== 0) continue
        for (const slip of slips(name)) {
          if ([...resource.members.values()].some((member) => member.name === slip)) continue
          count++
          const fault = faultOf(`${resource.name}.${slip}`, version)
          if (fault === undefined) t.fail(`${resource.name}.${slip} has no finding`)
          if (fault?.suggestion === `${resource.name}.${name}`) right++
          else if (fault?.suggestion === undefined) t.fail(`${resource.name}.${slip} has no advice`)
        }
      }
      t.ok(right / count > 0.98, `${right} of ${count}`)
    },
  )
