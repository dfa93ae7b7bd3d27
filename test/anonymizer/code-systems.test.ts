// Holds src/anonymizer/code-places.ts, src/anonymizer/interpreter/code-removal.ts,
// src/anonymizer/walk/code-answers.ts, src/anonymizer/walk/edges.ts, src/anonymizer/walk/pair-parts.ts,
// assembly/codes.ts, assembly/code-cache.ts.
import t from 'tap'
import { enginesFor, type Json, outputOf } from '../support/rules.js'

const SETTING = { codeSystems: { allow: ['loinc', 'ucum', 'http://example.org/wards'], grammar: true } }
const WARD = '"system":"http://example.org/wards","code":"w1"'
const OTHER = '"system":"http://example.org/names","code":"ann"'
const KILOGRAM = '"system":"http://unitsofmeasure.org","code":"kg"'
const coded = (...codings: readonly string[]): string =>
  `{"resourceType":"Basic","code":{"coding":[${codings.map((one) => `{${one}}`).join(',')}]}}`

/** What a line holds, what is left of it, what is counted, and whether the interpreter serves it. */
interface Case {
  readonly line: string
  readonly left: string
  readonly counts?: Readonly<Record<string, number>>
  readonly rules?: readonly Json[]
  readonly isInterpreted?: boolean
}

const rule = (path: string, method: string, more: Json = {}): Json => ({ path, method, ...more })

const cases: Readonly<Record<string, Case>> = {
  'a listed system with a code of its form': { line: coded(WARD), left: coded(WARD) },
  'an unlisted system': { line: coded(OTHER, WARD), left: coded(WARD), counts: { other: 1 } },
  'a code before its system': {
    line: coded('"code":"ann","display":"d","system":"http://example.org/names"'),
    left: coded('"display":"d"'),
    counts: { other: 1 },
  },
  'a comparator beside the pair of a quantity': {
    line: `{"resourceType":"Observation","valueQuantity":{"value":3,"comparator":"ann",${KILOGRAM}}}`,
    left: `{"resourceType":"Observation","valueQuantity":{"value":3,${KILOGRAM}}}`,
    counts: { 'Quantity.comparator': 1 },
  },
  'a comparator that FHIR lists': {
    line: `{"resourceType":"Observation","valueQuantity":{"value":3,"comparator":"<",${KILOGRAM}}}`,
    left: `{"resourceType":"Observation","valueQuantity":{"value":3,"comparator":"<",${KILOGRAM}}}`,
  },
  'a code without system': { line: coded('"code":"ann"', WARD), left: coded(WARD), counts: { none: 1 } },
  'a system without code': {
    line: coded('"system":"http://example.org/wards"', '"system":"http://ann.example"'),
    left: coded('"system":"http://example.org/wards"'),
    counts: { other: 1 },
  },
  'a listed system with a wrong check digit': {
    line: coded('"system":"http://loinc.org","code":"8480-5"', WARD),
    left: coded(WARD),
    counts: { 'http://loinc.org': 1 },
  },
  'a system spelled otherwise': {
    line: coded(
      '"system":"https://example.org/wards","code":"w1"',
      '"system":"http://example.org/wards/","code":"w1"',
      WARD,
    ),
    left: coded(WARD),
    counts: { other: 2 },
  },
  'a system with white space at its end': {
    line: coded('"system":"http://example.org/wards ","code":"w1"', WARD),
    left: coded(WARD),
    counts: { other: 1 },
  },
  'escapes that stand for a listed system': {
    line: coded('"system":"http:\\/\\/example.org\\/wards","code":"\\u00771"'),
    left: coded('"system":"http:\\/\\/example.org\\/wards","code":"\\u00771"'),
  },
  'escapes that stand for another code': {
    line: coded('"system":"http:\\/\\/example.org\\/wards","code":"a\\u0020b"', WARD),
    left: coded(WARD),
    counts: { 'http://example.org/wards': 1 },
  },
  'a code that is null': {
    line: coded('"system":"http://ann.example","code":null', WARD),
    left: coded(WARD),
    counts: { other: 1 },
    isInterpreted: true,
  },
  'a code that is blank': {
    line: coded('"system":"http://example.org/wards","code":" "'),
    left: coded('"system":"http://example.org/wards"'),
    isInterpreted: true,
  },
  'a code too long for the cache': {
    line: coded(`"system":"http://example.org/wards","code":"${'a'.repeat(300)}"`, WARD),
    left: coded(WARD),
    counts: { 'http://example.org/wards': 1 },
  },
  'properties of system and code go with them': {
    line: coded(`${OTHER},"_code":{"id":"c"},"_system":{"id":"s"},"display":"d"`),
    left: coded('"display":"d"'),
    counts: { other: 1 },
    isInterpreted: true,
  },
  'properties of system and code stay with them': {
    line: coded(`${WARD},"_code":{"id":"c"}`),
    left: coded(`${WARD},"_code":{"id":"c"}`),
  },
  'a coding in an extension of a coding': {
    line: coded(`"extension":[{"url":"u","valueCoding":{${OTHER}}}],${WARD}`),
    left: coded(`"extension":[{"url":"u"}],${WARD}`),
    counts: { other: 1 },
  },
  'the units of a quantity': {
    line: '{"resourceType":"Observation","valueQuantity":{"value":5,"unit":"k","system":"http://unitsofmeasure.org","code":"my unit"}}',
    left: '{"resourceType":"Observation","valueQuantity":{"value":5,"unit":"k"}}',
    counts: { 'http://unitsofmeasure.org': 1 },
  },
  'an age': {
    line: '{"resourceType":"Condition","onsetAge":{"value":5,"system":"http://unitsofmeasure.org","code":"a"},"abatementAge":{"value":5,"code":"a"}}',
    left: '{"resourceType":"Condition","onsetAge":{"value":5,"system":"http://unitsofmeasure.org","code":"a"},"abatementAge":{"value":5}}',
    counts: { none: 1 },
  },
  'a code of an extension': {
    line: '{"resourceType":"Basic","extension":[{"url":"u","valueCode":"Ann Lee"},{"url":"v","valueCode":"a-1"}]}',
    left: '{"resourceType":"Basic","extension":[{"url":"u"},{"url":"v","valueCode":"a-1"}]}',
    counts: { 'Extension.value': 1 },
  },
  'a code with an extension': {
    line: '{"resourceType":"Basic","extension":[{"url":"u","valueCode":"Ann Lee","_valueCode":{"id":"c"}}]}',
    left: '{"resourceType":"Basic","extension":[{"url":"u"}]}',
    counts: { 'Extension.value': 1 },
    isInterpreted: true,
  },
  'a code after its extension': {
    line: '{"resourceType":"Basic","extension":[{"_valueCode":{"id":"c"},"valueCode":"Ann Lee","url":"u"}]}',
    left: '{"resourceType":"Basic","extension":[{"url":"u"}]}',
    counts: { 'Extension.value': 1 },
    isInterpreted: true,
  },
  'items of an array': {
    line: '{"resourceType":"MessageDefinition","allowedResponse":[{"message":"m"}],"parent":["p"],"jurisdiction":[{"text":"t"}],"focus":[{"code":"Ann Lee","min":1}]}',
    left: '{"resourceType":"MessageDefinition","allowedResponse":[{"message":"m"}],"parent":["p"],"jurisdiction":[{"text":"t"}],"focus":[{"min":1}]}',
    counts: { 'MessageDefinition.focus.code': 1 },
  },
  'items of an array of codes': {
    line: '{"resourceType":"HealthcareService","availableTime":[{"daysOfWeek":["mon","Ann Lee","tue"]}]}',
    left: '{"resourceType":"HealthcareService","availableTime":[{"daysOfWeek":["mon","tue"]}]}',
    counts: { 'HealthcareService.availableTime.daysOfWeek': 1 },
  },
  'items with extensions keep their places': {
    line: '{"resourceType":"HealthcareService","availableTime":[{"daysOfWeek":["mon","Ann Lee",null,"tue"],"_daysOfWeek":[null,{"id":"b"},{"id":"c"},{"id":"d"}]}]}',
    left: '{"resourceType":"HealthcareService","availableTime":[{"daysOfWeek":["mon",null,"tue"],"_daysOfWeek":[null,{"id":"c"},{"id":"d"}]}]}',
    counts: { 'HealthcareService.availableTime.daysOfWeek': 1 },
    isInterpreted: true,
  },
  'a coding in a parameter': {
    line: `{"resourceType":"Parameters","parameter":[{"name":"a","valueCoding":{${OTHER}}},{"name":"b","part":[{"name":"c","valueQuantity":{"value":1,"code":"Ann"}}]}]}`,
    left: '{"resourceType":"Parameters","parameter":[{"name":"a"},{"name":"b","part":[{"name":"c","valueQuantity":{"value":1}}]}]}',
    counts: { none: 1, other: 1 },
  },
  'what a rule removed': {
    line: coded(WARD, OTHER),
    left: '{"resourceType":"Basic"}',
    rules: [rule('Basic.code', 'redact')],
  },
  'what a rule kept': {
    line: coded(WARD, OTHER),
    left: coded(WARD),
    counts: { other: 1 },
    rules: [rule('Basic.code', 'keep')],
  },
  'a code without the system that a rule removed': {
    line: coded(`${WARD},"display":"d"`),
    left: coded('"display":"d"'),
    counts: { none: 1 },
    rules: [rule('Basic.code.coding.system', 'redact')],
  },
  'a system without the code that a rule removed': {
    line: coded(`${OTHER},"display":"d"`, WARD),
    left: coded('"display":"d"', '"system":"http://example.org/wards"'),
    counts: { other: 1 },
    rules: [rule('Basic.code.coding.code', 'redact')],
  },
  'a code that a rule wrote': {
    line: coded(`${OTHER},"_code":{"id":"c"}`, WARD),
    left: coded(
      '"code":"New Code","_code":{"id":"c"}',
      '"system":"http://example.org/wards","code":"New Code"',
    ),
    counts: { other: 1 },
    rules: [
      rule('Basic.code.coding.code.extension', 'keep'),
      rule('Basic.code.coding.code.id', 'keep'),
      rule('Basic.code.coding.code', 'substitute', { replaceWith: 'New Code' }),
    ],
    isInterpreted: true,
  },
  'a system that a rule wrote': {
    line: coded(OTHER),
    left: coded('"system":"http://example.org/wards","code":"ann"'),
    rules: [rule('Basic.code.coding.system', 'substitute', { replaceWith: 'http://example.org/wards' })],
    isInterpreted: true,
  },
  'a code that a rule left or wrote': {
    line: '{"resourceType":"Basic","extension":[{"url":"u","valueCode":"Ann Lee"},{"url":"v","valueCode":"b"}]}',
    left: '{"resourceType":"Basic","extension":[{"url":"u"},{"url":"v","valueCode":"Any Text"}]}',
    counts: { 'Extension.value': 1 },
    rules: [
      rule("nodesByType('code')", 'generalize', {
        cases: { "$this = 'b'": "'Any Text'" },
        otherValues: 'keep',
      }),
    ],
  },
  'some codings, by a criterion': {
    line: coded(`${OTHER},"display":"d"`, WARD, '"system":"http://ann.example","code":"x","display":"e"'),
    left: coded('"display":"d"', WARD),
    counts: { other: 1 },
    rules: [rule("Basic.code.coding.where(system = 'http://ann.example')", 'redact')],
  },
}

const unlabelled = ({ meta: _, ...rest }: Json): Json => rest

for (const [name, { line, left, counts = {}, rules = [], isInterpreted = false }] of Object.entries(cases))
  t.test(`codeSystems judges ${name}`, async (t) => {
    const [law, fast] = enginesFor(rules, {}, SETTING)
    const outcome = law.run(line)
    const output = outputOf(outcome)
    t.equal(JSON.stringify(unlabelled(output)), JSON.stringify(JSON.parse(left)), 'what is left')
    t.same(Object.fromEntries(law.lines.counts.codesRemoved), counts, 'what is counted')
    t.strictSame(fast.run(line), outcome, 'the other engine')
    t.same(Object.fromEntries(fast.lines.counts.codesRemoved), counts, 'what the other engine counts')
    t.equal(fast.lines.counts.interpretedLines > 0, isInterpreted, 'whether the interpreter served it')
    if (Object.keys(counts).length > 0) t.match(output, { meta: { security: [{ code: 'REDACTED' }] } })
  })

t.test('a label goes to each resource around the code, but to no contained one', async (t) => {
  const person = { resourceType: 'Basic', contained: [JSON.parse(coded(OTHER))] }
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [{ resource: person }, { resource: JSON.parse(coded(WARD)) }],
  }
  const [law, fast] = enginesFor([], {}, SETTING)
  const outcome = law.run(JSON.stringify(bundle))
  const meta = { security: [{ code: 'REDACTED' }] }
  t.match(outputOf(outcome), {
    entry: [
      { resource: { contained: [{ resourceType: 'Basic', meta: undefined }], meta } },
      { resource: { meta: undefined } },
    ],
    meta,
  })
  t.strictSame(fast.run(JSON.stringify(bundle)), outcome)
  t.equal(fast.lines.counts.interpretedLines, 0)
})

t.test('a rejected line counts no codes, and takes none from the lines before it', async (t) => {
  const bad = coded(OTHER).replace('"code":{', '"unknown":1,"code":{')
  for (const engine of enginesFor([], {}, SETTING)) {
    engine.run(coded(OTHER))
    t.match(engine.run(bad), { ok: false, rejection: { code: 'UNKNOWN_ELEMENT' } })
    t.match(engine.run(coded(OTHER).replace('}]}}', '}]},"unknown":1}')), { ok: false })
    engine.run(coded(OTHER))
    t.same(Object.fromEntries(engine.lines.counts.codesRemoved), { other: 2 })
  }
})

t.test('more elements than there are counters are counted all the same', async (t) => {
  const [law, fast] = enginesFor([], {}, SETTING)
  const types = [...law.lines.counts.codesRemoved.keys()]
  t.same(types, [])
  const line = coded(
    ...Array.from({ length: 500 }, (_, k) => `"system":"http://example.org/${k}","code":"x${k}"`),
  )
  t.strictSame(fast.run(line), law.run(line))
  t.same(Object.fromEntries(fast.lines.counts.codesRemoved), { other: 500 })
})

t.test(
  'a verdict is one for each version, system, code and element, however often it is asked for',
  async (t) => {
    const [law, fast] = enginesFor([], {}, SETTING)
    // Far more than the cache holds, in an order that evicts and asks again.
    for (let k = 0; k < 12_000; k++) {
      const number = (k * 7919) % 6000
      const code = number % 3 === 0 ? `Ann ${number}` : `w${number}`
      const line = coded(`"system":"http://example.org/wards","code":"${code}"`)
      if (JSON.stringify(fast.run(line)) !== JSON.stringify(law.run(line))) return t.fail(line)
    }
    t.strictSame(fast.lines.counts.codesRemoved, law.lines.counts.codesRemoved)
    t.equal(fast.lines.counts.interpretedLines, 0)
  },
)

t.test('without grammar forms do not count, lists do', async (t) => {
  const line = coded('"system":"http://loinc.org","code":"any text"')
  for (const engine of enginesFor([], {}, { codeSystems: { allow: ['loinc'], grammar: false } })) {
    t.equal(JSON.stringify(outputOf(engine.run(line))), line)
    t.match(outputOf(engine.run(coded(OTHER))), { code: undefined })
  }
})
