import t from 'tap'
import { ChunkEngine } from '../../support/chunk-engine.js'
import { elementAt } from '../../support/elements.js'
import { specOf } from '../../support/spec-of.js'

// Lines of megabytes that would take minutes if each piece of them were looked for from the start. Each takes a second
// at most; the limit is wide because machines are busy.
const LIMIT_MS = 60_000

const RULES = [
  { path: 'Resource.id', method: 'cryptoHash' },
  {
    path: "nodesByType('Identifier').where(type.coding.where(code = 'MR').exists()).value",
    method: 'cryptoHash',
  },
  { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
  { path: "nodesByType('instant')", method: 'dateShift' },
  { path: "nodesByType('HumanName')", method: 'redact' },
]

const patient = (members: string): string => `{"resourceType":"Patient",${members}}`
const bundle = (entries: readonly string[], more = ''): string =>
  `{"type":"collection","entry":[${entries.join()}]${more},"resourceType":"Bundle"}`
const entry = (resource: string): string =>
  `{"resource":${resource},"response":{"lastModified":"2001-01-01T00:00:00Z"}}`
const many = (piece: string): readonly string[] => Array<string>(15_000).fill(piece)
const observation = '{"resourceType":"Observation","issued":"2001-01-01T00:00:00Z"}'

const LINES: Readonly<Record<string, () => string>> = {
  'a string of escapes': () => patient(`"language":"${'\\u0041'.repeat(500_000)}"`),
  'a string of escaped white space': () => patient(`"language":"${'\\u0020'.repeat(500_000)}x"`),
  'white space between tokens': () => patient(`"active":${' \t'.repeat(1_500_000)}true`),
  'many elements that a criterion decides': () =>
    patient(`"identifier":[${many('{"system":"s","value":"v","type":{"coding":[{"code":"MR"}]}}').join()}]`),
  'contained resources that end with their type': () =>
    patient(`"contained":[${many('{"id":"o","resourceType":"Organization"}').join()}]`),
  'a Bundle without id': () => bundle(many(entry(observation))),
  'a Bundle that ends with its id': () => bundle(many(entry(observation)), ',"id":"b"'),
  'a Bundle of resources that are labelled': () =>
    bundle(many(entry(patient('"id":"a","meta":{"security":[{"code":"R"}]},"name":[{"family":"y"}]')))),
  'Bundles in Bundles that end with their type': () => {
    let line = patient(`"id":"x","language":"${'q'.repeat(500_000)}"`)
    for (let depth = 0; depth < 60; depth++) line = bundle([entry(line)])
    return line
  },
  'a line that is broken at its end': () => patient(`"address":[${many('{"city":"x"}').join()}`).slice(0, -1),
  'lines that break off': () => many('{"resourceType":"Patient","meta":{"security":[{').join('\n'),
}

for (const dateShiftScope of ['resource', 'patient']) {
  const parameters = { cryptoHashKey: 'k', dateShiftKey: 'k', dateShiftScope }
  const spec = specOf({ fhirVersion: 'R4', fhirPathRules: RULES, parameters })
  t.test(`${dateShiftScope}: the time for a line grows with its length only`, async (t) => {
    for (const [name, make] of Object.entries(LINES)) {
      const engine = new ChunkEngine(spec, 'automatic')
      const line = make()
      const begun = performance.now()
      const { lines, delivered, rejections } = engine.run(line)
      t.ok(performance.now() - begun < LIMIT_MS, name)
      t.equal(delivered + rejections.length, lines)
      if (rejections.length > 0) t.equal(elementAt(rejections, 0).code, 'INVALID_JSON', name)
    }
  })
}
