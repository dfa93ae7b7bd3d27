import t from 'tap'
import { createAnonymizer } from '../../../src/index.js'
import { literalSet } from '../../../src/rules/evaluate/literal-set.js'
import { parseExpression } from '../../../src/rules/path/parser.js'

t.test('a union of texts is a set, each text once; any other expression is none', async (t) => {
  const textsOf = (expression: string) => {
    const texts = literalSet(parseExpression(expression))?.texts
    return texts && [...texts]
  }
  t.same(textsOf("'a' | 'b' | 'a' | ''"), ['a', 'b', ''])
  for (const other of ["'a'", "'a' | use", "use | 'a'", "'a' | 1", "('a' | 1) | 'b'", "'a' & 'b'", 'true'])
    t.equal(textsOf(other), undefined, other)
})

t.test('a list of a thousand codes takes few steps on each of a thousand elements', async (t) => {
  const codes = Array.from({ length: 1_000 }, (_, k) => `'c${k}'`).join(' | ')
  const name = Array.from({ length: 1_000 }, (_, k) => ({ family: k % 2 === 0 ? `c${k}` : `d${k}` }))
  // The lower-case name leaves the line to the interpreter.
  const path = `Patient.name.where(family in (${codes}) or family.lower() = 'x')`
  const rules = { fhirVersion: 'R4', fhirPathRules: [{ path, method: 'redact' }], parameters: {} }
  const result = createAnonymizer(rules).anonymize(JSON.stringify({ resourceType: 'Patient', name }))
  t.ok(result.ok)
  const out = JSON.parse(result.ok ? Buffer.from(result.bytes).toString() : '{}') as {
    name: { family: string }[]
  }
  t.equal(out.name.length, 500)
  t.ok(out.name.every(({ family }) => family.startsWith('d')))
})
