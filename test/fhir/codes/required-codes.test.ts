// Holds src/fhir/codes/required-codes.ts, src/fhir/codes/required-lists.ts.
import t from 'tap'
import { codeVerdicts } from '../../../src/fhir/codes/code-verdicts.js'
import { acceptsRequired } from '../../../src/fhir/codes/required-codes.js'
import { hasForm, isBound, requiredList } from '../../../src/fhir/codes/required-lists.js'
import { FHIR_VERSIONS, type FhirVersion } from '../../../src/fhir/version.js'

const accepts = (element: string, code: string, version: FhirVersion = 'R4'): boolean =>
  codeVerdicts({ allow: [], grammar: true }, version).code(element, code)

t.test('an element with a required binding holds only its codes', async (t) => {
  for (const version of FHIR_VERSIONS) {
    t.strictSame(requiredList('Patient.gender', version), ['male', 'female', 'other', 'unknown'], version)
    t.ok(accepts('Patient.contact.gender', 'female', version), version)
    t.notOk(accepts('Patient.gender', 'Male', version), 'codes are case-sensitive')
    t.notOk(accepts('Observation.status', 'John Smith 617-555-0199', version))
  }
})

t.test('each version has its own codes', async (t) => {
  t.ok(accepts('Encounter.status', 'finished', 'R4'))
  t.notOk(accepts('Encounter.status', 'finished', 'R5'))
  t.ok(accepts('Encounter.status', 'completed', 'R5'))
  t.ok(accepts('DetectedIssue.status', 'amended', 'R4'))
  t.ok(accepts('DetectedIssue.status', 'mitigated', 'R5'))
  t.ok(accepts('Claim.use', 'complete', 'STU3'))
})

t.test('elements bound to systems without a list are held to a form', async (t) => {
  t.ok(accepts('Attachment.contentType', 'text/plain; charset=utf-8'))
  t.notOk(accepts('Attachment.contentType', 'text/plain; name="John Smith.txt"'))
  t.notOk(accepts('Attachment.contentType', 'John Smith'))
  t.ok(hasForm(requiredList('Money.currency', 'R4') ?? []))
  t.ok(accepts('Money.currency', 'USD'))
  t.notOk(accepts('Money.currency', 'JOE'))
  t.ok(accepts('SampledData.intervalUnit', 'ms', 'R5'))
  t.notOk(accepts('SampledData.intervalUnit', 'John', 'R5'))
  for (const version of FHIR_VERSIONS) {
    t.ok(accepts('Patient.language', 'pt-BR', version), version)
    t.notOk(accepts('Patient.language', 'pt-BR-x-john-smith', version), version)
  }
  t.ok(accepts('Expression.language', 'text/cql'))
  t.ok(accepts('Expression.language', 'application/javascript'))
})

t.test('other elements hold what has the form of a code', async (t) => {
  t.equal(acceptsRequired('Extension.value', 'R4'), undefined)
  t.notOk(isBound('Extension.value', 'R4'))
  t.ok(isBound('Patient.gender', 'R4') && isBound('Patient.language', 'R4'))
  t.ok(accepts('Extension.value', 'F'))
  t.notOk(accepts('Extension.value', 'SMITH JOHN MRN 4242'))
  t.ok(codeVerdicts({ allow: [], grammar: false }, 'R4').code('Extension.value', 'SMITH JOHN'))
  t.notOk(codeVerdicts({ allow: [], grammar: false }, 'R4').code('Patient.gender', 'SMITH JOHN'))
})
