// Holds src/pipeline/item-list.ts.

import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import {
  codeOf,
  filesIn,
  KEEP_ALL,
  listen,
  type Overrides,
  outputsIn,
  run,
  syntheticLines,
  textIn,
  writeFiles,
} from '../support/pipeline-run.js'

const LINE = '{"resourceType":"Patient","id":"a"}\n'
const lines = syntheticLines(300_000)
const packed = gzipSync(lines)
const options = { config: KEEP_ALL } as const

const flipped = (bytes: Buffer): Buffer => {
  const copy = Buffer.from(bytes)
  const at = Math.floor(copy.length / 2)
  copy.writeUInt8(copy.readUInt8(at) ^ 0x10, at)
  return copy
}

const CORRUPT: Readonly<Record<string, Buffer>> = {
  'truncated in the middle': packed.subarray(0, packed.length / 2),
  'without its last byte': packed.subarray(0, packed.length - 1),
  'with a wrong checksum': Buffer.concat([packed.subarray(0, -8), Buffer.alloc(4), packed.subarray(-4)]),
  'with a flipped bit': flipped(packed),
}

for (const [name, bytes] of Object.entries(CORRUPT))
  t.test(
    `a gzip file ${name} is SOURCE_CORRUPT, nothing half-written of it is visible, the others finish`,
    async (t) => {
      const folder = t.testdir()
      const input = writeFiles(join(folder, 'in'), { 'bad.ndjson.gz': bytes, 'good.ndjson': LINE })
      const output = join(folder, 'out')
      const report = await run(input, output, options)
      t.match(report.failed, [{ item: 'bad.ndjson.gz', code: 'SOURCE_CORRUPT' }])
      t.strictSame([...filesIn(output).keys()], ['good.ndjson'], 'no output of it, no .part, no report')
      // Mended, it is done, and the other is not done again.
      writeFiles(input, { 'bad.ndjson.gz': packed })
      const again = await run(input, output, options)
      t.match(again.items, { finishedBefore: 1, committed: 1, failed: 0 })
      t.strictSame(filesIn(output).get('bad.ndjson'), lines)
    },
  )

t.test(
  'every kind of item is found, decided by its first bytes, and keeps its name and folder',
  async (t) => {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), {
      'a.ndjson': LINE,
      'b.jsonl': LINE,
      'c.xndjson': LINE,
      'd/e f/ü%2F.ndjson': LINE,
      'z.ndjson.gz': gzipSync(LINE),
      'members.ndjson.gz': Buffer.concat([gzipSync(LINE), gzipSync(''), gzipSync(LINE)]),
      'nuls.ndjson.gz': Buffer.concat([gzipSync(LINE), Buffer.alloc(512)]),
      'plain.ndjson.gz': LINE,
      'packed.ndjson': gzipSync(LINE),
      'one.json': '{"resourceType":"Patient","id":"a"}',
      'empty.ndjson.gz': '',
      'run.json': '{}',
      'x.ndjson.part': LINE,
      '.hidden.ndjson': LINE,
      '.git/y.ndjson': LINE,
      'notes.txt': 'no',
    })
    const output = join(folder, 'out')
    const { events, onEvent } = listen()
    await run(input, output, { ...options, onEvent })
    const expected = {
      'a.ndjson': LINE,
      'b.jsonl': LINE,
      'c.xndjson': LINE,
      'd/e f/ü%2F.ndjson': LINE,
      'empty.ndjson': '',
      'members.ndjson': LINE + LINE,
      'nuls.ndjson': LINE,
      'one.json': LINE,
      'packed.ndjson': LINE,
      'plain.ndjson': LINE,
      'z.ndjson': LINE,
    }
    const found = [...outputsIn(output)].map(([name, bytes]) => [name, bytes.toString()])
    t.strictSame(Object.fromEntries(found), expected)
    t.strictSame(
      events
        .filter(({ event }) => event === 'source.mislabelled')
        .map(({ item }) => item)
        .sort(),
      ['empty.ndjson.gz', 'packed.ndjson', 'plain.ndjson.gz'],
    )
  },
)

t.test('compressed output unpacks to the same bytes and is the same for 1 and for n workers', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'a.ndjson.gz': packed, 'b.ndjson': lines, 'c.ndjson': '' })
  for (const workers of [1, 3])
    await run(input, join(folder, `${workers}`), { ...options, gzip: true, workers })
  const one = outputsIn(join(folder, '1'))
  t.strictSame([...one.keys()], ['a.ndjson.gz', 'b.ndjson.gz', 'c.ndjson.gz'])
  t.strictSame(gunzipSync(one.get('b.ndjson.gz') as Buffer), lines)
  t.equal(gunzipSync(one.get('c.ndjson.gz') as Buffer).length, 0, 'an empty output is a gzip file too')
  t.strictSame(outputsIn(join(folder, '3')), one)
})

t.test(
  'the output is the same for 1 and for n workers, for every chunk size and memory budget',
  async (t) => {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), {
      'a.ndjson': syntheticLines(60_000),
      'b.ndjson.gz': packed,
    })
    await run(input, join(folder, 'one'), { workers: 1, chunkBytes: 2 ** 22 })
    const expected = outputsIn(join(folder, 'one'))
    const rows: Overrides[] = [
      { workers: 3, chunkBytes: 2 ** 22 },
      { workers: 2, chunkBytes: 1000 },
      { workers: 1, chunkBytes: 4096, memoryBudgetBytes: 2 ** 20 },
      { workers: 4, chunkBytes: 50_000, memoryBudgetBytes: 2 ** 21 },
    ]
    for (const [index, row] of rows.entries()) {
      await run(input, join(folder, `${index}`), row)
      t.strictSame(outputsIn(join(folder, `${index}`)), expected, JSON.stringify(row))
    }
  },
)

t.test('a UTF-16 file is SOURCE_NOT_UTF8, the others finish', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), {
    'le.ndjson': Buffer.from(`\ufeff${LINE}`, 'utf16le'),
    'be.ndjson': Buffer.from(`\ufeff${LINE}`, 'utf16le').swap16(),
    'bare.ndjson': Buffer.from(LINE, 'utf16le'),
    'good.ndjson': LINE,
  })
  const report = await run(input, join(folder, 'out'), options)
  t.strictSame(
    report.failed.map(({ code }) => code),
    ['SOURCE_NOT_UTF8', 'SOURCE_NOT_UTF8', 'SOURCE_NOT_UTF8'],
  )
  t.strictSame([...filesIn(join(folder, 'out')).keys()], ['good.ndjson'])
})

const CHANGES: Readonly<Record<string, (path: string) => void>> = {
  'grows while read': (path) => appendFileSync(path, LINE),
  'is replaced while read': (path) => {
    writeFileSync(`${path}.new`, lines)
    renameSync(`${path}.new`, path)
  },
  'is truncated while read': (path) => truncateSync(path, 1000),
  'is deleted while read': (path) => rmSync(path),
}

for (const [name, change] of Object.entries(CHANGES))
  t.test(`a file that ${name} is SOURCE_CHANGED: an error, not a mixture`, async (t) => {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), { 'x.ndjson': lines })
    const output = join(folder, 'out')
    let changed = false
    const report = await run(input, output, {
      ...options,
      workers: 1,
      memoryBudgetBytes: 2 ** 20,
      faultPoint: (point) => {
        if (point !== 'slab-read' || changed) return
        changed = true
        change(join(input, 'x.ndjson'))
      },
    })
    t.match(report.failed, [{ item: 'x.ndjson', code: 'SOURCE_CHANGED' }])
    t.equal(filesIn(output).size, 0)
  })

t.test('inputs that are refused before anything starts', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'x.ndjson': LINE })
  const twice = writeFiles(join(folder, 'twice'), { 'x.ndjson': LINE, 'x.ndjson.gz': gzipSync(LINE) })
  execFileSync('mkfifo', [join(folder, 'pipe.ndjson')])
  symlinkSync(join(folder, 'loop.ndjson'), join(folder, 'loop.ndjson'))
  mkdirSync(join(folder, 'real'))
  symlinkSync(input, join(folder, 'link'))
  const rows = [
    ['an input that is not there', join(folder, 'none'), 'out', 'SOURCE_NOT_FOUND'],
    ['two inputs with one output name', twice, 'out', 'NAME_COLLISION'],
    ['output equal to input', input, 'in', 'USAGE'],
    ['output inside input', input, 'in/out', 'USAGE'],
    ['output inside input by a link', input, 'link/out', 'USAGE'],
    ['a file that would be its own output', join(input, 'x.ndjson'), 'in', 'USAGE'],
    ['a pipe', join(folder, 'pipe.ndjson'), 'out', 'SOURCE_UNUSABLE'],
    ['a link to itself', join(folder, 'loop.ndjson'), 'out', 'SOURCE_UNREADABLE'],
    ['a file that is no item', '/etc/hostname', 'out', 'SOURCE_UNUSABLE'],
  ] as const
  for (const [name, from, to, code] of rows)
    t.equal(await codeOf(run(from, join(folder, to), options)), code, name)
  t.strictSame([...filesIn(input).keys()], ['x.ndjson'], 'nothing was written')
  t.notOk(filesIn(join(folder, 'out.sluice')).size > 0)
})

t.test('links to files are followed, links to folders and pipes in a folder are not items', async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'x.ndjson': LINE })
  writeFiles(join(folder, 'elsewhere'), { 'y.ndjson': LINE })
  symlinkSync(join(folder, 'elsewhere', 'y.ndjson'), join(input, 'y.ndjson'))
  symlinkSync(input, join(input, 'parent'))
  symlinkSync('nowhere', join(input, 'dangling.ndjson'))
  execFileSync('mkfifo', [join(input, 'pipe.ndjson')])
  const { events, onEvent } = listen()
  await run(input, join(folder, 'out'), { ...options, onEvent })
  t.strictSame([...outputsIn(join(folder, 'out')).keys()], ['x.ndjson', 'y.ndjson'])
  t.strictSame(
    events.filter(({ event }) => event === 'source.skipped').map(({ item }) => item),
    ['dangling.ndjson', 'parent', 'pipe.ndjson'],
  )
})

t.test('a single file is an input', async (t) => {
  const folder = t.testdir()
  writeFiles(join(folder, 'in'), { 'x.ndjson.gz': gzipSync(LINE), 'y.ndjson': LINE })
  await run(join(folder, 'in', 'x.ndjson.gz'), join(folder, 'in'), options)
  t.equal(textIn(join(folder, 'in'), 'x.ndjson'), LINE, 'also beside its output')
})
