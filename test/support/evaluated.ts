import type { Test } from 'tap'
import { parseExpression } from '../../src/rules/path/parser.js'
import type { Given } from './hl7-fhirpath.js'
import { ownGiven } from './own-fhirpath.js'

/** A patient for examples of expressions. */
const EXAMPLE = JSON.stringify({
  resourceType: 'Patient',
  id: 'p1',
  active: true,
  gender: 'female',
  birthDate: '1990-05-01',
  multipleBirthInteger: 2,
  name: [
    { use: 'official', family: 'Nagy', given: ['Ann', 'Bea'] },
    { use: 'usual', family: 'Nagy', given: ['Cleo'], extension: [{ url: 'http://x', valueString: 'e' }] },
  ],
  contained: [{ resourceType: 'Organization', id: 'o1', name: 'Clinic' }],
})

/** What an expression gives on the example: `number 5`, `text a`, `boolean true`, `date …`, `element …`. */
const evaluated = (text: string): Given => ownGiven(parseExpression(text), EXAMPLE)

/** Each expression with what it gives, items separated by commas; '' for nothing, `failed` where it fails. */
export function checkEvaluated(t: Test, rows: Readonly<Record<string, string>>): void {
  for (const [text, expected] of Object.entries(rows)) {
    const given = evaluated(text)
    t.equal(given === 'failed' ? given : given.join(', '), expected, text)
  }
}
