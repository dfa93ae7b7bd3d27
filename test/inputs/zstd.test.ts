import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import t from 'tap'
import { checkOutput } from '../../src/check/check.js'
import { folderOutput } from '../../src/storage/folder/folder-output.js'
import { KEEP_ALL, run, runProcess, writeFiles } from '../support/pipeline-run.js'
import { sluice } from '../support/sluice.js'
import { FRAMES, skipWithoutZstd, skipWithZstd, zstdOf } from '../support/zstd.js'

const LINES = Array.from(
  { length: 3000 },
  (_, n) => `{"resourceType":"Patient","id":"p${(n * 7919) % 3001}"}\n`,
)
const TEXT = LINES.join('')
const SMALL = { config: KEEP_ALL, chunkBytes: 10_000, workers: 2 }

t.test(
  'without zstd, an item of it fails and the others are delivered',
  { skip: skipWithZstd() },
  async (t) => {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), { 'a.ndjson.zst': FRAMES.repeated, 'b.ndjson': TEXT })
    const report = await run(input, join(folder, 'out'), SMALL)
    t.match(report.failed, [{ item: 'a.ndjson.zst', code: 'SOURCE_UNUSABLE', message: /Node 22\.15/ }])
    t.match(report, { lines: { delivered: 3000 }, items: { committed: 1, failed: 1 } })
    const refused = await sluice([
      'anonymize',
      '--zstd',
      '-i',
      input,
      '-o',
      join(folder, 'x'),
      '-c',
      'safe-harbor-r4',
    ])
    t.equal(refused.exitCode, 2)
    t.match(refused.stderr, /has no zstd.*Node 22\.15 or later.*use gzip/s)
  },
)

const skip = skipWithoutZstd()

t.test('zstd goes in and out, in frames, and is checked', { skip }, async (t) => {
  const folder = t.testdir()
  const halves = [LINES.slice(0, 1000).join(''), LINES.slice(1000).join('')]
  const frames = Buffer.concat([FRAMES.skippable, ...halves.map((half) => zstdOf(half, 3)), FRAMES.empty])
  const input = writeFiles(join(folder, 'in'), {
    'a.ndjson.zst': frames,
    'sub/b.ndjson': TEXT,
    'c.jsonl': '',
  })
  for (const [name, options, ending] of [
    ['plain', {}, ''],
    ['gzip', { gzip: true }, '.gz'],
    ['zstd', { zstd: true }, '.zst'],
  ] as const) {
    const output = join(folder, name)
    t.match(await run(input, output, { ...SMALL, ...options }), { items: { committed: 3 } }, name)
    const textOf = (item: string): string => {
      const bytes = readFileSync(join(output, item + ending))
      if (name === 'plain') return bytes.toString()
      return name === 'gzip' ? zlib.gunzipSync(bytes).toString() : unzstd(bytes)
    }
    t.equal(textOf('a.ndjson'), TEXT, name)
    t.equal(textOf('sub/b.ndjson'), TEXT, name)
    t.equal(textOf('c.jsonl'), '', name)
    t.match(await checkOutput(folderOutput(output)), { isProven: true, problems: [] }, name)
  }
  const again = join(folder, 'again')
  t.match(await run(join(folder, 'zstd'), again, { ...SMALL, zstd: 9 }), { lines: { delivered: 6000 } })
  t.equal(unzstd(readFileSync(join(again, 'a.ndjson.zst'))), TEXT)
  t.match(await run(join(folder, 'zstd'), again, { ...SMALL, zstd: 9 }), { items: { finishedBefore: 3 } })
  t.match(await run(join(folder, 'zstd'), again, { ...SMALL, zstd: 1 }), { items: { committed: 3 } })
})

t.test('zstd that is cut, damaged or followed by something else is refused whole', { skip }, async (t) => {
  const frame = zstdOf(TEXT)
  const damaged = Buffer.from(frame)
  damaged[frame.length - 1] = (damaged[frame.length - 1] ?? 0) ^ 1
  const files = {
    'cut.ndjson.zst': frame.subarray(0, -7),
    'cut-in-second.ndjson.zst': Buffer.concat([frame, frame.subarray(0, 2)]),
    'damaged.ndjson.zst': damaged,
    'more.ndjson.zst': Buffer.concat([frame, Buffer.from('more')]),
  }
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { ...files, 'whole.ndjson': TEXT })
  const report = await run(input, join(folder, 'out'), SMALL)
  t.strictSame(
    report.failed.map(({ item, code }) => [item, code]),
    Object.keys(files)
      .sort()
      .map((item) => [item, 'SOURCE_CORRUPT']),
  )
  t.match(report, { lines: { delivered: 3000 }, outputs: [{ name: 'whole.ndjson' }] })
})

t.test('a frame with a window of more than 32 MiB is refused with what to do', { skip }, async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'wide.ndjson.zst': await wideFrame() })
  const report = await run(input, join(folder, 'out'), SMALL)
  t.match(report.failed, [{ code: 'SOURCE_UNUSABLE', message: /more than 32 MiB.*without --long/s }])
})

t.test('a killed run into zstd is resumed to the same bytes', { skip }, async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'a.ndjson.zst': zstdOf(TEXT.repeat(20)) })
  const overrides = { zstd: 1, chunkBytes: 50_000 }
  const clean = join(folder, 'clean')
  await run(input, clean, overrides)
  const output = join(folder, 'out')
  const { signal } = await runProcess({ input, output, overrides, kill: { point: 'after-journal', nth: 5 } })
  t.equal(signal, 'SIGKILL')
  await run(input, output, overrides)
  t.strictSame(readFileSync(join(output, 'a.ndjson.zst')), readFileSync(join(clean, 'a.ndjson.zst')))
})

t.test('--zstd and a stream of it', { skip }, async (t) => {
  const folder = t.testdir()
  const input = writeFiles(join(folder, 'in'), { 'a.ndjson': TEXT })
  const config = join(folder, 'config.json')
  writeFileSync(config, JSON.stringify(KEEP_ALL))
  const options = ['-c', config, '--allow-weak-keys']
  const { exitCode } = await sluice([
    'anonymize',
    '--zstd',
    '-i',
    input,
    '-o',
    join(folder, 'out'),
    ...options,
  ])
  t.equal(exitCode, 0)
  t.equal(unzstd(readFileSync(join(folder, 'out/a.ndjson.zst'))), TEXT)
  const stream = await sluice(['anonymize', '-i', '-', '-o', '-', ...options], { stdin: zstdOf(TEXT) })
  t.equal(stream.exitCode, 0)
  t.equal(stream.stdout, TEXT)
})

const unzstd = (bytes: Buffer): string =>
  (zlib as unknown as { zstdDecompressSync(bytes: Buffer): Buffer }).zstdDecompressSync(bytes).toString()

/** As `zstd --long=27` makes it. */
function wideFrame(): Promise<Buffer> {
  const WINDOW_LOG = 101
  const { createZstdCompress } = zlib as unknown as {
    createZstdCompress(options: object): NodeJS.ReadWriteStream
  }
  const stream = createZstdCompress({ params: { [WINDOW_LOG]: 27 } })
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.write(TEXT)
  stream.end(TEXT)
  return new Promise((resolve) => stream.on('end', () => resolve(Buffer.concat(pieces))))
}
