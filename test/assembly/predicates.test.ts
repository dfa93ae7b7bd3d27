// Holds assembly/predicates.ts, assembly/predicate-records.ts, assembly/value-tests.ts,
// src/anonymizer/walk/predicate-records.ts,
// src/anonymizer/walk/criteria.ts.
import { isUtf8 } from 'node:buffer'
import t from 'tap'
import { currentValue } from '../../src/anonymizer/interpreter/node-text.js'
import { Criteria } from '../../src/anonymizer/walk/criteria.js'
import { PredicateRecords } from '../../src/anonymizer/walk/predicate-records.js'
import { elementTree } from '../../src/fhir/elements.js'
import { parseTree } from '../../src/fhir/parse-tree.js'
import type { Tree, TreeNode } from '../../src/fhir/tree.js'
import { FHIR_VERSIONS } from '../../src/fhir/version.js'
import { JsonError } from '../../src/json/scanner.js'
import { compilePredicate } from '../../src/rules/automaton/predicates/compile.js'
import type { Predicate } from '../../src/rules/automaton/predicates/predicate.js'
import { isTrue } from '../../src/rules/evaluate/evaluate.js'
import { EvaluationError } from '../../src/rules/evaluate/evaluation-error.js'
import { resourceScope } from '../../src/rules/evaluate/scope.js'
import type { Expression } from '../../src/rules/expression/expression.js'
import { parseExpression } from '../../src/rules/path/parser.js'
import { assemblyModule } from '../support/assembly-module.js'
import { mutated } from '../support/mutate.js'
import { fuzzSeconds, type Random, seededRandom } from '../support/random.js'
import { randomCriterion } from '../support/random-criterion.js'
import { randomResource } from '../support/random-resource.js'

const ENTRY = `export { beginPredicates, evaluatePredicate } from './assembly/predicates'`

interface Exports {
  beginPredicates(lineBytes: number): void
  evaluatePredicate(predicate: number, at: number): number
}

const PAGE = 1 << 16
const PAGES = 64
const RECORDS_AT = PAGE
const SOURCE_AT = 32 * PAGE
const AS_OF = '2026-11-21'
const VERDICTS = [false, true, 'unsure'] as const
type Verdict = (typeof VERDICTS)[number]

/** Criteria that bytes do not decide, of the version of the current line. */
let criteria = new Criteria(elementTree('R4'), AS_OF)
let sourceEnd = 0
const module = await assemblyModule<Exports>(ENTRY, PAGES, {
  criterion: (number: number, at: number): number => criteria.verdict(number, module.memory, at, sourceEnd),
})
const { exports, memory } = module
const view = new DataView(memory.buffer)

/** Decides one predicate on the value at an offset of the source. */
function verdictOf(predicate: Predicate, source: Buffer, at: number): Verdict {
  let next = RECORDS_AT
  const allocate = (bytes: number): number => {
    const from = next
    next = (next + bytes + 15) & ~15
    memory.fill(0, from, next)
    return from
  }
  const address = new PredicateRecords({ allocate, bytes: memory, view }, (criterion) =>
    criteria.numberOf(criterion),
  ).write(predicate)
  if (address === 0) return 'unsure'
  memory.set(source, SOURCE_AT)
  memory.fill(0, SOURCE_AT + source.length, SOURCE_AT + source.length + 128)
  sourceEnd = SOURCE_AT + source.length
  exports.beginPredicates(source.length)
  return VERDICTS[exports.evaluatePredicate(address, SOURCE_AT + at)] ?? 'unsure'
}

/** The verdict on a whole line of a type, in R4. */
function onLine(criterion: string, line: string): Verdict {
  const source = Buffer.from(line)
  const tree = parseTree(elementTree('R4'), source, 0, source.length)
  const predicate = tree && compilePredicate(parseExpression(criterion), tree.root.type)
  return predicate === undefined ? 'unsure' : verdictOf(predicate, source, 0)
}

const PATIENT = JSON.stringify({
  resourceType: 'Patient',
  active: true,
  multipleBirthInteger: 2,
  name: [
    { use: 'old', family: 'Ödön', given: ['Anna', 'B'] },
    { use: 'usual', given: ['a"b'] },
  ],
  identifier: [
    {
      system: 'urn:s',
      value: '1',
      type: { coding: [{ system: 'http://x/v2', code: 'MR' }, { code: 'SS' }] },
    },
  ],
})

t.test('a predicate decides by the bytes of an element', async (t) => {
  const rows: readonly (readonly [string, Verdict])[] = [
    ['active', true],
    ['active = false', false],
    ['multipleBirth = 2', true],
    ['multipleBirth = 3', false],
    ["name.where(use = 'old').given contains 'Anna'", true],
    ["name.where(use = 'usual').given contains 'Anna'", 'unsure'],
    ["name.exists(family = 'Ödön')", true],
    ["name.family = 'Ödön'", true],
    ["name.use = 'old'", false],
    ["name.all(use in ('old' | 'usual'))", true],
    ["identifier.type.coding.where(system = 'http://x/v2' and code = 'MR').exists()", true],
    ["identifier.type.coding.where(system = 'http://x/v2' and code = 'SS').exists()", false],
    ["identifier.where(system.startsWith('urn:')).value = '1'", true],
    ["identifier.where(system.endsWith('x')).exists()", false],
    ['gender.exists() or contact.exists()', false],
    ["(gender = 'male').not()", false],
    ['gender.empty() and name.given.exists()', true],
  ]
  for (const [criterion, verdict] of rows) t.equal(onLine(criterion, PATIENT), verdict, criterion)
})

t.test('a number is compared with an integer by its bytes', async (t) => {
  const numbers = [
    '-1000000',
    '-3.5',
    '-3',
    '-0.5',
    '-0',
    '0',
    '0.0',
    '2',
    '2.0',
    '2.01',
    '3',
    '999999',
    '6175550199',
  ]
  const integers = [-1_000_000, -3, 0, 2, 999_999]
  const orders: readonly (readonly [string, (a: number, b: number) => boolean])[] = [
    ['<', (a, b) => a < b],
    ['<=', (a, b) => a <= b],
    ['>', (a, b) => a > b],
    ['>=', (a, b) => a >= b],
  ]
  for (const number of numbers)
    for (const integer of integers)
      for (const [operator, holds] of orders) {
        const line = `{"resourceType":"Location","position":{"longitude":${number}}}`
        const criterion = `position.longitude ${operator} ${integer}`
        t.equal(onLine(criterion, line), holds(Number(number), integer), `${number} ${operator} ${integer}`)
        const turned = `${integer} ${operator} position.longitude`
        t.equal(onLine(turned, line), holds(integer, Number(number)), `${integer} ${operator} ${number}`)
      }
  for (const number of ['1e3', '1.5E-2', '1234567890123456789', '"5"'])
    t.equal(
      onLine('position.longitude < 5', `{"resourceType":"Location","position":{"longitude":${number}}}`),
      'unsure',
      number,
    )
  t.equal(onLine('position.longitude < 5', '{"resourceType":"Location"}'), false)
})

t.test('white space counts for nothing, and what may read otherwise is unsure', async (t) => {
  const rows: readonly (readonly [string, Verdict])[] = [
    ['{"resourceType": "Patient" , "name" : [ { "use" : "old" } ] }', true],
    ['{"resourceType":"Patient","name":[{"use":"old","use":"usual"}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"us\\u0065":"old"}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"use":"\\u006fld"}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"use":" old "}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"use":"old\u3000"}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"use":"olds"}]}', false],
    ['{"resourceType":"Patient","name":[{"use":["old"]}]}', 'unsure'],
    ['{"resourceType":"Patient","name":{"use":"old"}}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"use":1}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[null]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"use":""}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{"_use":{"id":"a"}}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[{}]}', 'unsure'],
    ['{"resourceType":"Patient","name":[]}', false],
    ['{"resourceType":"Patient","x":[{"use":"old"}],"name":[{"text":"{\\"use\\":\\"old\\"}"}]}', false],
  ]
  for (const [line, verdict] of rows) t.equal(onLine("name.exists(use = 'old')", line), verdict, line)
})

t.test('a value that ends too early is unsure, wherever it ends', async (t) => {
  const criterion = "identifier.type.coding.where(system = 'http://x/v2' and code = 'SS').exists()"
  const predicate = compilePredicate(
    parseExpression(criterion),
    elementTree('R4').resources.get('Patient') as never,
  )
  const source = Buffer.from(PATIENT)
  for (let end = 1; end < source.length; end++) {
    const verdict = predicate && verdictOf(predicate, source.subarray(0, end), 0)
    if (verdict !== 'unsure') t.fail(`${verdict} at ${end}`)
  }
  t.pass('no byte behind the end was needed')
})

t.test('predicates decide as the evaluator does, or are unsure', async (t) => {
  const random = seededRandom('predicates')
  const tally = { compiled: 0, decided: 0, met: 0, refused: 0 }
  const wrong: string[] = []
  const end = Date.now() + fuzzSeconds() * 1000
  while (Date.now() < end && wrong.length < 5) wrong.push(...oneLine(random, tally))
  console.log(`# fuzz: predicates: ${JSON.stringify(tally)}`)
  for (const finding of wrong) console.log(`# wrong: ${finding}`)
  t.ok(tally.met > 0 && tally.decided > tally.compiled / 4, 'many are decided, and some are met')
  t.equal(wrong.length, 0, `SLUICE_SEED=${random.seed} repeats it`)
})

/** Some random criteria on the elements of a random resource; what differs. */
function oneLine(
  random: Random,
  tally: { compiled: number; decided: number; met: number; refused: number },
): string[] {
  const elements = elementTree(random.pick(FHIR_VERSIONS))
  criteria = new Criteria(elements, AS_OF)
  const type = random.pick(['Patient', 'Observation', 'Bundle', ...elements.resources.keys()])
  const text = randomResource(random, elements, { type, elementCount: random.between(2, 40), faults: 0.2 })
  const source = random.chance(0.2) ? mutated(random, text) : Buffer.from(text)
  if (!isUtf8(source)) return []
  const tree = parsed(() => parseTree(elements, source, 0, source.length))
  if (tree === undefined) return []
  const nodes = nodesOf(tree.root)
  if (nodes.length === 0) return []
  const texts = nodes.flatMap((node) => {
    const value = currentValue(node, source)
    return value?.kind === 'string' ? [value.text] : []
  })
  return Array.from({ length: 30 }, () => oneCriterion(random, { tree, nodes, texts }, tally)).flat()
}

function oneCriterion(
  random: Random,
  {
    tree,
    nodes,
    texts,
  }: { readonly tree: Tree; readonly nodes: readonly TreeNode[]; readonly texts: readonly string[] },
  tally: { compiled: number; decided: number; met: number; refused: number },
): string[] {
  const node = random.pick(nodes)
  const criterion = randomCriterion(random, node.type, texts)
  const expression = parseExpression(criterion)
  const predicate = compilePredicate(expression, node.type)
  if (predicate === undefined) {
    tally.refused++
    return []
  }
  tally.compiled++
  const law = lawOf(expression, node, tree)
  const verdict = verdictOf(predicate, tree.source, node.start)
  if (verdict !== 'unsure') tally.decided++
  if (verdict === true) tally.met++
  // Only a whole criterion may fail, and then it is unsure.
  const mayFail = predicate.kind === 'criterion' && predicate.mayFail
  if (verdict === law || (verdict === 'unsure' && (law !== 'failed' || mayFail))) return []
  return [
    `${criterion} on ${node.type.id} ${tree.source.toString('latin1', node.start, node.end)}: ${verdict}, not ${law}`,
  ]
}

function lawOf(expression: Expression, node: TreeNode, tree: Tree): boolean | 'failed' {
  const scope = resourceScope(tree.root, tree.root, {
    valueOf: (element) => currentValue(element, tree.source),
    asOf: AS_OF,
  })
  try {
    return isTrue(expression, node, scope) === true
  } catch (error) {
    if (error instanceof EvaluationError) return 'failed'
    throw error
  }
}

/** The elements that a walk would look at: those that paths see, with a value of their own and without an `_` object. */
function nodesOf(node: TreeNode, found: TreeNode[] = []): TreeNode[] {
  const isWhole = node.type.jsonKind === 'object' || node.body === undefined
  if (node.isReal && isWhole && node.kind === node.type.jsonKind) found.push(node)
  for (const child of node.body?.children ?? []) nodesOf(child, found)
  return found
}

function parsed(parse: () => Tree | undefined): Tree | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}
