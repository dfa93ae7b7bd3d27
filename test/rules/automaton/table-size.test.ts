// Holds src/rules/automaton/table-size.ts, src/rules/lint/findings/large-tables.ts.
import t from 'tap'
import { elementTree } from '../../../src/fhir/elements.js'
import { present } from '../../../src/invariant.js'
import { Automaton } from '../../../src/rules/automaton/automaton.js'
import { compilePath } from '../../../src/rules/automaton/steps.js'
import { MAX_TABLE_BYTES, takesMoreThan } from '../../../src/rules/automaton/table-size.js'
import { tableFindings } from '../../../src/rules/lint/findings/large-tables.js'
import { parseRulePath } from '../../../src/rules/path/rule-path.js'

const { resources } = elementTree('R4')
const PATIENT = present(resources.get('Patient'), 'Patient')

/** Each rule may have found its extension or not, and its type or not: every one doubles the tables. */
const NESTED = 'Coding Identifier Period Reference Quantity Age HumanName Address Range Timing Ratio Money'
  .split(' ')
  .map((type) => `nodesByName('extension').nodesByType('${type}').nodesByName('id')`)

const automatonOf = (paths: readonly string[]): Automaton =>
  new Automaton(
    paths.map((path, k) => ({
      number: k + 1,
      paths: compilePath(parseRulePath(path)) ?? [],
      effect: 'values' as const,
    })),
  )

t.test('tables are counted until they pass the limit', async (t) => {
  t.notOk(
    takesMoreThan(automatonOf(['Patient.name', "nodesByType('Coding').code"]), PATIENT, MAX_TABLE_BYTES),
  )
  t.notOk(takesMoreThan(automatonOf(NESTED.slice(0, 4)), PATIENT, 2 ** 20))
  t.ok(takesMoreThan(automatonOf(NESTED.slice(0, 7)), PATIENT, 2 ** 20))
  t.ok(takesMoreThan(automatonOf([]), PATIENT, 100))
})

t.test('lint names the rules that together need too many tables', async (t) => {
  const found = (paths: readonly string[]) =>
    tableFindings(
      paths.map((path, k) => ({ number: k + 1, path: parseRulePath(path) })),
      elementTree('R4'),
      2 ** 20,
    )
  t.same(found(['Patient.name', ...NESTED.slice(0, 5)]), [])
  const [finding, ...others] = found(['Patient.name', ...NESTED.slice(0, 7)])
  t.same(others, [])
  t.match(finding, {
    rule: 8,
    code: 'large-tables',
    message: /^rules 2, 3, 4 and 4 more together need more than 1 MiB of tables$/,
  })
})
