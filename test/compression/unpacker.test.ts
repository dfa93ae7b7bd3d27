import { gzipSync } from 'node:zlib'
import t from 'tap'
import { formatOf, HEAD_BYTES, maybePacked, openUnpacker } from '../../src/compression/unpacker.js'
import { FRAMES, skipWithoutZstd, zstdOf } from '../support/zstd.js'

t.test('the first bytes say how a file is compressed', async (t) => {
  for (const [bytes, format] of [
    [gzipSync('x'), 'gzip'],
    [FRAMES.repeated, 'zstd'],
    [FRAMES.skippable, 'zstd'],
    [Buffer.from('{"resourceType":"Patient"}'), undefined],
    [FRAMES.repeated.subarray(0, 3), undefined],
    [Buffer.from('P*M'), undefined],
    [Buffer.alloc(0), undefined],
  ] as const)
    t.equal(formatOf(bytes.subarray(0, HEAD_BYTES)), format, bytes.toString('hex', 0, 4))
  t.ok(maybePacked(0x1f, 0x8b))
  t.ok(maybePacked(0x28, 0xb5))
  t.notOk(maybePacked(0x7b, 0x22))
  t.notOk(maybePacked(0x1f, undefined))
})

const unpacked = async (format: 'gzip' | 'zstd', bytes: Buffer): Promise<string> => {
  const unpacker = openUnpacker(format, 'x', 1000)
  unpacker.see(bytes)
  unpacker.stream.end(bytes)
  const pieces: Buffer[] = []
  for await (const piece of unpacker.stream) pieces.push(piece as Buffer)
  t.ok(unpacker.mayEnd())
  return Buffer.concat(pieces).toString()
}

t.test('gzip is decompressed, in members', async (t) => {
  t.equal(await unpacked('gzip', Buffer.concat([gzipSync('one'), gzipSync('two')])), 'onetwo')
})

t.test('zstd is decompressed, in frames', { skip: skipWithoutZstd() }, async (t) => {
  const frames = Buffer.concat([
    FRAMES.skippable,
    zstdOf('one'),
    FRAMES.empty,
    zstdOf('two'),
    FRAMES.repeated,
  ])
  t.equal(await unpacked('zstd', frames), `onetwo${'x'.repeat(100)}`)
})
