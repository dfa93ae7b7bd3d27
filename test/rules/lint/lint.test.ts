// Holds src/rules/lint/lint.ts, src/rules/lint/findings/costs.ts, src/rules/lint/judge/judge.ts, src/rules/lint/judge/binary.ts,
// src/rules/lint/judge/equality.ts, src/rules/lint/judge/verdict.ts, src/rules/lint/judge/outcome.ts,
// src/rules/lint/judge/faults.ts, src/rules/lint/findings/messages.ts, src/rules/lint/findings/cover.ts,
// src/rules/lint/findings/precedence.ts, src/rules/lint/advice/nearest-name.ts,
// src/rules/lint/elements/place.ts, src/rules/lint/elements/name-list.ts,
// src/rules/lint/elements/bindings.ts. Holds
// src/config/anonymizer/date-shift-checks.ts.

import t from 'tap'
import { judgeConfig } from '../../../src/config/anonymizer/configuration.js'
import { parseConfigText } from '../../../src/config/anonymizer/configuration-file.js'
import { elementTree } from '../../../src/fhir/elements.js'
import type { FhirVersion } from '../../../src/fhir/version.js'
import { editDistance, nearestName } from '../../../src/rules/lint/advice/nearest-name.js'
import type { Finding } from '../../../src/rules/lint/lint.js'
import { lintRules } from '../../support/lint-rules.js'
import { readShared, skipWithoutShared } from '../../support/shared.js'

const lint = (paths: readonly string[], version: FhirVersion = 'R4', method = 'redact'): Finding[] =>
  lintRules(
    paths.map((path, index) => ({ number: index + 1, path, method })),
    elementTree(version),
  )

const NEVER: readonly (readonly [path: string, advice: string])[] = [
  ['HealthcareService.notAvaliable.description', 'HealthcareService.notAvailable.description'],
  ['Observation.valueQuantity', 'Observation.value.ofType(Quantity)'],
  ['Patient.nmae', 'Patient.name'],
  ['Patinet.name', 'Patient.name'],
  ['HumanName.family', "nodesByType('HumanName').family"],
  ["nodesByType('HumanNames')", "nodesByType('HumanName')"],
  ["nodesByName('birthdate')", "nodesByName('birthDate')"],
  ["nodesByType('HumanName').famly", "nodesByType('HumanName').family"],
  ['Observation.value as Addres', 'no type "Addres"'],
  ["Patient.contact.where(gender = 'male').phone", 'no element "phone"'],
  ["Patient.nodesByType('Narative')", "Patient.nodesByType('Narrative')"],
  ['Patient.birthDate.day', 'no element "day"'],
]

for (const [path, advice] of NEVER)
  t.test(`a rule that can never match is found, with advice: ${path}`, async (t) => {
    const [finding, ...others] = lint([path]).filter(
      ({ code }) => code !== 'not-compiled' && code !== 'looks-ahead',
    )
    t.match(finding, { rule: 1, code: 'never-matches' })
    t.ok(finding?.message.includes(advice), `${finding?.message}`)
    t.same(others, [])
  })

const REACHING = [
  'Patient',
  'Resource',
  'Resource.id',
  'DomainResource.text',
  'Patient.name.given',
  'Patient.deceased as dateTime',
  'Observation.value.ofType(Quantity).unit',
  'Bundle.entry.resource.name',
  'Bundle.entry.resource.Patient.name',
  'Patient.contained.Observation.value',
  'Patient.birthDate.extension',
  "Patient.extension('http://example.org').value",
  "nodesByType('Patient')",
  "nodesByName('contained')",
  "nodesByType('Address').postalCode",
  "nodesByType('HumanName').where(use = 'official').family",
  'Patient.descendants()',
  'Questionnaire.item.item.item.text',
  '(Patient.name as HumanName).family',
]

t.test('rules that can match are not reported', async (t) => {
  for (const path of REACHING)
    t.same(
      lint([path], 'R4', 'keep').filter(({ code }) => code !== 'not-compiled' && code !== 'looks-ahead'),
      [],
      path,
    )
})

t.test('what exists depends on the FHIR version', async (t) => {
  t.same(lint(['Invoice.cancelledReason'], 'R4'), [])
  t.match(lint(['Invoice.cancelledReason'], 'STU3'), [{ code: 'never-matches' }])
})

const SHADOWED: readonly (readonly [name: string, paths: readonly string[], by: string | undefined])[] = [
  ['the same path', ['Patient.name', 'Patient.name'], 'rule 1'],
  ['a child of a claimed element', ['Patient.contact', 'Patient.contact.name.family'], 'rule 1'],
  ['a parent of a claimed element', ['Patient.contact.name', 'Patient.contact'], undefined],
  ['an element whose type is claimed', ["nodesByType('HumanName')", 'Patient.name.given'], 'rule 1'],
  ['a part of a claimed type', ["nodesByType('HumanName')", "nodesByType('HumanName').family"], 'rule 1'],
  [
    'a type whose part is claimed',
    ["nodesByType('HumanName').family", "nodesByType('HumanName')"],
    undefined,
  ],
  ['a name that is claimed', ["nodesByName('photo')", 'Patient.photo.url'], 'rule 1'],
  ['anything after a whole resource', ['Resource', "nodesByType('HumanName')"], 'rule 1'],
  ['one type after another whole resource', ['Observation', 'Patient.name'], undefined],
  ['any resource after one whole resource', ['Patient', 'Resource.id'], undefined],
  ['an element that a condition may claim', ["Patient.name.where(use = 'old')", 'Patient.name'], undefined],
  ['an element of which the first is claimed', ['Patient.name[0]', 'Patient.name'], undefined],
  ['a child resource in a claimed element', ['Bundle.entry', 'Bundle.entry.resource'], undefined],
  ['a part of a child resource', ["nodesByType('Narrative')", 'Claim.contained.text'], undefined],
  ['a part of a child resource, twice', ['Claim.contained.text', 'Claim.contained.text.div'], 'rule 1'],
  ['one type of a choice', ['Observation.value', 'Observation.value as Quantity'], 'rule 1'],
  [
    'a choice of which one type is claimed',
    ['Observation.value as Quantity', 'Observation.value'],
    undefined,
  ],
  [
    'a choice that two rules claim together',
    ['Patient.deceased as boolean', 'Patient.deceased as dateTime', 'Patient.deceased'],
    'rules 1, 2',
  ],
]

for (const [name, paths, by] of SHADOWED)
  t.test(`${by === undefined ? 'not shadowed' : 'shadowed'}: ${name}`, async (t) => {
    const shadowed = lint(paths).filter((finding) => finding.code === 'shadowed')
    if (by === undefined) t.same(shadowed, [])
    else t.match(shadowed, [{ rule: paths.length, message: by }])
  })

t.test('a union is reported, as the original treats equal values in it otherwise', async (t) => {
  t.match(lint(['Patient.name | Patient.telecom']), [{ rule: 1, code: 'union' }])
  t.notMatch(lint(["Patient.name.where(use = 'a|b')"]), [{ code: 'union' }])
})

t.test('a part of a union that can never match is reported', async (t) => {
  t.match(lint(['Patient.name | Practitioner.telecom'])[0], {
    code: 'partly-never-matches',
    message: 'no element "Practitioner"',
  })
})

t.test('as after a union is reported as a surprise, unless parentheses say what is meant', async (t) => {
  const kinds = (path: string) => lint([path]).map((finding) => finding.code)
  t.ok(kinds('Observation.value | Observation.effective as dateTime').includes('precedence'))
  t.notOk(kinds('(Observation.value | Observation.effective) as dateTime').includes('precedence'))
  t.notOk(kinds('Observation.value | (Observation.effective as dateTime)').includes('precedence'))
})

t.test('a rule that looks at values is reported with what it costs, by type', async (t) => {
  const found = (...paths: readonly string[]) => lint(paths).map(({ code, message }) => `${code}: ${message}`)
  t.same(found("Patient.name.where(use = 'official')"), ['looks-ahead: Patient lines take barely longer'])
  t.same(found("Resource.meta.tag.where(code = 'x')"), [
    'looks-ahead: lines of every resource type take barely longer',
  ])
  t.same(found("Patient.name.where(use.lower() = 'official')"), [
    'not-compiled: Patient lines take several times as long where the rule meets an element',
  ])
  t.same(found('Patient.name[0].family'), [
    'not-compiled: Patient lines go to the interpreter where the rule may select something',
  ])
  t.same(found('Patient.where(%context.active).name'), [
    'not-compiled: Patient lines all go to the interpreter',
  ])
  const changed = lint(["nodesByType('code')", "Patient.name.where(use = 'old')"])
  t.match(changed, [{ rule: 2, code: 'not-compiled', message: /go to the interpreter/ }])
  t.same(lint(['Observation.value as Quantity', "nodesByType('HumanName').family"]), [])
})

const EFFECTS: readonly (readonly [method: string, path: string, code: string | undefined])[] = [
  ['generalize', 'Patient.gender', undefined],
  ['generalize', 'Patient.name', 'fails'],
  ['generalize', 'Observation.value', 'partly-fails'],
  ['dateShift', 'Patient.birthDate', undefined],
  ['dateShift', 'Patient.contact', undefined],
  ['dateShift', 'Patient.gender', 'no-effect'],
  ['perturb', 'Observation.value as Quantity', undefined],
  ['perturb', 'Patient.multipleBirth', undefined],
  ['perturb', 'Patient.birthDate', 'no-effect'],
]

for (const [method, path, code] of EFFECTS)
  t.test(`${method} on ${path}: ${code ?? 'as expected'}`, async (t) => {
    const kinds = lint([path], 'R4', method).map((finding) => finding.code)
    t.same(kinds, code === undefined ? [] : [code])
  })

t.test('the nearest name is one that a slip of the hand makes, not just any', async (t) => {
  t.equal(nearestName('notAvaliable', ['available', 'notAvailable']), 'notAvailable')
  t.equal(nearestName('xyz', ['name', 'contact']), undefined)
  t.equal(editDistance('ab', 'ba'), 1)
  t.equal(editDistance('kitten', 'sitting'), 3)
})

const SAMPLE = 'golden/r4-sample-config.json'
t.test(
  "the original's R4 sample: its one rule that never matches is found and nothing else",
  { skip: skipWithoutShared(SAMPLE) },
  async (t) => {
    const { checked } = judgeConfig(parseConfigText(readShared(SAMPLE), SAMPLE), { allowWeakKeys: true })
    t.match(lintRules(checked?.spec.rules ?? [], elementTree('R4')), [{ rule: 23, code: 'never-matches' }])
  },
)
