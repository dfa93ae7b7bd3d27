// Holds src/rules/automaton/predicates/compile.ts, src/rules/automaton/predicates/certainty.ts,
// src/rules/automaton/predicates/literal-test.ts, src/rules/automaton/predicates/path.ts,
// src/rules/automaton/predicates/predicate.ts.
import t from 'tap'
import { elementTree } from '../../../../src/fhir/elements.js'
import { present } from '../../../../src/invariant.js'
import { compilePredicate } from '../../../../src/rules/automaton/predicates/compile.js'
import {
  joined,
  negated,
  type Predicate,
  type Truth,
  visitReads,
} from '../../../../src/rules/automaton/predicates/predicate.js'
import { parseExpression } from '../../../../src/rules/path/parser.js'

const tree = elementTree('R4')

function compiled(criterion: string, typeName: string): Predicate | undefined {
  const type = present(tree.resources.get(typeName) ?? tree.dataTypes.get(typeName), 'a type')
  return compilePredicate(parseExpression(criterion), type)
}

/** `bytes` or the `evaluator` decide it, a truth known without data, or undefined for what needs the interpreter. */
function howDecided(criterion: string, typeName: string): How {
  const predicate = compiled(criterion, typeName)
  if (predicate?.kind === 'constant') return predicate.truth
  if (predicate?.kind !== 'criterion') return predicate && 'bytes'
  return predicate.mayFail ? 'evaluator, or fails' : 'evaluator'
}

type How = Truth | 'bytes' | 'evaluator' | 'evaluator, or fails' | undefined

t.test('a criterion is decided by bytes, known at once, unsure, or left to the interpreter', async (t) => {
  const rows: readonly (readonly [criterion: string, type: string, How])[] = [
    ["use = 'old'", 'HumanName', 'bytes'],
    ["'old' = use", 'HumanName', 'bytes'],
    ["use != 'old' and family.exists()", 'HumanName', 'bytes'],
    ["type.coding.where(system = 's' and code = 'c').exists()", 'Identifier', 'bytes'],
    ["type.coding.exists(system = 's' and code = 'c').not()", 'Identifier', 'bytes'],
    ["use in ('old' | 'maiden')", 'HumanName', 'bytes'],
    ["given contains 'Anna'", 'HumanName', 'bytes'],
    ["'Anna' in given", 'HumanName', 'bytes'],
    ["url.startsWith('http://x/')", 'Extension', 'bytes'],
    ["value.ofType(Coding).code = 'x'", 'Extension', 'bytes'],
    ["extension('http://x').exists()", 'Extension', 'bytes'],
    ["$this = 'x'", 'string', 'bytes'],
    ['active', 'Patient', 'bytes'],
    ['active = true', 'Patient', 'bytes'],
    ['multipleBirth = 2', 'Patient', 'bytes'],
    ['multipleBirth > 2', 'Patient', 'evaluator, or fails'],
    ['$this < 1000000', 'integer', 'bytes'],
    ['1000000 <= $this', 'decimal', 'bytes'],
    ['$this <= -1000000', 'integer', 'bytes'],
    ['value >= 90', 'Quantity', 'bytes'],
    ['$this < 1.5', 'decimal', 'evaluator, or fails'],
    ['$this < 1000000000', 'integer', 'evaluator, or fails'],
    ['$this < 5', 'string', 'evaluator, or fails'],
    ["contact.all(gender = 'male')", 'Patient', 'bytes'],
    ['value is Quantity', 'Observation', 'bytes'],
    ['entry.where(request.exists() and resource.exists()).exists()', 'Bundle', 'bytes'],
    ["usee = 'old'", 'HumanName', 'empty'],
    ['usee.exists()', 'HumanName', 'false'],
    ['usee.exists() or true', 'HumanName', 'true'],
    ["birthDate = '2000-01-01'", 'Patient', 'bytes'],
    ['$this is Patient', 'Patient', 'true'],
    ['$this is Basic', 'Patient', 'false'],
    ["use = 'none' and family.length() > 99", 'HumanName', 'bytes'],
    ['family.length() > 99', 'HumanName', 'evaluator'],
    ['given.count() > 1', 'HumanName', 'evaluator'],
    ['family = use', 'HumanName', 'evaluator'],
    ['given.length() > 9', 'HumanName', 'evaluator, or fails'],
    ["given.startsWith('A')", 'HumanName', 'evaluator, or fails'],
    ["birthDate.startsWith('1')", 'Patient', 'evaluator, or fails'],
    ['birthDate < @1930', 'Patient', 'evaluator, or fails'],
    ['birthDate = @1930-02-30', 'Patient', 'evaluator, or fails'],
    ["%resource.id = 'x'", 'HumanName', undefined],
    ["use = 'old' or %resource.active", 'HumanName', undefined],
    ["family ~ 'x'", 'HumanName', 'evaluator, or fails'],
    ["family.extension('x').exists()", 'HumanName', 'evaluator'],
    ["resource.id = 'x'", 'Bundle', 'empty'],
    ['family.where($this.length() > 9).exists()', 'HumanName', 'bytes'],
    ['family.where(id.empty()).exists()', 'HumanName', 'evaluator'],
    [`${'extension.value.'.repeat(3)}code = 'x'`, 'Patient', 'evaluator'],
  ]
  for (const [criterion, type, how] of rows)
    t.equal(howDecided(criterion, type), how, `${criterion} on ${type}`)
})

t.test('a predicate tells the members that it reads', async (t) => {
  const reads: string[] = []
  const predicate = compiled("type.coding.where(system = 's').code = 'c'", 'Identifier')
  if (predicate !== undefined)
    visitReads(predicate, (path) => reads.push(path.map(({ key }) => key).join('.')))
  t.strictSame(reads, ['type', 'type.coding', 'type.coding.system', 'type.coding.code'])
})

t.test('truths join as in FHIRPath, and what is unsure decides nothing', async (t) => {
  const rows: readonly (readonly [Truth, 'and' | 'or' | 'xor' | 'implies', Truth, Truth])[] = [
    ['true', 'and', 'empty', 'empty'],
    ['false', 'and', 'unsure', 'false'],
    ['true', 'and', 'unsure', 'unsure'],
    ['true', 'or', 'unsure', 'true'],
    ['false', 'or', 'empty', 'empty'],
    ['empty', 'or', 'unsure', 'unsure'],
    ['true', 'xor', 'true', 'false'],
    ['empty', 'xor', 'true', 'empty'],
    ['false', 'implies', 'unsure', 'true'],
    ['empty', 'implies', 'false', 'empty'],
  ]
  for (const [a, connective, b, truth] of rows)
    t.equal(joined(connective, a, b), truth, `${a} ${connective} ${b}`)
  t.strictSame((['true', 'false', 'empty', 'unsure'] as const).map(negated), [
    'false',
    'true',
    'empty',
    'unsure',
  ])
})
