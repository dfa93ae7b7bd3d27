// Holds src/pipeline/report/quarantine.ts, src/pipeline/run-counts.ts.

import { join } from 'node:path'
import t from 'tap'
import { isSluiceError } from '../../src/errors.js'
import { elementAt, firstOf } from '../support/elements.js'
import { filesIn, KEEP_ALL, quarantineOf, run, textIn, writeFiles } from '../support/pipeline-run.js'

const LINE = '{"resourceType":"Patient","id":"a"}'
const OTHER = '{"resourceType":"Patient","id":"b","active":true}'
const deep = (levels: number) =>
  `{"resourceType":"Patient","id":"a","extension":${'['.repeat(levels)}${']'.repeat(levels)}}`

interface Row {
  readonly input: string | Uint8Array
  /** Lines delivered, as text. */
  readonly delivered: readonly string[]
  readonly quarantined?: readonly { readonly code: string; readonly offset: number; readonly line: number }[]
  readonly blank?: number
}

const between = (bad: string | Uint8Array, code: string): Row => ({
  input: Buffer.concat([Buffer.from(`${LINE}\n`), Buffer.from(bad), Buffer.from(`\n${OTHER}\n`)]),
  delivered: [LINE, OTHER],
  quarantined: [{ code, offset: LINE.length + 1, line: 2 }],
})

// Rows 17 to 35 of the reliability page.
const ROWS: Readonly<Record<string, Row>> = {
  'an empty file is an empty output': { input: '', delivered: [] },
  'invalid JSON in the middle is quarantined, the next line is delivered': between(
    '{"resourceType":',
    'INVALID_JSON',
  ),
  'empty lines and lines of spaces are counted as blank': {
    input: `\n${LINE}\n\n  \t\n\r\n${OTHER}\n\n`,
    delivered: [LINE, OTHER],
    blank: 5,
  },
  'a last line without newline is delivered': { input: `${LINE}\n${OTHER}`, delivered: [LINE, OTHER] },
  'half a record at the end is quarantined': {
    input: `${LINE}\n{"resourceType":"Pat`,
    delivered: [LINE],
    quarantined: [{ code: 'INVALID_JSON', offset: LINE.length + 1, line: 2 }],
  },
  'a byte order mark at byte 0 is stripped': { input: `\ufeff${LINE}\n${OTHER}\n`, delivered: [LINE, OTHER] },
  'a file that is a byte order mark only is empty': { input: '\ufeff', delivered: [] },
  'a byte order mark in the middle is quarantined': between(`\ufeff${LINE}`, 'INVALID_JSON'),
  'the carriage return before a newline goes with it': {
    input: `${LINE}\r\n${OTHER}\n${LINE}\r\n${OTHER}\r`,
    delivered: [LINE, OTHER, LINE, OTHER],
  },
  'a lone carriage return between two documents is quarantined': between(`${LINE}\r${OTHER}`, 'INVALID_JSON'),
  'invalid UTF-8 is quarantined, never replaced': between(
    Buffer.from('7b2272c328227d', 'hex'),
    'INVALID_UTF8',
  ),
  'an overlong form is quarantined': between(Buffer.from('7b22c0af223a317d', 'hex'), 'INVALID_UTF8'),
  'surrogate bytes are quarantined': between(Buffer.from('7b22eda080223a317d', 'hex'), 'INVALID_UTF8'),
  'a raw NUL in a string is quarantined': between('{"resourceType":"Patient","id":"\u0000"}', 'INVALID_JSON'),
  'a run of NULs is quarantined as one line': between('\u0000'.repeat(3000), 'INVALID_JSON'),
  'duplicate keys are quarantined': between('{"resourceType":"Patient","id":"a","id":"b"}', 'DUPLICATE_KEY'),
  'nesting beyond the limit is quarantined': between(deep(500), 'TOO_DEEP'),
  'a million levels are quarantined': between(deep(1_000_000), 'TOO_DEEP'),
  '__proto__ as a key is an unknown element': between(
    '{"resourceType":"Patient","id":"a","__proto__":{"polluted":true}}',
    'UNKNOWN_ELEMENT',
  ),
  'an array at the top is no resource': between('[1]', 'NOT_A_RESOURCE'),
  'two documents on one line are quarantined': between(`${LINE}${OTHER}`, 'INVALID_JSON'),
  'a trailing comma is quarantined': between('{"resourceType":"Patient",}', 'INVALID_JSON'),
  'a comment is quarantined': between('{"resourceType":"Patient"/* */}', 'INVALID_JSON'),
  'NaN is quarantined': between(
    '{"resourceType":"Observation","valueQuantity":{"value":NaN}}',
    'INVALID_JSON',
  ),
  'an unknown resource type is quarantined': between('{"resourceType":"Patiens"}', 'UNKNOWN_RESOURCE_TYPE'),
  'numbers keep their text': {
    input: `{"resourceType":"Observation","valueQuantity":{"value":1.00}}\n{"resourceType":"Observation","valueQuantity":{"value":9007199254740993}}\n`,
    delivered: [
      '{"resourceType":"Observation","valueQuantity":{"value":1.00}}',
      '{"resourceType":"Observation","valueQuantity":{"value":9007199254740993}}',
    ],
  },
  'line separators, emoji and lone surrogate escapes are unchanged': {
    input: '{"resourceType":"Patient","id":"\u2028😀é\\ud800"}\n',
    delivered: ['{"resourceType":"Patient","id":"\u2028😀é\\ud800"}'],
  },
}

const nameOf = (index: number): string => `${index}.ndjson`

// From one line a chunk up to all lines in one.
for (const chunkBytes of [1, 7, LINE.length + 1, 64 * 1024])
  t.test(`every line is accounted for, in chunks of ${chunkBytes}`, async (t) => {
    const folder = t.testdir()
    const rows = Object.entries(ROWS)
    const input = writeFiles(
      join(folder, 'in'),
      Object.fromEntries(rows.map(([, row], index) => [nameOf(index), row.input])),
    )
    const output = join(folder, 'out')
    const report = await run(input, output, { config: KEEP_ALL, chunkBytes, workers: 1 })
    for (const [index, [name, row]] of rows.entries()) {
      t.equal(textIn(output, nameOf(index)), row.delivered.map((line) => `${line}\n`).join(''), name)
      const quarantined = quarantineOf(output, nameOf(index))
      t.match(quarantined, row.quarantined ?? [], name)
      const { lines } = report.outputs.find((each) => each.name === nameOf(index)) ?? {}
      t.strictSame(
        lines,
        {
          read: row.delivered.length + (row.quarantined ?? []).length + (row.blank ?? 0),
          delivered: row.delivered.length,
          quarantined: (row.quarantined ?? []).length,
          blank: row.blank ?? 0,
        },
        name,
      )
    }
    t.equal(({} as { polluted?: unknown }).polluted, undefined)
  })

t.test('a line longer than maxLineBytes is quarantined and the next line survives', async (t) => {
  const folder = t.testdir()
  const limit = 300_000
  const line = (length: number) => `{"resourceType":"Patient","id":"${'x'.repeat(length - 34)}"}`
  t.equal(line(limit).length, limit)
  const rows = ['\n', '\r\n'].flatMap((ending) =>
    [0, 1, 50_000, 3_000_000].flatMap((extra) => [OTHER, ''].map((last) => ({ ending, extra, last }))),
  )
  const text = ({ ending, extra, last }: (typeof rows)[number]) =>
    [LINE, line(limit + extra), last].join(ending)
  const input = writeFiles(
    join(folder, 'in'),
    Object.fromEntries(rows.map((row, index) => [nameOf(index), text(row)])),
  )
  const output = join(folder, 'out')
  await run(input, output, { config: KEEP_ALL, workers: 1, maxLineBytes: limit })
  for (const [index, { ending, extra, last }] of rows.entries()) {
    const expected =
      extra === 0 ? [] : [{ code: 'LINE_TOO_LONG', offset: LINE.length + ending.length, line: 2 }]
    const found = quarantineOf(output, nameOf(index))
    t.strictSame(
      found.map(({ code, offset, line }) => ({ code, offset, line })),
      expected,
      `${extra} more, ${ending.length} at the end`,
    )
    if (extra > 0) t.equal(firstOf(found).length, limit + extra, 'its length')
    const kept = [LINE, ...(extra === 0 ? [line(limit)] : []), ...(last === '' ? [] : [last])]
    t.equal(textIn(output, nameOf(index)), kept.map((each) => `${each}\n`).join(''))
  }
})

t.test('what is quarantined holds no content unless asked for', async (t) => {
  const folder = t.testdir()
  const secret = 'CANARY-7f3a'
  const bad = [
    `{"resourceType":"Patient","id":"${secret}"`,
    `{"resourceType":"Patient","active":"${secret}"}`,
  ]
  const invalid = Buffer.concat([Buffer.from(`${secret}`), Buffer.from([0xff])])
  const input = writeFiles(join(folder, 'in'), {
    'x.ndjson': Buffer.concat([Buffer.from(`${bad.join('\n')}\n`), invalid, Buffer.from(`\n${LINE}\n`)]),
  })
  const without = join(folder, 'without')
  await run(input, without)
  for (const place of [without, `${without}.sluice`])
    for (const [name, bytes] of filesIn(place)) t.notOk(bytes.includes(secret), name)
  const withContent = join(folder, 'with')
  await run(input, withContent, { quarantineContent: true })
  const rows = quarantineOf(withContent, 'x.ndjson')
  t.strictSame(
    rows.slice(0, 2).map(({ content }) => content),
    bad,
  )
  t.equal(elementAt(rows, 2).contentBase64, invalid.toString('base64'))
})

t.test('onBadLine fail ends the run with BAD_LINE and commits nothing of that item', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'x.ndjson': `${LINE}\nCANARY\n` })
  const output = join(folder, 'out')
  await t.rejects(run(input, output, { onBadLine: 'fail' }), {
    code: 'BAD_LINE',
    message: new RegExp(`byte ${LINE.length + 1} `),
  })
  t.equal(filesIn(output).size, 0)
})

t.test('more than maxQuarantined ends the run before anything is committed', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), {
    'a.ndjson': `${LINE}\n`.repeat(8),
    'b.ndjson': 'bad\nbad\n',
  })
  const rows = [
    [{ count: 1 }, 'TOO_MANY_QUARANTINED'],
    [{ count: 2 }, undefined],
    [{ percent: 19 }, 'TOO_MANY_QUARANTINED'],
    [{ percent: 20 }, undefined],
    [{ count: 0 }, 'TOO_MANY_QUARANTINED'],
  ] as const
  for (const [maxQuarantined, expected] of rows) {
    const output = join(folder, `out-${JSON.stringify(maxQuarantined)}`)
    let code: string | undefined
    try {
      await run(input, output, { maxQuarantined })
    } catch (error) {
      code = isSluiceError(error) ? error.code : String(error)
    }
    t.equal(code, expected, JSON.stringify(maxQuarantined))
    const visible = [...filesIn(output).keys()].filter((name) => !name.endsWith('.part'))
    t.strictSame(visible, expected === undefined ? ['a.ndjson', 'b.ndjson', 'run.json'] : [])
  }
})
