import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { RunReport } from '../../src/pipeline/report/report.js'
import { KEEP_ALL, quarantineOf, runProcess, textIn, writeFiles } from '../support/pipeline-run.js'

const LINE = '{"resourceType":"Patient","id":"a"}\n'
const MEBI = 2 ** 20
// One line at its limit is held; a line that is three times as long must not add to that.
const FLAT_MEBIBYTES = 140
/** What two runs may differ by, as garbage is collected earlier or later. */
const BOMB_MEBIBYTES = 40

const folder = t.testdir()

async function peakOf(name: string): Promise<RunReport & { readonly peakMebibytes: number }> {
  const ended = await runProcess({
    input: join(folder, name),
    output: join(folder, `${name}-out`),
    config: KEEP_ALL,
    overrides: { chunkBytes: 4 * MEBI },
  })
  return JSON.parse(ended.stdout)
}

writeFiles(join(folder, 'small'), { 'x.ndjson': LINE })
const small = (await peakOf('small')).peakMebibytes

t.test('a 200 MB line is quarantined with flat memory, its neighbours are delivered', async (t) => {
  writeFiles(join(folder, 'long'), { 'x.ndjson': '' })
  const file = openSync(join(folder, 'long', 'x.ndjson'), 'w')
  const head = '{"resourceType":"Patient","id":"'
  const piece = Buffer.alloc(MEBI, 'x')
  writeSync(file, LINE + head)
  for (let n = 0; n < 200; n += 1) writeSync(file, piece)
  writeSync(file, `"}\n${LINE}`)
  closeSync(file)
  const report = await peakOf('long')
  t.equal(textIn(join(folder, 'long-out'), 'x.ndjson'), LINE + LINE)
  const length = head.length + 200 * MEBI + 2
  t.match(quarantineOf(join(folder, 'long-out'), 'x.ndjson'), [
    { code: 'LINE_TOO_LONG', offset: LINE.length, length, line: 2 },
  ])
  console.log(`# memory: ${small} MiB for one line, ${report.peakMebibytes} MiB for a line of 200 MiB`)
  t.ok(report.peakMebibytes < small + FLAT_MEBIBYTES, `${report.peakMebibytes} MiB, ${small} MiB without it`)
})

t.test('a gzip bomb is read with flat memory', async (t) => {
  // Both last long enough to reach their peak; three times as much must not cost more.
  writeFiles(join(folder, 'smaller-bomb'), { 'x.ndjson.gz': gzipSync(Buffer.alloc(300 * MEBI)) })
  const smaller = (await peakOf('smaller-bomb')).peakMebibytes
  writeFiles(join(folder, 'bomb'), { 'x.ndjson.gz': gzipSync(Buffer.alloc(900 * MEBI)) })
  const report = await peakOf('bomb')
  t.equal(textIn(join(folder, 'bomb-out'), 'x.ndjson'), '')
  t.match(report.lines, { read: 1, quarantined: 1 })
  t.ok(
    report.peakMebibytes < smaller + BOMB_MEBIBYTES,
    `${report.peakMebibytes} MiB, ${smaller} MiB for a third of it`,
  )
})

t.test('millions of tiny lines are read with bounded memory', async (t) => {
  writeFiles(join(folder, 'tiny'), { 'x.ndjson': '\n'.repeat(5_000_000), 'y.ndjson': '{}\n'.repeat(300_000) })
  const report = await peakOf('tiny')
  t.match(report.lines, { read: 5_300_000, blank: 5_000_000, quarantined: 300_000 })
  t.ok(
    report.peakMebibytes < small + 2 * FLAT_MEBIBYTES,
    `${report.peakMebibytes} MiB, ${small} MiB without it`,
  )
})
