import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseConfigText } from '../../../../src/config/anonymizer/configuration-file.js'
import { elementTree } from '../../../../src/fhir/elements.js'
import { createAnonymizer } from '../../../../src/index.js'
import { uncovered } from '../../../../src/rules/lint/findings/coverage.js'
import { canariesIn, placeText, plantResource, resourceTypes } from '../../../presets/planting.js'
import { projectRoot } from '../../../support/shared.js'

const R4 = elementTree('R4')
const of = (...paths: readonly string[]) => uncovered(paths, R4)
const codes = (...paths: readonly string[]): string[] => of(...paths).map(({ code }) => code)

t.test('each kind that no rule reaches is one warning with places and advice', async (t) => {
  const found = of('Patient.gender')
  t.same(
    found.map(({ code }) => code),
    [
      'unreached-names',
      'unreached-identifiers',
      'unreached-telecoms',
      'unreached-addresses',
      'unreached-narratives',
      'unreached-attachments',
      'unreached-dates',
      'unreached-texts',
      'unreached-types',
    ],
  )
  t.match(found[0]?.message, 'Patient.name, Patient.contact.name')
  for (const { message } of found) t.match(message, '{"path": "Resource", "method": "redact"}')
})

const REACHED: readonly (readonly [code: string, paths: readonly string[]])[] = [
  ['unreached-names', ["nodesByType('HumanName')"]],
  ['unreached-names', ['Patient.name', 'Patient.contact.name']],
  ['unreached-names', ["nodesByName('name')"]],
  ['unreached-names', ["Patient.name.where(use = 'old')", 'Patient.contact']],
  ['unreached-telecoms', ["nodesByType('ContactPoint')", 'Patient.gender']],
  ['unreached-narratives', ['Patient.text']],
  ['unreached-narratives', ["nodesByType('Narrative')"]],
  ['unreached-attachments', ['Patient.photo']],
  ['unreached-addresses', ['Patient.descendants().where($this is Address)']],
  ['unreached-dates', ["nodesByType('date')", "nodesByType('dateTime')", "nodesByType('instant')"]],
  ['unreached-types', ['Resource.id']],
]

for (const [code, paths] of REACHED)
  t.test(`${paths.join(', ')}: no ${code}`, async (t) => {
    t.notOk(codes(...paths).includes(code))
  })

t.test('a redact of everything else leaves nothing to warn of', async (t) => {
  for (const path of ['Resource', 'DomainResource.where(true) | Resource'])
    t.same(
      codes('Patient.name', path).filter((code) => path === 'Resource' || code === 'unreached-names'),
      [],
      path,
    )
})

const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')

t.test('the README says on its first screen that what no rule reaches is kept', async (t) => {
  t.match(readme.split('\n').slice(0, 10).join('\n'), 'What no rule reaches is kept')
})

/** What the example of the README keeps on purpose, or hashes. */
const KEPT = new Set([
  'Patient.gender(code)',
  'Observation.status(code)',
  'Observation.code(CodeableConcept).coding(Coding).system(uri)',
  'Observation.code(CodeableConcept).coding(Coding).code(code)',
  'Observation.value(Quantity).value(decimal)',
])

t.test('the example of the README leaves no canary but in what it keeps', async (t) => {
  const example = /```jsonc\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const config = parseConfigText(example, 'README.md') as { parameters: object }
  const keys = {
    cryptoHashKey: 'a key for hashes of 32 characters',
    dateShiftKey: 'a key for dates of 32 characters.',
  }
  const parameters = { ...config.parameters, ...keys }
  const anonymizer = createAnonymizer({ ...config, parameters }, { asOf: '2026-11-21' })
  let planted = 0
  const left = new Set<string>()
  for (const type of resourceTypes(R4))
    for (const planting of ['values', 'siblings'] as const) {
      const { line, places } = plantResource(type, planting)
      planted += places.size
      const result = anonymizer.anonymize(line)
      if (!result.ok) {
        t.fail(`${type.name}: ${result.code} ${result.message}`)
        continue
      }
      for (const canary of canariesIn(Buffer.from(result.bytes).toString('utf8'))) {
        const place = places.get(canary)
        left.add(place === undefined ? canary : placeText(place))
      }
    }
  t.ok(planted > 10_000, `${planted} canaries`)
  t.same(
    [...left].filter((place) => !KEPT.has(place)),
    [],
  )
  t.ok(left.size > 0, 'what it keeps is there')
})
