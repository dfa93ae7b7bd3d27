// Holds src/rules/evaluate/budget.ts, src/rules/evaluate/evaluation-error.ts: no expression takes long or grows.
import t, { type Test } from 'tap'
import { FUNCTIONS } from '../../../src/rules/evaluate/functions/functions.js'
import { enginesFor } from '../../support/rules.js'

const MAX_CPU_MS = 1000
const GIVEN = Array.from({ length: 200 }, (_, k) => `name ${k}`)
const PATIENT = JSON.stringify({
  resourceType: 'Patient',
  gender: 'male',
  name: [{ family: 'Ab', given: GIVEN }],
})

const long = (text: string, times: number): string => text.repeat(times)
const chain = (start: string, step: string, times: number): string => start + step.repeat(times)
const digits = '1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20'
const hundred = `(${digits}).select((${digits}).select($this + 100))`

/** Whether it ends in a result, in RULE_FAILED, or may end in either. */
type End = 'result' | 'failure' | 'either'

/** An expression that loops or grows, or would if it were let, by the function or operator that does it. */
const HOSTILE: readonly (readonly [name: string, expression: string, end: End])[] = [
  ['repeat', "'a'.repeat('b').exists()", 'result'],
  ['repeat', '1.repeat($this + 1).exists()', 'failure'],
  ['repeat', "'a'.repeat($this & 'b').exists()", 'failure'],
  ['repeat', "'a'.repeat($this & $this).exists()", 'failure'],
  ['repeat', "'ab'.repeat($this.toChars() | ($this & 'x')).exists()", 'failure'],
  ['repeat', '@2000-01-01.repeat($this + 1 day).exists()', 'failure'],
  ['repeat', '1.repeat(1.repeat($this + 1)).exists()', 'failure'],
  ['aggregate', `(${digits}|21|22|23|24|25).aggregate($total.combine($total), 1).count() > 0`, 'failure'],
  ['aggregate', `(${digits}|21|22|23|24|25).aggregate($total & $total, 'a').length() > 0`, 'failure'],
  ['aggregate', `(${digits}).aggregate($total * $total, 10.0) > 0`, 'failure'],
  ['aggregate', `(${digits}).aggregate($total * $total, 10) > 0`, 'failure'],
  ['aggregate', `(${digits}).aggregate($total.power(9), 7.5) > 0`, 'failure'],
  ['combine', `${chain("'a'", '.select($this.combine($this))', 25)}.count() > 0`, 'failure'],
  ['union', `${chain('(1|2)', `.select(${digits})`, 8)}.union(1).count() > 0`, 'failure'],
  ['|', `${chain('(1)', `.select($this | ($this * 2) | ($this + 1))`, 14)}.count() > 0`, 'failure'],
  ['select', `${chain(`(${digits})`, `.select(${digits})`, 6)}.exists()`, 'failure'],
  [
    'where',
    chain(`(${digits})`, `.where((${digits}).where((${digits}).where((${digits}).exists($this > 0))))`, 8) +
      '.exists()',
    'failure',
  ],
  [
    'exists',
    `(${digits}).exists((${digits}).exists((${digits}).exists((${digits}).exists((${digits}).exists($this < 0)))))`,
    'failure',
  ],
  [
    'any',
    `(${digits}).any((${digits}).any((${digits}).any((${digits}).any((${digits}).any($this < 0)))))`,
    'failure',
  ],
  [
    'all',
    `(${digits}).all((${digits}).all((${digits}).all((${digits}).all((${digits}).all($this > 0)))))`,
    'failure',
  ],
  [
    'distinct',
    `${chain(hundred, '.select($this | ($this + 1000) | ($this + 2000))', 3)}.distinct().exists()`,
    'either',
  ],
  [
    'isDistinct',
    `${chain(hundred, '.select($this | ($this + 1000) | ($this + 2000))', 4)}.isDistinct()`,
    'failure',
  ],
  ['intersect', `${chain(hundred, `.select(${digits})`, 2)}.intersect(${hundred}).exists()`, 'either'],
  ['exclude', `${chain(hundred, `.select(${digits})`, 2)}.exclude(${hundred}).exists()`, 'either'],
  ['subsetOf', `${chain(hundred, `.select(${digits})`, 2)}.subsetOf(${hundred})`, 'either'],
  ['supersetOf', `${hundred}.supersetOf(${chain(hundred, `.select(${digits})`, 2)})`, 'either'],
  ['in', `${hundred} in ${chain(hundred, '.select($this + 50000)', 1)}.combine(${hundred})`, 'either'],
  ['contains operator', `${hundred}.combine(${hundred}) contains -1`, 'either'],
  ['=', `${chain(hundred, `.select(${digits})`, 3)} = ${chain(hundred, `.select(${digits})`, 3)}`, 'failure'],
  ['~', `${hundred} ~ (${hundred})`, 'result'],
  ['~', `${chain(hundred, `.select(${digits})`, 2)} ~ ${chain(hundred, `.select(${digits})`, 2)}`, 'failure'],
  ['replace', `${chain("'a'", ".replace('a', 'aaaaaaaaaa')", 12)}.length() > 0`, 'failure'],
  ['replace', `${chain("'a'", `.replace('', '${long('b', 50)}')`, 8)}.length() > 0`, 'failure'],
  [
    'replaceMatches',
    `${chain("'a'", ".replaceMatches('.', '$0$0$0$0$0$0$0$0')", 12)}.length() > 0`,
    'failure',
  ],
  ['replaceMatches', `${chain("'abc'", ".replaceMatches('', '$`$&')", 14)}.length() > 0`, 'failure'],
  ['replaceMatches', `'${long('a', 5000)}'.replaceMatches('(a*)*b', 'x').length() > 0`, 'either'],
  ['matches', `'${long('a', 40)}!'.matches('^(a+)+$')`, 'result'],
  ['matches', `'${long('a', 5000)}!'.matches('^(a|a)*$')`, 'either'],
  ['matches', `'${long('a', 40)}'.matches('^${long('a?', 40)}${long('a', 40)}b$')`, 'result'],
  ['matches', `'${long('a', 20000)}'.matches('a*a*a*a*a*b')`, 'either'],
  ['matches', `'${long(' ', 20000)}x'.matches('\\\\s+$')`, 'either'],
  ['matches', `'${long('a', 40)}'.matches('(?=a)(a+)+$')`, 'failure'],
  ['matches', `'${long('a', 40)}'.matches('(a+)+\\\\1$')`, 'failure'],
  ['matches', `${hundred}.select('${long('a', 28)}'.matches('a*a*a*b')).exists()`, 'either'],
  ['matches', `${chain("'a'", ".replace('a', 'aaaaaaaaaa')", 6)}.matches('(x+x+)+y')`, 'either'],
  [
    'join',
    `${chain(hundred, `.select(${digits})`, 2)}.select('${long('x', 1000)}').join(',').length() > 0`,
    'failure',
  ],
  ['split', `${chain("'a'", ".replace('a', 'aaaaaaaaaa')", 6)}.split('').split('').exists()`, 'failure'],
  ['split', `${chain("'a,b'", ".replace('a', 'a,a,a,a,a,a,a')", 8)}.split(',').exists()`, 'failure'],
  [
    'toChars',
    chain("'a'", ".replace('a', 'aaaaaaaaaa')", 6) +
      '.toChars().select(toChars()).select(toChars()).exists()',
    'failure',
  ],
  ['&', `${chain('$this', '.select($this & $this)', 30)}.length() > 0`, 'failure'],
  ['+', `${chain('$this.toString()', '.select($this + $this)', 30)}.length() > 0`, 'failure'],
  ['encode', `${chain("'abc'", ".encode('hex')", 40)}.length() > 0`, 'failure'],
  ['encode', `${chain("'abc'", ".encode('base64')", 60)}.length() > 0`, 'failure'],
  ['decode', `${chain("'abc'", ".encode('hex').decode('hex')", 90)}.length() > 0`, 'result'],
  ['escape', `${chain(`'"&<>'`, ".escape('html')", 90)}.length() > 0`, 'either'],
  ['escape', `${chain(`'"'`, ".escape('json')", 40)}.length() > 0`, 'failure'],
  ['unescape', `${chain(`'"'`, ".escape('json').unescape('json')", 40)}.length() > 0`, 'result'],
  ['upper', `${chain("'ß'", ".upper().replace('S', 'ßß')", 25)}.length() > 0`, 'failure'],
  [
    'indexOf',
    `${chain("'a'", ".replace('a', 'aaaaaaaaaa')", 6)}.select(indexOf('b${long('a', 5000)}')) < 0`,
    'either',
  ],
  [
    'lastIndexOf',
    `${chain("'a'", ".replace('a', 'aaaaaaaaaa')", 6)}.select(lastIndexOf('${long('a', 5000)}b')) < 0`,
    'either',
  ],
  ['power', '10.power(1000000000) > 0', 'failure'],
  ['power', '(10.5).power(300) > 0', 'failure'],
  ['exp', `${chain('(9.5)', '.exp()', 9)} > 0`, 'either'],
  ['round', '1.5.round(2000000000) > 0', 'result'],
  ['+ years', '@2000-01-01 + 2000000000 years > @2000-01-01', 'failure'],
  ['- days', '@2000-01-01 - 2000000000 days < @2000-01-01', 'failure'],
  ['iif', `${chain('1', '.select(iif(true, $this | ($this * 2) | ($this + 1)))', 14)}.exists()`, 'failure'],
  ['toString', `${chain(hundred, `.select(${digits})`, 3)}.select(toString()).exists()`, 'failure'],
  ['skip', `${chain(hundred, `.select(${digits})`, 3)}.skip(1).exists()`, 'failure'],
]

/** Those that walk over elements; a case of generalize has none. */
const ON_ELEMENTS: readonly (readonly [name: string, expression: string, end: End])[] = [
  [
    'descendants',
    '%resource.descendants().exists(%resource.descendants().exists(%resource.descendants().exists($this is Age)))',
    'failure',
  ],
  [
    'children',
    '%resource.name.children().exists(%resource.name.children().exists(%resource.name.children().exists($this is Age)))',
    'failure',
  ],
  [
    'nodesByType',
    "%resource.descendants().exists(%resource.nodesByType('string').exists(%resource.nodesByType('Age').exists()))",
    'failure',
  ],
  [
    'nodesByName',
    "%resource.descendants().exists(%resource.nodesByName('given').exists(%resource.nodesByName('no').exists()))",
    'failure',
  ],
  [
    'extension',
    "%resource.descendants().exists(%resource.descendants().extension('x').exists(), 1)".replace(', 1)', ')'),
    'either',
  ],
  [
    'repeat',
    '%resource.repeat(children()).exists(%resource.repeat(children()).exists(%resource.repeat(children()).empty()))',
    'failure',
  ],
  [
    '= of complex elements',
    '%resource.descendants().exists(%resource.descendants().exists(%resource = %resource and false))',
    'failure',
  ],
  ['distinct', '%resource.descendants().exists(%resource.descendants().distinct().empty())', 'failure'],
  [
    'a step',
    '%resource.descendants().exists(%resource.descendants().exists(%resource.name.given.empty()))',
    'failure',
  ],
]

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

type Rule = Readonly<Record<string, unknown>>
const asCriterion = (expression: string): Rule => ({
  path: `Patient.name.where(${expression})`,
  method: 'redact',
})
const asCase = (expression: string): Rule => ({
  path: 'Patient.gender',
  method: 'generalize',
  cases: { [expression]: "'x'" },
})
const asCaseValue = (expression: string): Rule => ({
  path: 'Patient.gender',
  method: 'generalize',
  cases: { true: `(${expression}).toString()` },
})

function check(t: Test, rule: Rule, end: End): void {
  for (const engine of enginesFor([rule])) {
    let code = ''
    const spent = cpuMs(() => {
      const outcome = engine.run(PATIENT)
      code = outcome.ok ? 'result' : outcome.rejection.code
    })
    t.ok(spent < MAX_CPU_MS, `it ends in time (${Math.round(spent)} ms)`)
    if (end === 'either') t.match(code, /^(?:result|RULE_FAILED)$/)
    else t.equal(code, end === 'result' ? 'result' : 'RULE_FAILED')
    t.ok(engine.run('{"resourceType":"Patient","id":"a"}').ok, 'the next line is served')
  }
}

/** `$this` of a case is a text; of a criterion on names it is an element. */
const thisAsText = (expression: string): string => expression.replace(/^\$this/, 'family')

t.test('a hostile criterion ends in under a second, in a result or RULE_FAILED', async (t) => {
  for (const [name, expression, end] of [...HOSTILE, ...ON_ELEMENTS])
    t.test(`${name}: ${expression.slice(0, 60)}`, async (t) =>
      check(t, asCriterion(thisAsText(expression)), end),
    )
})

t.test('so does a hostile condition or value of generalize', async (t) => {
  for (const [index, [name, expression, end]] of HOSTILE.entries())
    t.test(`${name}: ${expression.slice(0, 60)}`, async (t) =>
      check(t, index % 2 === 0 ? asCase(expression) : asCaseValue(expression), end),
    )
})

t.test('every function that can loop or grow is among them', async (t) => {
  const tried = [...HOSTILE, ...ON_ELEMENTS].map(([, expression]) => expression).join(' ')
  // Those that only pick, ask or convert cannot grow.
  const harmless =
    /^(?:empty|not|all(?:True|False)|any(?:True|False)|single|first|last|tail|take|trace|defineVariable|ofType|as|is|(?:to|convertsTo)[A-Z]\w*|trim|lower|startsWith|endsWith|contains|substring|abs|ceiling|floor|truncate|ln|sqrt|log|today|now|timeOfDay|length|count)$/
  const untried = [...FUNCTIONS.keys()].filter((name) => !harmless.test(name) && !tried.includes(`${name}(`))
  t.strictSame(untried, [])
})
