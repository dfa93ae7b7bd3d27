// Holds src/pipeline/bundle/bundle.ts, src/pipeline/bundle/bundle-batches.ts,
// src/pipeline/bundle/bundle-scan.ts, src/pipeline/bundle/bundle-text.ts, src/pipeline/chunks/documents.ts.

import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import {
  CONFIG,
  filesIn,
  KEEP_ALL,
  quarantineOf,
  run,
  syntheticLines,
  textIn,
  writeFiles,
} from '../support/pipeline-run.js'

const resources = syntheticLines(600_000, 5).toString('utf8').trimEnd().split('\n')

interface Parts {
  readonly before?: string
  readonly after?: string
  readonly between?: string
  readonly extra?: readonly string[]
}

const bundle = ({
  before = '"resourceType":"Bundle","id":"b-1","type":"collection"',
  after = '',
  between = ',',
  extra = [],
}: Parts = {}) => {
  const entries = [...resources.map((resource) => `{"resource":${resource}}`), ...extra]
  return `{${[before, `"entry":[${entries.join(between)}]`, after].filter((part) => part !== '').join(',')}}`
}

/** Members in the order of their names: a Bundle that was cut has `entry` and `meta` last. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  )
}

const SMALL = { maxLineBytes: 100_000 } as const

const BUNDLES: Readonly<Record<string, string>> = {
  plain: bundle(),
  'with its id and type behind the entries': bundle({
    before: '"resourceType":"Bundle"',
    after: '"id":"b-1","type":"searchset","total":7',
  }),
  'with meta and labels of its own': bundle({
    before:
      '"resourceType":"Bundle","meta":{"lastUpdated":"2020-01-02T03:04:05Z","security":[{"code":"R"}]},"id":"b-1"',
  }),
  'with an escaped key': bundle({ before: '"resourceType":"Bundle"' }).replace('"entry"', '"entr\\u0079"'),
  'with white space': bundle({ between: ' ,\n  ' }),
}

for (const [name, text] of Object.entries(BUNDLES))
  for (const config of [KEEP_ALL, CONFIG])
    t.test(
      `a Bundle ${name} that is larger than a chunk is the same as one that fits (${config.fhirPathRules.length} rules)`,
      async (t) => {
        const folder = t.testdir()
        const input = writeFiles(join(folder, 'in'), { 'b.json': text })
        const whole = await run(input, join(folder, 'whole'), { config })
        const cut = await run(input, join(folder, 'cut'), { config, ...SMALL })
        t.strictSame(whole.lines, { read: 1, delivered: 1, quarantined: 0, blank: 0 })
        t.strictSame(cut.lines, whole.lines)
        // White space is taken out in the one case before offsets are counted, so encrypted values differ there.
        if (name !== 'with white space' || config === KEEP_ALL)
          t.strictSame(
            sorted(JSON.parse(textIn(join(folder, 'cut'), 'b.json'))),
            sorted(JSON.parse(textIn(join(folder, 'whole'), 'b.json'))),
          )
        t.strictSame(cut.resourcesByType, whole.resourcesByType)
        t.strictSame(cut.elementsByRule, whole.elementsByRule)
        await run(input, join(folder, 'packed'), { config, ...SMALL, gzip: true })
        const packed = filesIn(join(folder, 'packed')).get('b.json.gz') ?? Buffer.alloc(0)
        t.equal(gunzipSync(packed).toString(), textIn(join(folder, 'cut'), 'b.json'))
      },
    )

t.test('a bad document is quarantined as a whole and has no output, large or not', async (t) => {
  const folder = t.testdir()
  const rows: Readonly<Record<string, readonly [text: string, code: string]>> = {
    'bad entry': [
      bundle({ extra: ['{"resource":{"resourceType":"Patient","unknown":1}}'] }),
      'UNKNOWN_ELEMENT',
    ],
    'two commas': [bundle({ extra: [''] }), 'INVALID_JSON'],
    'no comma': [bundle().replace('}},{"resource"', '}} {"resource"'), 'INVALID_JSON'],
    'cut off': [bundle().slice(0, -1), 'INVALID_JSON'],
    'more behind it': [`${bundle()}x`, 'INVALID_JSON'],
    'entry twice': [bundle({ after: '"entry":[]' }), 'DUPLICATE_KEY'],
    'a key twice': [bundle({ after: '"type":"batch"' }), 'DUPLICATE_KEY'],
    'an unknown element': [bundle({ after: '"unknown":1' }), 'UNKNOWN_ELEMENT'],
  }
  const input = writeFiles(
    join(folder, 'in'),
    Object.fromEntries(Object.entries(rows).map(([name, [text]]) => [`${name}.json`, text])),
  )
  for (const options of [{}, SMALL]) {
    const output = join(folder, JSON.stringify(options).length.toString())
    const report = await run(input, output, { config: KEEP_ALL, ...options })
    t.strictSame([...filesIn(output).keys()], ['run.json'])
    t.equal(report.lines.quarantined, Object.keys(rows).length)
    for (const [name, [, code]] of Object.entries(rows))
      t.match(quarantineOf(output, `${name}.json`), [{ code, offset: 0, line: 1 }], name)
    const again = await run(input, output, { config: KEEP_ALL, ...options })
    t.equal(again.items.finishedBefore, Object.keys(rows).length, 'finished work is not redone')
  }
})

t.test('documents of other types and sizes', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), {
    'pretty.json': '{\n  "resourceType": "Patient",\n  "id": "a"\n}\n',
    'mark.json': '\ufeff{"resourceType":"Patient","id":"a"}',
    'packed.json.gz': gzipSync(bundle()),
    'long.json': `{"resourceType":"Patient","id":"${'x'.repeat(200_000)}"}`,
    'empty.json': '',
  })
  const output = join(folder, 'out')
  await run(input, output, { config: KEEP_ALL, ...SMALL })
  t.strictSame(JSON.parse(textIn(output, 'pretty.json')), { resourceType: 'Patient', id: 'a' })
  t.equal(textIn(output, 'mark.json'), '{"resourceType":"Patient","id":"a"}\n')
  t.strictSame(sorted(JSON.parse(textIn(output, 'packed.json'))), sorted(JSON.parse(bundle())))
  t.match(quarantineOf(output, 'long.json'), [{ code: 'LINE_TOO_LONG' }])
  t.notOk(filesIn(output).has('long.json'))
})

t.test('remove takes entries out of a Bundle, large or not', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'b.json': bundle() })
  const paths = ['Bundle.entry', 'Bundle.entry.where(resource is Patient)', "nodesByType('Observation')"]
  for (const [k, path] of paths.entries()) {
    const config = { fhirVersion: 'R4', fhirPathRules: [{ path, method: 'remove' }], parameters: {} }
    const whole = await run(input, join(folder, `whole${k}`), { config })
    const cut = await run(input, join(folder, `cut${k}`), { config, ...SMALL })
    t.strictSame(cut.lines, { read: 1, delivered: 1, quarantined: 0, blank: 0 })
    t.strictSame(cut.elementsByRule, whole.elementsByRule)
    const left = JSON.parse(textIn(join(folder, `cut${k}`), 'b.json')) as { entry?: unknown[] }
    t.strictSame(sorted(left), sorted(JSON.parse(textIn(join(folder, `whole${k}`), 'b.json'))))
    const all = resources.length
    t.ok(k === 0 ? left.entry === undefined : (left.entry?.length ?? all) < all, path)
  }
})
