// Holds src/fhir/r4b-model.ts, src/fhir/r4b-elements.ts.
import t from 'tap'
import { createAnonymizer } from '../../src/index.js'

const keep = (fhirVersion: string) =>
  createAnonymizer({ fhirVersion, fhirPathRules: [{ path: 'Resource', method: 'keep' }] })

// Resource, whether R4 accepts it, whether R4B does (source: the StructureDefinitions of both).
const LINES: readonly (readonly [line: string, r4: boolean, r4b: boolean])[] = [
  ['{"resourceType":"Patient","id":"a","name":[{"family":"b"}]}', true, true],
  ['{"resourceType":"SubscriptionTopic","url":"u","resourceTrigger":[{"resource":"Patient"}]}', false, true],
  ['{"resourceType":"SubstanceDefinition","name":[{"name":"n","synonym":[{"name":"m"}]}]}', false, true],
  [
    '{"resourceType":"SubstanceDefinition","structure":{"molecularWeight":{"amount":{"value":1}}}}',
    false,
    true,
  ],
  [
    '{"resourceType":"SubstanceDefinition","structure":{"molecularWeight":[{"amount":{"value":1}}]}}',
    false,
    false,
  ],
  ['{"resourceType":"Ingredient","substance":{"strength":[{"presentationRatioRange":{}}]}}', false, true],
  ['{"resourceType":"NutritionProduct","category":[{"text":"c"}]}', false, true],
  ['{"resourceType":"Evidence","citeAsMarkdown":"c"}', false, true],
  ['{"resourceType":"Evidence","topic":[{"text":"c"}]}', true, false],
  ['{"resourceType":"EvidenceVariable","type":"continuous"}', true, false],
  ['{"resourceType":"PlanDefinition","subjectCanonical":"c"}', false, true],
  ['{"resourceType":"MedicinalProduct","id":"a"}', true, false],
  ['{"resourceType":"SubstanceSpecification","id":"a"}', true, false],
  [
    '{"resourceType":"Basic","extension":[{"url":"u","valueCodeableReference":{"reference":{}}}]}',
    false,
    true,
  ],
  ['{"resourceType":"Basic","extension":[{"url":"u","valueMeta":{"source":"s"}}]}', true, true],
  ['{"resourceType":"ActorDefinition","id":"a"}', false, false],
]

for (const [version, column] of [
  ['R4', 1],
  ['R4B', 2],
] as const)
  t.test(`${version} accepts what its StructureDefinitions say`, async (t) => {
    const anonymizer = keep(version)
    for (const row of LINES) t.equal(anonymizer.anonymize(row[0]).ok, row[column], row[0])
  })

t.test('a configuration names R4B in any case', async (t) => {
  for (const name of ['R4B', 'r4b']) t.ok(keep(name).anonymize('{"resourceType":"Citation"}').ok)
})

t.test('both engines know the types of R4B', async (t) => {
  const rules = (path: string) => ({ fhirVersion: 'R4B', fhirPathRules: [{ path, method: 'redact' }] })
  const line = '{"resourceType":"SubstanceDefinition","id":"a","name":[{"name":"n"}],"description":"d"}'
  for (const path of [
    'SubstanceDefinition.name.name',
    'SubstanceDefinition.name.where(name = "n").name'.replaceAll('"', "'"),
  ]) {
    const result = createAnonymizer(rules(path)).anonymize(line)
    t.ok(result.ok && !Buffer.from(result.bytes).includes('"n"'), path)
    t.ok(result.ok && Buffer.from(result.bytes).includes('"d"'), path)
  }
})
