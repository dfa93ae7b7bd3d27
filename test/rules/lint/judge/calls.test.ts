// Holds src/rules/lint/judge/calls.ts, src/rules/lint/judge/contradiction.ts,
// src/rules/lint/judge/value-faults.ts: what lint says an expression gives is what the evaluator gives.

import t from 'tap'
import { mixedSyntheticPieces, planSynthetic } from '../../../../src/demo/generate.js'
import { elementTree } from '../../../../src/fhir/elements.js'
import { FUNCTIONS } from '../../../../src/rules/evaluate/functions/functions.js'
import { print } from '../../../../src/rules/expression/print.js'
import { judgePath } from '../../../../src/rules/lint/judge/verdict.js'
import { parseExpression } from '../../../../src/rules/path/parser.js'
import { lintRules } from '../../../support/lint-rules.js'
import { ownGiven } from '../../../support/own-fhirpath.js'
import { fuzzSeconds, seededRandom } from '../../../support/random.js'
import { RandomExpressions } from '../../../support/random-expression.js'

const tree = elementTree('R4')

function linesOf(seed: number): readonly string[] {
  const mix = { Patient: 2, Observation: 2, Encounter: 1, Condition: 1 }
  const pieces = [...mixedSyntheticPieces(planSynthetic({ version: 'R4', seed, mix, bytes: 40_000 }))]
  const text = Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString()
  return text.split('\n').filter((line) => line !== '')
}

t.test('an expression that lint finds to give nothing gives nothing', async (t) => {
  t.setTimeout(600_000)
  const random = seededRandom('judged calls')
  const expressions = new RandomExpressions(random, tree, new Set())
  const lines = linesOf(random.below(1 << 20))
  const tally = { expressions: 0, nothing: 0, elements: 0, values: 0, failing: 0 }
  const wrong: string[] = []
  const end = Date.now() + (fuzzSeconds(18) * 1000) / 6
  while ((Date.now() < end || tally.expressions < 300) && wrong.length < 5) {
    const line = random.pick(lines)
    const type = tree.resources.get((JSON.parse(line) as { resourceType: string }).resourceType)
    if (type === undefined) throw new Error('an unknown type')
    const expression = expressions.next(type)
    tally.expressions++
    const path = { text: '', resourceType: type.name, form: { kind: 'expression', expression } } as const
    const { found, faults, givesValues } = judgePath(path, tree)
    const given = ownGiven(expression, line)
    if (given === 'failed') {
      tally.failing++
      continue
    }
    const isNothing = found.length === 0 && !givesValues
    const onlyElements = !givesValues && found.every(({ places }) => places !== undefined)
    if (isNothing) tally.nothing++
    else if (onlyElements) tally.elements++
    else tally.values++
    // Where something fails on what it is given, data without it may have a result.
    const fails = faults.some(({ kind }) => kind === 'fails')
    if (isNothing && !fails && given.length > 0)
      wrong.push(`${print(expression)} gives nothing, but ${given.join()}`)
  }
  console.log(`# fuzz: judged calls: ${JSON.stringify(tally)}`)
  for (const finding of wrong) console.log(`# wrong: ${finding}`)
  t.equal(wrong.length, 0, `SLUICE_SEED=${random.seed} repeats it`)
})

const found = (path: string): readonly string[] =>
  lintRules([{ number: 1, path, method: 'redact' }], tree).map(({ code, message }) => `${code}: ${message}`)

t.test('functions are judged by the table: what their input and arguments must be', async (t) => {
  const rows: readonly (readonly [path: string, finding: RegExp | undefined])[] = [
    ["Patient.name.where(family.upper() = 'A')", undefined],
    ["Patient.name.where(upper() = 'A')", /fails: .*it takes a value, not a complex element/],
    ['Patient.where(birthDate.length() > 4)', /fails: .*length\(\) needs a text/],
    ['Patient.where(gender.abs() > 4)', /fails: .*abs\(\) needs a number/],
    ["Patient.name.where(family.matches('('))", /fails: .*not a regular expression/],
    ["Patient.name.where(family.matches('(?=a)(a+)+$'))", /fails: .*forever/],
    ["Patient.where('a'.repeat('b').exists())", undefined],
    ['Patient.name.where(1.repeat($this + 1).exists())', undefined],
    ['Patient.name.skip(family)', /fails: .*must be an integer/],
    ["Patient.where(gender.startsWith('Ma'))", /dead-condition: .*holds for none of the codes/],
    ['Patient.name.where($total > 1)', /fails: .*known in aggregate\(\) only/],
    ['Patient.where(name.aggregate($total + given.count(), 0) > 2)', undefined],
    ['Patient.where(name.aggregate($total + gven.count(), 0) > 2)', /no element "gven"/],
    ["Patient.name.defineVariable('x', 1)", /fails: .*defineVariable\(\) is not supported/],
  ]
  for (const [path, finding] of rows) {
    const bad = found(path).filter((text) => !/^(?:not-compiled|looks-ahead|union|precedence)/.test(text))
    if (finding === undefined) t.strictSame(bad, [], path)
    else t.match(bad.join('\n'), finding, path)
  }
})

t.test('a long chain of calls is judged in a moment', async (t) => {
  const before = process.cpuUsage()
  found(`Observation.value${'.as(Quantity)'.repeat(60)}`)
  found(`Patient.name${'.where(true)'.repeat(60)}`)
  found(`Patient.name${'.iif(true, $this)'.repeat(60)}`)
  const { user } = process.cpuUsage(before)
  t.ok(user < 5_000_000, `${user / 1000} ms`)
})

t.test('every function is judged', async (t) => {
  for (const [name, { args, optional = 0 }] of FUNCTIONS) {
    const given = args.slice(0, args.length - optional).map((kind) => (kind === 'type' ? 'HumanName' : "'a'"))
    const expression = parseExpression(`name.${name}(${given.join(', ')})`)
    const path = { text: '', resourceType: 'Patient', form: { kind: 'expression', expression } } as const
    t.doesNotThrow(() => judgePath(path, tree), name)
  }
})
