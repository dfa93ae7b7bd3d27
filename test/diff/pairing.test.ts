// Holds src/pipeline/item-lines.ts, src/diff/item-pairs.ts, src/diff/line-pairs.ts, src/diff/rejected-lines.ts,
// src/diff/run-records.ts, src/diff/stores.ts.

import { cpSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { folderSink } from '../../src/storage/folder/folder.js'
import { splitSink } from '../../src/storage/split.js'
import { compare } from '../support/diff-run.js'
import { codeOf, run, runPipelineInto, syntheticLines, textIn, writeFiles } from '../support/pipeline-run.js'
import { skipWithoutZstd, zstdOf } from '../support/zstd.js'

const patient = (id: string, more: object = {}): string =>
  JSON.stringify({ resourceType: 'Patient', id, ...more })

/** Anonymizes files into `out`, and gives both folders. */
async function anonymized(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Parameters<typeof run>[2] = {},
) {
  const before = writeFiles(join(folder, 'in'), files)
  const after = join(folder, 'out')
  await run(before, after, { workers: 1, ...options })
  return { before, after }
}

/** Bad lines, blank ones, CRLF and a byte order mark; the birth year of each good line is its number. */
const TRICKY = [
  `\ufeff${patient('1', { birthDate: '1901-01-01' })}\r`,
  '',
  '{"resourceType":"Patient","id":"3","unknown":true}',
  patient('4', { birthDate: '1904-01-01' }),
  '  \t',
  'not json',
  `${patient('7', { birthDate: '1907-01-01' })}\r`,
  '\r',
  '{"resourceType":"Patient","id":"9","id":"9"}',
  patient('10', { birthDate: '1910-01-01' }),
].join('\n')

const KEEP_BIRTH = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: 'Patient.birthDate', method: 'keep' },
  ],
  parameters: { cryptoHashKey: 'k', dateShiftKey: 'k', encryptKey: '0123456789abcdef' },
}

t.test(
  'lines pair by position around quarantined and blank ones, with CRLF and a byte order mark',
  async (t) => {
    const { before, after } = await anonymized(t.testdir(), { 'a.ndjson': TRICKY }, { config: KEEP_BIRTH })
    const { lines, elements, run: facts, warnings } = await compare(before, after)
    t.same(lines, {
      compared: 4,
      unchanged: 0,
      blank: 3,
      quarantined: 3,
      tooLong: 0,
      unreadable: 0,
    })
    t.same(elements, [
      { path: 'Patient.birthDate', fhirType: 'date', outcomes: { kept: 4 } },
      { path: 'Patient.id', fhirType: 'id', outcomes: { hashed: 4 } },
    ])
    t.same(warnings, [])
    t.same(facts?.quarantinedByCode, { DUPLICATE_KEY: 1, INVALID_JSON: 1, UNKNOWN_ELEMENT: 1 })
    const { lines: one, examples } = await compare(before, after, { item: 'a.ndjson', line: 7 })
    t.equal(one.compared, 1)
    t.same(
      examples.map(({ line }) => line),
      [7],
    )
  },
)

t.test('gzip on either side is read, whatever the names', async (t) => {
  const files = { 'a/x.ndjson.gz': gzipSync(TRICKY), 'b.ndjson': `${patient('1')}\n` }
  for (const gzip of [false, true]) {
    const { before, after } = await anonymized(t.testdir({}), files, {
      config: KEEP_BIRTH,
      gzip,
      overwrite: true,
    })
    const { lines, items } = await compare(before, after)
    t.equal(lines.compared, 5)
    t.equal(lines.quarantined, 3)
    t.equal(items.compared, 2)
  }
})

t.test('zstd on either side is read', { skip: skipWithoutZstd() }, async (t) => {
  const files = { 'a/x.ndjson.zst': zstdOf(TRICKY), 'b.ndjson': `${patient('1')}\n` }
  const { before, after } = await anonymized(t.testdir({}), files, { config: KEEP_BIRTH, zstd: true })
  const { lines, items } = await compare(before, after)
  t.match({ lines, items }, { lines: { compared: 5, quarantined: 3 }, items: { compared: 2 } })
})

t.test('documents are compared whole; one that was quarantined has no pair', async (t) => {
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: ['1', '2'].map((id) => ({ resource: JSON.parse(patient(id, { birthDate: '1970-01-01' })) })),
  }
  const { before, after } = await anonymized(
    t.testdir(),
    {
      'bundle.json': JSON.stringify(bundle, null, 2),
      'one.json': patient('3'),
      'bad.json': '{"resourceType":"Patient","nope":1}',
    },
    { config: { ...KEEP_BIRTH, fhirPathRules: [...KEEP_BIRTH.fhirPathRules] } },
  )
  const { types, items, lines, warnings } = await compare(before, after)
  t.same(
    types.map(({ type, resources, values }) => [type, resources, values.kept, values.changed]),
    [
      ['Bundle', 1, 1, 0],
      ['Patient', 3, 2, 3],
    ],
  )
  t.equal(items.compared, 2)
  t.equal(lines.quarantined, 1)
  t.same(warnings, [])
})

t.test('the parts of a split output are read as one', async (t) => {
  const folder = t.testdir()
  const lines = Array.from({ length: 200 }, (_, at) => patient(String(at), { birthDate: '1970-01-01' }))
  const before = writeFiles(join(folder, 'in'), { 'p.ndjson': lines.join('\n') })
  const after = join(folder, 'out')
  await runPipelineInto(before, splitSink(folderSink(after), 4096), { config: KEEP_BIRTH, chunkBytes: 1024 })
  t.match(textIn(after, 'run.json'), 'p-00002.ndjson')
  const summary = await compare(before, after)
  t.equal(summary.lines.compared, 200)
  t.same(summary.warnings, [])
})

t.test('without the state lines pair by order, with a warning, where counts fit', async (t) => {
  const good = [patient('1'), '', 'not json', patient('2')].join('\n')
  const { before, after } = await anonymized(t.testdir(), { 'a.ndjson': good }, { config: KEEP_BIRTH })
  rmSync(`${after}.sluice`, { recursive: true })
  const { lines, warnings } = await compare(before, after)
  t.equal(lines.compared, 2)
  t.equal(lines.unreadable, 1)
  t.match(warnings, [{ code: 'no-quarantine', message: /--state/ }])
})

t.test('without the state it stops where nobody knows which lines were quarantined', async (t) => {
  const { before, after } = await anonymized(t.testdir(), { 'a.ndjson': TRICKY }, { config: KEEP_BIRTH })
  renameSync(`${after}.sluice`, `${after}-kept`)
  await t.rejects(compare(before, after), { code: 'PAIR_MISMATCH', at: 'a.ndjson', message: /--state/ })
  const { lines } = await compare(before, after, { state: `${after}-kept` })
  t.equal(lines.quarantined, 3)
})

t.test('without quarantined lines the state is not needed', async (t) => {
  const { before, after } = await anonymized(
    t.testdir(),
    { 'a.ndjson': patient('1') },
    { config: KEEP_BIRTH },
  )
  rmSync(`${after}.sluice`, { recursive: true })
  t.same((await compare(before, after)).warnings, [])
})

t.test('without a report files pair by their names, with a warning', async (t) => {
  const { before, after } = await anonymized(
    t.testdir(),
    { 'a.ndjson.gz': gzipSync(`${patient('1')}\n`), 'only.ndjson': patient('2') },
    { config: KEEP_BIRTH },
  )
  rmSync(`${after}.sluice`, { recursive: true })
  rmSync(join(after, 'run.json'))
  rmSync(join(after, 'only.ndjson'))
  writeFileSync(join(after, 'foreign.ndjson'), patient('3'))
  const { lines, items, warnings } = await compare(before, after)
  t.equal(lines.compared, 1)
  t.same(items, { compared: 1, onlyBefore: 1, onlyAfter: 1 })
  t.same(
    warnings.map(({ code }) => code),
    ['no-report', 'unpaired-items', 'unpaired-items', 'no-quarantine'],
  )
})

t.test('an output that was changed, or is another run’s, is refused', async (t) => {
  const lines = [patient('1'), '{"resourceType":"Organization","id":"2"}', patient('3')]
  const { before, after } = await anonymized(
    t.testdir(),
    { 'a.ndjson': lines.join('\n') },
    { config: KEEP_BIRTH },
  )
  const output = textIn(after, 'a.ndjson').trimEnd().split('\n')
  const swapped = `${[output[1], output[0], output[2]].join('\n')}\n`
  writeFileSync(join(after, 'a.ndjson'), swapped)
  await t.rejects(compare(before, after), { code: 'PAIR_MISMATCH', message: /line 1 .*another type/ })

  writeFileSync(join(after, 'a.ndjson'), `${output.slice(0, 2).join('\n')}\n`)
  await t.rejects(compare(before, after), { code: 'PAIR_MISMATCH', at: 'a.ndjson', message: /bytes/ })

  writeFileSync(join(after, 'a.ndjson'), swapped.replace(/[^\n]/g, 'x'))
  await t.rejects(compare(before, after), { code: 'PAIR_MISMATCH', message: /not a resource/ })

  rmSync(join(after, 'a.ndjson'))
  await t.rejects(compare(before, after), { code: 'SOURCE_NOT_FOUND', message: /run.json/ })
})

t.test('lines beyond those of the other side are refused', async (t) => {
  const { before, after } = await anonymized(
    t.testdir(),
    { 'a.ndjson': `${patient('1')}\n${patient('2')}\n` },
    { config: KEEP_BIRTH },
  )
  rmSync(join(after, 'run.json'))
  rmSync(`${after}.sluice`, { recursive: true })
  const output = textIn(after, 'a.ndjson')
  const [first] = output.split('\n')
  for (const text of [`${first}\n`, `${output}${first}\n`]) {
    writeFileSync(join(after, 'a.ndjson'), text)
    t.equal(await codeOf(compare(before, after)), 'PAIR_MISMATCH')
  }
})

t.test('a quarantine or a report that is none is refused without being quoted', async (t) => {
  const { before, after } = await anonymized(t.testdir(), { 'a.ndjson': TRICKY }, { config: KEEP_BIRTH })
  const quarantine = join(`${after}.sluice`, 'quarantine', 'a.ndjson.ndjson')
  const rows = textIn(`${after}.sluice`, 'quarantine/a.ndjson.ndjson')
  writeFileSync(quarantine, rows.replace(/"offset":\d+/, '"offset":1'))
  await t.rejects(compare(before, after), { code: 'PAIR_MISMATCH', message: /another byte/ })
  writeFileSync(quarantine, 'canary')
  await t.rejects(compare(before, after), { code: 'SOURCE_CORRUPT', message: /^(?!.*canary)/ })
  for (const text of ['[]', '{"generator":"fhir-sluice"}', 'canary']) {
    writeFileSync(join(after, 'run.json'), text)
    await t.rejects(compare(before, after), { code: 'SOURCE_CORRUPT', message: /^(?!.*canary)/ })
  }
  const report = JSON.parse(textIn(`${after}.sluice`, 'run.json'))
  report.outputs[0].name = '../../etc/passwd'
  writeFileSync(join(after, 'run.json'), JSON.stringify(report))
  t.equal(await codeOf(compare(before, after)), 'SOURCE_CORRUPT')
})

t.test('an item that is not there, and sides without anything in common, are refused', async (t) => {
  const folder = t.testdir()
  const { before, after } = await anonymized(folder, { 'a.ndjson': patient('1') }, { config: KEEP_BIRTH })
  t.equal(await codeOf(compare(before, after, { item: 'b.ndjson' })), 'SOURCE_NOT_FOUND')
  t.equal(await codeOf(compare(join(folder, 'none'), after)), 'SOURCE_NOT_FOUND')
  const other = writeFiles(join(folder, 'other'), { 'b.ndjson': patient('1') })
  t.equal(await codeOf(compare(other, after)), 'SOURCE_NOT_FOUND')
})

t.test('the folder of one run in a lake finds its state in the lake’s', async (t) => {
  const folder = t.testdir()
  const { before, after } = await anonymized(folder, { 'a.ndjson': TRICKY }, { config: KEEP_BIRTH })
  const ofRun = join(folder, 'lake', '2026-11-21T0100Z-1f0c2a9b')
  cpSync(after, ofRun, { recursive: true })
  cpSync(`${after}.sluice`, join(folder, 'lake.sluice', '2026-11-21T0100Z-1f0c2a9b'), { recursive: true })
  t.equal((await compare(before, ofRun)).lines.quarantined, 3)
})

t.test('two files are compared as two folders are', async (t) => {
  const { before, after } = await anonymized(
    t.testdir(),
    { 'a.ndjson': patient('1') },
    { config: KEEP_BIRTH },
  )
  const { lines, warnings } = await compare(join(before, 'a.ndjson'), join(after, 'a.ndjson'))
  t.equal(lines.compared, 1)
  t.match(warnings, [{ code: 'no-report' }, { code: 'no-quarantine' }])
})

t.test('every line that a run delivered is compared, with every type it counted', async (t) => {
  const { before, after } = await anonymized(t.testdir(), { 'a.ndjson': syntheticLines(300_000) })
  const report = JSON.parse(textIn(after, 'run.json'))
  const { lines, types, elements } = await compare(before, after)
  t.equal(lines.compared, report.lines.delivered)
  for (const [type, count] of Object.entries(report.resourcesByType))
    t.equal(types.find((summary) => summary.type === type)?.resources, count, type)
  t.notOk(elements.some(({ path }) => path.includes('(unknown)')))
})

t.test('what fits nothing is told', async (t) => {
  const { before, after } = await anonymized(t.testdir(), { 'a.ndjson': TRICKY }, { config: KEEP_BIRTH })
  for (const options of [{ type: 'patient' }, { line: 3 }, { line: 99 }])
    t.match((await compare(before, after, options)).warnings, [{ code: 'nothing-compared' }])
})

t.test('an interrupted comparison ends at once', async (t) => {
  const { before, after } = await anonymized(
    t.testdir(),
    { 'a.ndjson': patient('1') },
    { config: KEEP_BIRTH },
  )
  t.equal(await codeOf(compare(before, after, { signal: AbortSignal.abort() })), 'INTERRUPTED')
})

t.test('lines that nest without end are no bug', async (t) => {
  const deep = `{"resourceType":"Patient","extension":[1,${'['.repeat(50_000)}${']'.repeat(50_000)}]}`
  const folder = t.testdir()
  const before = writeFiles(join(folder, 'in'), { 'a.ndjson': deep })
  const after = writeFiles(join(folder, 'out'), {
    'a.ndjson': '{"resourceType":"Patient","extension":[{"url":"x"}]}',
  })
  t.equal((await compare(before, after)).lines.compared, 1)
})

t.test('a file that the run did not make, or that was changed since, is told', async (t) => {
  const { before, after } = await anonymized(
    t.testdir(),
    { 'a.ndjson': patient('1'), 'b.ndjson': patient('2') },
    { config: KEEP_BIRTH },
  )
  t.same((await compare(before, after)).warnings, [])
  writeFileSync(join(after, 'copied.ndjson'), patient('3'))
  writeFileSync(
    join(after, 'b.ndjson'),
    textIn(after, 'b.ndjson').replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10)),
  )
  const { warnings } = await compare(before, after)
  const told = warnings.filter(({ code }) => code === 'not-as-written').map(({ message }) => message)
  t.equal(told.length, 2)
  t.match(told.join(), /1 changed \(b\.ndjson\).*1 extra \(copied\.ndjson\)/s)
})
