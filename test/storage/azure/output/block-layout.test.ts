import { createHash } from 'node:crypto'
import t from 'tap'
import {
  blockId,
  keptBlocks,
  longestKept,
  maxOutputBytes,
  minBytesOf,
  sealOf,
} from '../../../../src/storage/azure/output/block-layout.js'

const MIB = 2 ** 20
const PRINT = '0123456789abcdef'.repeat(4)
const md5 = (text: string) => createHash('md5').update(text).digest()
const block = (index: number, text: string, print = PRINT) => ({
  id: blockId(print, index, md5(text)),
  bytes: text.length,
})

t.test('blocks grow with their number, so that 50,000 of them hold a very large output', async (t) => {
  t.equal(minBytesOf(0, 128 * MIB), 0, 'a small output is not held back')
  t.equal(minBytesOf(49_999, 128 * MIB), 128 * MIB)
  t.equal(minBytesOf(49_999, 32 * MIB), 32 * MIB, 'as the memory allows')
  t.ok(maxOutputBytes(4 * MIB, 128 * MIB) > 2e12)
  t.ok(maxOutputBytes(4 * MIB, 32 * MIB) < maxOutputBytes(4 * MIB, 128 * MIB))
  let bytes = 0
  for (let index = 0; index < 50_000; index += 1) bytes += Math.max(4 * MIB, minBytesOf(index, 128 * MIB))
  t.equal(maxOutputBytes(4 * MIB, 128 * MIB), bytes)
})

t.test('ids are of one length, within what the service allows, and name what the block holds', async (t) => {
  const ids = [block(0, 'a'), block(49_999, 'b')].map(({ id }) => id)
  t.equal(new Set(ids.map((id) => id.length)).size, 1)
  t.ok(ids.every((id) => Buffer.byteLength(id) <= 64))
  t.not(block(1, 'a').id, block(1, 'b').id)
})

t.test('what is kept is the longest beginning without a gap or a doubt', async (t) => {
  const [a, b, c] = [block(0, 'one'), block(1, 'three'), block(2, 'x')]
  const foreign = block(1, 'other', 'f'.repeat(64))
  t.same(longestKept([c, foreign, a, b], PRINT), [a, b, c], 'in any order')
  t.same(longestKept([a, c], PRINT), [a])
  t.same(longestKept([a, b, block(1, 'differs')], PRINT), [a])
  t.same(keptBlocks([a, b, c], PRINT, 8), [a, b])
  t.equal(keptBlocks([a, b, c], PRINT, 5), undefined, 'none ends there')
  t.equal(keptBlocks([a, b, c], PRINT, 99), undefined)
  t.same(keptBlocks([], PRINT, 0), [])
  t.not(sealOf(PRINT, [a, b]), sealOf(PRINT, [a, c]))
  t.not(sealOf(PRINT, []), sealOf('f'.repeat(64), []))
})
