import t from 'tap'
import { withDeletionRules } from '../../src/anonymizer/deletion-rules.js'
import { createLineAnonymizerSync } from '../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../src/anonymizer/output.js'
import { type Json, KEYS } from '../support/rules.js'
import { specOf } from '../support/spec-of.js'

const specWith = (...fhirPathRules: readonly Json[]) =>
  specOf({ fhirVersion: 'R4', fhirPathRules, parameters: KEYS })
const REDACT_ALL = { path: 'Resource', method: 'redact' }

function outputOf(spec: ReturnType<typeof specWith>, line: string): Json {
  const anonymizer = createLineAnonymizerSync(withDeletionRules(spec))
  const out = new Output()
  const source = Buffer.from(line)
  const context = { item: 'deleted', record: 0, baseOffset: 0, dateShiftPrefix: '' }
  const rejection = anonymizer.anonymizeLine(source, { start: 0, end: source.length }, context, out)
  if (rejection !== undefined) throw new Error(rejection.message)
  return JSON.parse(out.bytes.toString('utf8', 0, out.length)) as Json
}

t.test('a deletion names the resource as its delivery did: by the hash of its id', async (t) => {
  const spec = specWith({ path: "nodesByType('Reference').reference", method: 'cryptoHash' }, REDACT_ALL)
  const deletion = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [{ request: { method: 'DELETE', url: 'Patient/p1' } }],
  }
  const delivered = { resourceType: 'Observation', subject: { reference: 'Patient/p1' } }
  const { entry } = outputOf(spec, JSON.stringify(deletion))
  const { subject } = outputOf(spec, JSON.stringify(delivered)) as { readonly subject: Json }
  t.same(entry, [{ request: { method: 'DELETE', url: subject.reference } }])
  t.match(String(subject.reference), /^Patient\/[0-9a-f]{64}$/)
})

t.test('other requests of a Bundle are left to the rules of the configuration', async (t) => {
  const spec = specWith({ path: "nodesByType('Reference').reference", method: 'cryptoHash' }, REDACT_ALL)
  const update = { resourceType: 'Bundle', entry: [{ request: { method: 'PUT', url: 'Patient/p1' } }] }
  t.equal(outputOf(spec, JSON.stringify(update)).entry, undefined)
})

t.test(
  'the rule for ids decides where none is for references, and without both nothing is added',
  async (t) => {
    const rulesOf = (...rules: readonly Json[]) => withDeletionRules(specWith(...rules)).rules
    t.match(rulesOf({ path: 'Resource.id', method: 'encrypt' }, REDACT_ALL).slice(2), [
      { method: 'encrypt', goesFirst: true, number: 3 },
      { method: 'encrypt', goesFirst: true, number: 4 },
      { method: 'keep', goesFirst: true, number: 5 },
    ])
    t.equal(rulesOf(REDACT_ALL, { path: 'Patient.id', method: 'cryptoHash' }).length, 2)
  },
)
