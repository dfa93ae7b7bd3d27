import t from 'tap'
import { compressed } from '../../src/compression/compressed.js'
import { compressionOf } from '../../src/compression/compression.js'
import { checkZstd, windowError, zstdDecompressor } from '../../src/compression/zstd.js'
import { FRAMES, hasZstd, skipWithoutZstd, skipWithZstd } from '../support/zstd.js'

t.test('a version of Node without zstd says what to do', { skip: skipWithZstd() }, async (t) => {
  t.throws(() => checkZstd(), { code: 'USAGE', message: /has no zstd.*Node 22\.15 or later.*or use gzip/s })
  t.throws(() => compressionOf({ zstd: true }), { code: 'USAGE' })
  t.throws(() => zstdDecompressor('a.ndjson.zst', 1000), {
    code: 'SOURCE_UNUSABLE',
    at: 'a.ndjson.zst',
    message: /compressed with zstd.*Node 22\.15 or later.*or decompress it first/s,
  })
})

t.test(
  'a frame has a checksum, and equal input gives equal bytes',
  { skip: skipWithoutZstd() },
  async (t) => {
    const frame = compressed(Buffer.alloc(0), { format: 'zstd', level: 1 })
    t.strictSame(Buffer.from(frame), FRAMES.empty)
    const lines = Buffer.from('{"resourceType":"Patient"}\n'.repeat(1000))
    t.strictSame(
      compressed(lines, { format: 'zstd', level: 3 }),
      compressed(lines, { format: 'zstd', level: 3 }),
    )
  },
)

t.test('what a caller says of zstd', async (t) => {
  t.throws(() => compressionOf({ zstd: 20 }), { code: 'USAGE', message: /between 1 and 19/ })
  t.throws(() => compressionOf({ zstd: true, gzip: 1 }), { code: 'USAGE', message: /not with both/ })
  if (hasZstd) t.strictSame(compressionOf({ zstd: true }), { format: 'zstd', level: 1 })
})

t.test('a file that asks for too much memory is told from a damaged one', async (t) => {
  const failure = { code: 'ZSTD_error_frameParameter_windowTooLarge' }
  t.match(windowError('a', failure), { code: 'SOURCE_UNUSABLE', message: /more than 32 MiB/ })
  t.equal(windowError('a', { code: 'ZSTD_error_corruption_detected' }), undefined)
  t.equal(windowError('a', undefined), undefined)
})
