import t, { type Test } from 'tap'
import { ChunkEngine, difference } from '../../support/chunk-engine.js'
import { entryOf } from '../../support/elements.js'
import { MORE_RULES, walkSpec } from '../../support/walk-line.js'

// The walk reads and copies many bytes at a time. Here every value is as long as any such step, and one more or less.

const LENGTHS = [...Array.from({ length: 130 }, (_, length) => length), 255, 256, 257, 1023, 4096, 65_537]
const FILLS = ['x', 'é', '東', '😀', '\\n', '\\"', '\\\\', '\\u00e9', '/'] as const

const engines = (Object.keys(MORE_RULES) as (keyof typeof MORE_RULES)[]).map((name) => ({
  interpreter: new ChunkEngine(walkSpec(name), 'interpreter'),
  automatic: new ChunkEngine(walkSpec(name), 'automatic'),
}))

function agree(t: Test, line: string, what: string): void {
  // At another place modulo 16 for each length.
  const before = Buffer.alloc(line.length % 16, '{')
  for (const { interpreter, automatic } of engines) {
    const wrong = difference(interpreter.run(line, { before }), automatic.run(line, { before }))
    if (wrong !== undefined) t.fail(`${what}: ${wrong}`)
  }
}

const patient = (members: string): string => `{"resourceType":"Patient",${members}}`

/** Where a string is kept, dropped, hashed, shortened, shifted, encrypted, a reference, a criterion. */
const STRINGS: Readonly<Record<string, (text: string) => string>> = {
  kept: (text) => patient(`"language":"${text}","active":true`),
  'kept, last': (text) => patient(`"active":true,"language":"${text}"`),
  dropped: (text) => patient(`"name":[{"family":"${text}","use":"usual"}]`),
  'dropped with what is around it': (text) =>
    patient(`"contact":[{"name":{"text":"${text}"}}],"active":true`),
  hashed: (text) => patient(`"id":"${text}","active":true`),
  'a reference': (text) => patient(`"managingOrganization":{"reference":"Organization/${text}"}`),
  'a reference without type': (text) => patient(`"managingOrganization":{"reference":"${text}"}`),
  'a date': (text) => patient(`"birthDate":"1971-05-17${text}"`),
  'a postal code': (text) => patient(`"address":[{"postalCode":"1${text}"}]`),
  encrypted: (text) => patient(`"telecom":[{"value":"${text}"}],"active":true`),
  'compared with a literal': (text) => patient(`"identifier":[{"system":"urn:s${text}","value":"v"}]`),
  'beside labels': (text) => patient(`"id":"x","meta":{"versionId":"${text}"}`),
  'a key': (text) => patient(`"active":true,"${text}":1`),
  'the type': (text) => `{"resourceType":"Patient${text}","active":true}`,
}

for (const [name, line] of Object.entries(STRINGS))
  t.test(`a string of any length: ${name}`, async (t) => {
    for (const length of LENGTHS) {
      agree(t, line('x'.repeat(length)), `${length} bytes`)
      // The character that matters at each place of a step.
      if (length < 70)
        for (const fill of FILLS) agree(t, line(`${'x'.repeat(length)}${fill}y`), `${fill} after ${length}`)
    }
    for (const fill of FILLS)
      for (const length of [5, 8, 40, 3000]) agree(t, line(fill.repeat(length)), `${length} ${fill}`)
    for (const bad of ['\0', '\u001f', '\t', '\u007f', '\\x', '\\u12g4', '\\'])
      for (let length = 0; length < 40; length++)
        agree(t, line(`${'x'.repeat(length)}${bad}`), `${bad} after ${length}`)
  })

t.test('a number of any length', async (t) => {
  for (let length = 1; length < 70; length++)
    for (const number of [
      '9'.repeat(length),
      `-1.${'0'.repeat(length)}`,
      `1e-${'9'.repeat(length)}`,
      `0.${'5'.repeat(length)}x`,
    ])
      agree(t, patient(`"multipleBirthInteger":${number}`), number)
})

t.test('lists of any length', async (t) => {
  for (const count of [0, 1, 2, 100, 5000]) {
    agree(
      t,
      patient(`"name":[${Array(count).fill('{"use":"usual","family":"x"}').join()}]`),
      `${count} names`,
    )
    agree(t, patient(`"name":[{"given":[${Array(count).fill('"Ann"').join()}]}]`), `${count} given names`)
    agree(t, patient(`"contact":[${Array(count).fill('{}').join()}],"active":true`), `${count} dropped`)
  }
})

t.test('any depth: to 256 levels delivered, from there rejected', async (t) => {
  const rules = walkSpec()
    .rules.filter(({ path }) => !path.includes('Extension'))
    .map((rule, index) => ({ ...rule, number: index + 1 }))
  const keepsExtensions = { ...walkSpec(), rules }
  engines.push({
    interpreter: new ChunkEngine(keepsExtensions, 'interpreter'),
    automatic: new ChunkEngine(keepsExtensions, 'automatic'),
  })
  const nested = (levels: number): string => '{"url":"x","extension":['.repeat(levels) + ']}'.repeat(levels)
  for (let levels = 0; levels < 132; levels++)
    agree(t, patient(`"extension":[${nested(levels)}],"active":true`), `${levels}`)
  for (let levels = 240; levels < 262; levels++) {
    const brackets = '['.repeat(levels) + ']'.repeat(levels)
    agree(t, patient(`"contact":${brackets},"active":true`), `${levels} levels that are dropped`)
    agree(t, patient(`"name":${brackets}`), `${levels} levels of an unknown kind`)
    agree(t, patient(`"contact":${'{"x":'.repeat(levels)}1${'}'.repeat(levels)}`), `${levels} objects`)
  }
  const bundle = (inner: string): string => `{"resourceType":"Bundle","entry":[{"resource":${inner}}]}`
  let bundles = patient('"id":"x","active":true')
  for (let levels = 0; levels < 90; levels++) {
    bundles = bundle(bundles)
    agree(t, bundles, `${levels} Bundles`)
  }
  for (const open of ['[', '{"a":', '{"extension":['])
    agree(t, patient(`"contact":${open.repeat(100_000)}`), open)
})

t.test('a string of escapes is blank only if all of them are white space', async (t) => {
  const before = engines.map(({ automatic }) => automatic.interpretedLines)
  const left = (): boolean =>
    engines.some(({ automatic }, at) => automatic.interpretedLines > (before[at] ?? 0))
  // As Python's json.dumps writes names in other alphabets.
  for (const text of [
    '\\u674e\\u5a1c',
    '\\ud83d\\ude00',
    '\\u0000',
    '\\u0041',
    ' \\u0041 ',
    '\\u200b',
    '\\ufeff',
  ])
    for (const name of ['kept', 'dropped', 'hashed'] as const) agree(t, entryOf(STRINGS, name)(text), text)
  t.notOk(left(), 'the walk serves them')
  const units = [0x00, 0x80, 0x9f, 0x1670, 0x180e, 0x1ff8, 0x2020, 0x2058, 0x2ff8, 0xfef8]
  for (const unit of units.flatMap((first) => Array.from({ length: 48 }, (_, k) => first + k))) {
    const escaped = `\\u${unit.toString(16).padStart(4, '0')}`
    for (const text of [escaped, ` ${escaped}`, `${escaped}${escaped.toUpperCase().replace('U', 'u')}`])
      agree(t, patient(`"language":"${text}","name":[{"family":"${text}"}]`), text)
  }
})
