import t from 'tap'
import { ENGINES, type Engine, engineFor, type Refusal, textOf } from '../support/engines.js'
import { enginesFor, type Json } from '../support/rules.js'
import { specOf } from '../support/spec-of.js'
import { withoutEmpty } from '../support/without-empty.js'

type Row = readonly [name: string, line: string | Buffer, code: Refusal['code'] | 'delivered']

const patient = (members: string): string =>
  `{"resourceType":"Patient"${members === '' ? '' : `,${members}`}}`
const raw = (before: string, bytes: readonly number[], after: string): Buffer =>
  Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])
/** Extensions in extensions; the root, each array and each object count: 2 levels a piece. */
const nested = (pieces: number): string =>
  patient(`"extension":[${'{"url":"x","extension":['.repeat(pieces)}${']}'.repeat(pieces)}]`)

const ROWS: readonly Row[] = [
  ['a whole resource', patient('"active":true'), 'delivered'],
  ['white space everywhere', ' \t{ "resourceType" :\r"Patient" , "active"\n: true } \r', 'delivered'],
  ['a carriage return at the end', `${patient('')}\r`, 'delivered'],
  ['half a resource', '{"resourceType":"Patient","active":tr', 'INVALID_JSON'],
  ['nothing but white space', '  ', 'INVALID_JSON'],
  ['an array', '[]', 'NOT_A_RESOURCE'],
  ['an array of a resource', `[${patient('')}]`, 'NOT_A_RESOURCE'],
  ['a string', '"Patient"', 'NOT_A_RESOURCE'],
  ['a number', '5', 'NOT_A_RESOURCE'],
  ['null', 'null', 'NOT_A_RESOURCE'],
  ['an object without resourceType', '{"active":true}', 'NOT_A_RESOURCE'],
  ['a resourceType that is no string', '{"resourceType":5}', 'NOT_A_RESOURCE'],
  ['an unknown resource type', '{"resourceType":"Patientt"}', 'UNKNOWN_RESOURCE_TYPE'],
  ['a type in another case', '{"resourceType":"patient"}', 'UNKNOWN_RESOURCE_TYPE'],
  ['an abstract type', '{"resourceType":"DomainResource"}', 'UNKNOWN_RESOURCE_TYPE'],
  ['a data type', '{"resourceType":"HumanName"}', 'UNKNOWN_RESOURCE_TYPE'],
  ['two documents', patient('') + patient(''), 'INVALID_JSON'],
  ['a comma too much', '{"resourceType":"Patient",}', 'INVALID_JSON'],
  ['NaN', patient('"multipleBirthInteger":NaN'), 'INVALID_JSON'],
  ['a comment', `${patient('')}//x`, 'INVALID_JSON'],
  ['single quotes', "{'resourceType':'Patient'}", 'INVALID_JSON'],
  ['an octal number', patient('"multipleBirthInteger":01'), 'INVALID_JSON'],
  ['a byte order mark', `\ufeff${patient('')}`, 'INVALID_JSON'],
  ['a raw NUL in a string', patient('"id":"a\u0000"'), 'INVALID_JSON'],
  ['a raw tab in a string', patient('"id":"a\t"'), 'INVALID_JSON'],
  ['an escaped NUL', patient('"id":"a\\u0000"'), 'delivered'],
  ['a bad escape', patient('"id":"\\x"'), 'INVALID_JSON'],
  ['half an escape', patient('"id":"\\u12"'), 'INVALID_JSON'],
  ['a lone surrogate escape', patient('"id":"\\ud800"'), 'delivered'],
  ['U+2028, an emoji, NFD', patient('"id":"\u2028 😀 e\u0301"'), 'delivered'],
  ['invalid UTF-8', raw('{"resourceType":"Patient","id":"', [0xff], '"}'), 'INVALID_UTF8'],
  ['overlong UTF-8', raw('{"resourceType":"Patient","id":"', [0xc0, 0x80], '"}'), 'INVALID_UTF8'],
  ['surrogate bytes', raw('{"resourceType":"Patient","id":"', [0xed, 0xa0, 0x80], '"}'), 'INVALID_UTF8'],
  ['cut UTF-8', raw('{"resourceType":"Patient","id":"', [0xe2, 0x82], '"}'), 'INVALID_UTF8'],
  ['odd numbers', patient('"multipleBirthInteger":-0.0e+00,"_multipleBirthInteger":{"id":"x"}'), 'delivered'],
  ['a huge number', patient(`"multipleBirthInteger":${'9'.repeat(400)}`), 'delivered'],
  ['1e400', patient('"multipleBirthInteger":1e400'), 'delivered'],
  ['an unknown element', patient('"birthdate":"2000"'), 'UNKNOWN_ELEMENT'],
  ['an element of another type', patient('"valueQuantity":{}'), 'UNKNOWN_ELEMENT'],
  ['a choice without suffix', patient('"deceased":true'), 'UNKNOWN_ELEMENT'],
  ['a choice with a suffix it has not', patient('"deceasedString":"x"'), 'UNKNOWN_ELEMENT'],
  ['an unknown element deep down', patient('"name":[{"period":{"begin":"2000"}}]'), 'UNKNOWN_ELEMENT'],
  ['an underscore on a complex element', patient('"_name":[{}]'), 'UNKNOWN_ELEMENT'],
  ['__proto__', patient('"__proto__":{"a":1}'), 'UNKNOWN_ELEMENT'],
  ['constructor, deep down', patient('"name":[{"constructor":1}]'), 'UNKNOWN_ELEMENT'],
  ['toString', patient('"toString":1'), 'UNKNOWN_ELEMENT'],
  ['an empty key', patient('"":1'), 'UNKNOWN_ELEMENT'],
  ['resourceType in a data type', patient('"name":[{"resourceType":"HumanName"}]'), 'UNKNOWN_ELEMENT'],
  ['a number for a string', patient('"id":5'), 'WRONG_KIND'],
  ['a string for a boolean', patient('"active":"true"'), 'WRONG_KIND'],
  ['a scalar for a complex element', patient('"maritalStatus":"M"'), 'WRONG_KIND'],
  ['an object for a primitive', patient('"birthDate":{"id":"x"}'), 'WRONG_KIND'],
  ['an array for a single element', patient('"birthDate":["2000"]'), 'WRONG_KIND'],
  ['a single value for an array', patient('"name":{"family":"x"}'), 'WRONG_KIND'],
  ['an array in an array', patient('"name":[[{"family":"x"}]]'), 'WRONG_KIND'],
  ['a scalar after the underscore', patient('"_birthDate":"x"'), 'WRONG_KIND'],
  ['null anywhere', patient('"birthDate":null,"name":null,"contact":[null],"_active":null'), 'delivered'],
  ['empty things', patient('"id":"","name":[],"maritalStatus":{},"contact":[{}]'), 'delivered'],
  ['an empty array beside extensions', patient('"name":[{"given":[],"_given":[{"id":"x"}]}]'), 'delivered'],
  ['a duplicate key', patient('"active":true,"active":true'), 'DUPLICATE_KEY'],
  ['a duplicate key, once escaped', patient('"active":true,"\\u0061ctive":true'), 'DUPLICATE_KEY'],
  ['two resource types', patient('"resourceType":"Patient"'), 'DUPLICATE_KEY'],
  ['the same key in two objects', patient('"name":[{"family":"x"},{"family":"x"}]'), 'delivered'],
  ['an escaped key', patient('"birth\\u0044ate":"2000"'), 'delivered'],
  ['an escaped resourceType', '{"\\u0072esourceType":"Pat\\u0069ent"}', 'delivered'],
  ['resourceType last', '{"id":"x","meta":{"id":"y"},"resourceType":"Patient"}', 'delivered'],
  ['a contained resource without type', patient('"contained":[{"id":"x"}]'), 'NOT_A_RESOURCE'],
  ['a contained resource of no type', patient('"contained":[{"resourceType":"X"}]'), 'UNKNOWN_RESOURCE_TYPE'],
  ['256 levels', nested(127), 'delivered'],
  ['258 levels', nested(128), 'TOO_DEEP'],
]

async function eachEngine(check: (engine: Engine, name: string) => void): Promise<void> {
  for (const choice of ENGINES)
    check(await engineFor(specOf({ fhirVersion: 'R4', fhirPathRules: [] }), choice), choice)
}

t.test('a line is delivered as it is but for empty values, or rejected with its code', async (t) => {
  await eachEngine((engine, choice) => {
    for (const [name, line, code] of ROWS) {
      const outcome = engine.run(line)
      t.equal(outcome.ok ? 'delivered' : outcome.rejection.code, code, `${choice}: ${name}`)
      if (outcome.ok)
        t.strictSame(
          JSON.parse(textOf(outcome.latin1)),
          withoutEmpty(JSON.parse(String(line))),
          `${choice}: ${name}: as it is`,
        )
    }
  })
  t.equal(({} as { a?: unknown }).a, undefined, 'no prototype was touched')
})

const redactContact = [{ path: 'Patient.contact', method: 'redact' }]
const redactAll = [{ path: 'Resource', method: 'redact' }]
const keepName = [{ path: 'Patient.contact.name', method: 'keep' }, ...redactContact]
const drop = { unknownElements: 'drop' }
const contact = (members: string): string => patient(`"contact":[{${members}}],"active":true`)
const bundle = (member: string): string =>
  `{"resourceType":"Bundle","entry":[{"resource":${patient(member)}}]}`

// Faults are not looked for inside what is dropped; what is kept around them still is.
const DROPPED: readonly (readonly [string, Json[], Json, string, Refusal['code'] | 'delivered'])[] = [
  ['an unknown element in what is redacted', redactContact, {}, contact('"x":1'), 'delivered'],
  ['a wrong kind in what is redacted', redactContact, {}, contact('"name":5'), 'delivered'],
  ['a wrong kind of what is redacted', redactContact, {}, patient('"contact":5'), 'delivered'],
  ['a duplicate in what is redacted', redactContact, {}, contact('"id":"a","id":"b"'), 'delivered'],
  ['bad JSON in what is redacted', redactContact, {}, contact('"name":01'), 'INVALID_JSON'],
  [
    'too deep in what is redacted',
    redactContact,
    {},
    contact(`"x":${'['.repeat(300)}${']'.repeat(300)}`),
    'TOO_DEEP',
  ],
  ['what is redacted, twice', redactContact, {}, patient('"contact":[],"contact":[]'), 'DUPLICATE_KEY'],
  [
    'an unknown element beside what is redacted',
    redactContact,
    {},
    patient('"contact":[],"x":1'),
    'UNKNOWN_ELEMENT',
  ],
  [
    'an unknown element where part is kept',
    keepName,
    {},
    contact('"x":1,"name":{"text":"a"}'),
    'UNKNOWN_ELEMENT',
  ],
  ['an unknown element in a redacted resource', redactAll, {}, patient('"x":1'), 'UNKNOWN_ELEMENT'],
  ['an unknown element in a redacted entry', redactAll, {}, bundle('"x":1'), 'UNKNOWN_ELEMENT'],
  ['an unknown element in its redacted elements', redactAll, {}, contact('"x":1'), 'delivered'],
  ['unknown elements dropped', [], drop, contact('"x":{"y":["Secret"]},"id":"z"'), 'delivered'],
  ['an unknown choice dropped', [], drop, patient('"deceasedString":"Secret"'), 'delivered'],
  ['a wrong kind, unknown elements dropped', [], drop, patient('"active":"x"'), 'WRONG_KIND'],
  ['a duplicate, unknown elements dropped', [], drop, patient('"id":"a","id":"b"'), 'DUPLICATE_KEY'],
  ['a duplicate of an unknown element, dropped', [], drop, patient('"x":1,"x":1'), 'delivered'],
]

t.test('faults inside what is dropped do not count, all others do', async (t) => {
  for (const [name, rules, more, line, code] of DROPPED)
    for (const engine of enginesFor(rules, {}, more)) {
      const outcome = engine.run(line)
      t.equal(outcome.ok ? 'delivered' : outcome.rejection.code, code, name)
      if (outcome.ok) t.notMatch(textOf(outcome.latin1), /"x"|Secret/, `${name}: nothing of it remains`)
      if (outcome.ok) t.match(textOf(outcome.latin1), /"REDACTED"/, `${name}: labelled`)
    }
})

t.test('a rejection never quotes a value', async (t) => {
  await eachEngine((engine, choice) => {
    for (const line of [
      patient('"name":[{"family":"Secret","family":"Secret"}]'),
      patient('"name":["Secret"]'),
      patient('"maritalStatus":"Secret"'),
      patient('"contained":[{"resourceType":"Secret"}]'),
      '{"resourceType":"Secret"}',
      '"Secret" x',
      patient('"id":"Secret" "Secret"'),
      patient('"id":Secret'),
      patient('"Secret":1'),
    ]) {
      const outcome = engine.run(line)
      t.equal(
        outcome.ok ? 'delivered' : /secret/i.test(outcome.rejection.message),
        false,
        `${choice}: ${line}`,
      )
    }
  })
})

t.test('hostile lines are rejected or delivered, without overflow', async (t) => {
  const million = 1_000_000
  const rows: readonly Row[] = [
    ['a million open arrays', '['.repeat(million), 'TOO_DEEP'],
    ['a million arrays', '['.repeat(million) + ']'.repeat(million), 'TOO_DEEP'],
    ['a million open objects', '{"a":'.repeat(million), 'TOO_DEEP'],
    [
      'a million arrays in an element',
      patient(`"name":${'['.repeat(million)}${']'.repeat(million)}`),
      'TOO_DEEP',
    ],
    ['a million extensions', nested(million / 2), 'TOO_DEEP'],
    ['a string of 50 MB', patient(`"id":"${'x'.repeat(50_000_000)}"`), 'delivered'],
    [
      'a million unknown keys',
      patient(Array.from({ length: million }, (_, k) => `"k${k}":1`).join()),
      'UNKNOWN_ELEMENT',
    ],
    ['a million equal keys', patient('"active":true,'.repeat(million).slice(0, -1)), 'DUPLICATE_KEY'],
    ['a million items', patient(`"name":[${'{"family":"x"},'.repeat(million).slice(0, -1)}]`), 'delivered'],
    ['a million backslashes', patient(`"id":"${'\\\\'.repeat(million)}"`), 'delivered'],
  ]
  await eachEngine((engine, choice) => {
    for (const [name, line, code] of rows) {
      const begin = performance.now()
      const outcome = engine.run(line)
      t.equal(outcome.ok ? 'delivered' : outcome.rejection.code, code, `${choice}: ${name}`)
      t.ok(performance.now() - begin < 30_000, `${choice}: ${name}: in reasonable time`)
    }
  })
})
