import t from 'tap'
import { createLineAnonymizerSync } from '../../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../../src/anonymizer/output.js'
import { specOf } from '../../support/spec-of.js'

const CONTEXT = { item: 'x', record: 0, baseOffset: 0, dateShiftPrefix: '' }

function outcome(config: object, flags: object, line: string): string {
  const anonymizer = createLineAnonymizerSync({ ...specOf(config), ...flags })
  const out = new Output()
  const source = Buffer.from(line)
  const rejection = anonymizer.anonymizeLine(source, { start: 0, end: source.length }, CONTEXT, out)
  t.equal(rejection === undefined, out.length > 0, 'a rejected line leaves nothing in the output')
  return rejection?.code ?? out.bytes.toString('utf8', 0, out.length)
}

const DROPS_NAMES = { fhirVersion: 'R4', fhirPathRules: [{ path: 'Patient.name', method: 'redact' }] }
const HASHES_ACTIVE = {
  fhirVersion: 'R4',
  fhirPathRules: [{ path: 'Patient.active', method: 'cryptoHash' }],
  parameters: { cryptoHashKey: 'k' },
}
const UNKNOWN_IN_NAME = '{"resourceType":"Patient","name":[{"family":"x","nickname":"y"}]}'
const ACTIVE = '{"resourceType":"Patient","active":true}'

t.test('validateInput rejects a fault even in what a rule drops', async (t) => {
  t.match(outcome(DROPS_NAMES, {}, UNKNOWN_IN_NAME), /REDACTED/)
  t.equal(outcome(DROPS_NAMES, { validateInput: true }, UNKNOWN_IN_NAME), 'NOT_VALID')
  t.match(outcome(DROPS_NAMES, { validateInput: true }, ACTIVE), /active/)
})

t.test('validateOutput rejects a line whose element got a value of another kind', async (t) => {
  t.match(outcome(HASHES_ACTIVE, {}, ACTIVE), /CRYTOHASH/)
  t.equal(outcome(HASHES_ACTIVE, { validateOutput: true }, ACTIVE), 'NOT_VALID')
  t.match(outcome(DROPS_NAMES, { validateOutput: true }, UNKNOWN_IN_NAME), /REDACTED/)
})
