import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { sluiceError } from '../../../src/errors.js'
import { openItem } from '../../../src/pipeline/chunks/unpack.js'
import { memorySource } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'
import type { Source } from '../../../src/storage/store.js'

const ITEM = { name: 'x.ndjson.gz', bytes: 100, version: '1' }

/** A source of one item whose reads give these bytes, then fail, or end. */
const sourceOf = (bytes: Uint8Array, ends = false): Source => ({
  ...memorySource(new MemoryContent('in')),
  async open() {
    let at = 0
    return {
      async read(target) {
        if (at >= bytes.length && !ends) throw sluiceError('SOURCE_UNREADABLE', { message: 'cannot be read' })
        const piece = bytes.subarray(at, at + target.length)
        target.set(piece)
        at += piece.length
        return piece.length
      },
      verify: async () => {},
      close: async () => {},
    }
  },
})

t.test('gzip that fails before it is asked for fails whoever asks, and nobody else', async (t) => {
  const packed = gzipSync('one\n'.repeat(1000))
  const none = Buffer.from([0x1f, 0x8b, 1, 2, 3, 4])
  const rows = [
    { name: 'after its first bytes', bytes: packed.subarray(0, 2), code: 'SOURCE_UNREADABLE' },
    { name: 'before its end', bytes: packed.subarray(0, packed.length - 9), code: 'SOURCE_UNREADABLE' },
    { name: 'for it is cut', bytes: packed.subarray(0, 40), ends: true, code: 'SOURCE_CORRUPT' },
    { name: 'for it is none', bytes: none, ends: true, code: 'SOURCE_CORRUPT' },
  ]
  for (const { name, bytes, ends, code } of rows) {
    const reader = await openItem(sourceOf(bytes, ends), ITEM, 0)
    await wait(20)
    await t.rejects(reader.read(Buffer.alloc(8000)), { code }, name)
    await t.rejects(reader.read(Buffer.alloc(8000)), { code }, 'nor is it taken for its end')
    await reader.close()
    const closed = await openItem(sourceOf(bytes, ends), ITEM, 0)
    await closed.close()
    await wait(20)
  }
})

t.test('passing over much ends where it is told to', async (t) => {
  const bytes = 40_000_000
  const packed = gzipSync(Buffer.alloc(bytes), { level: 0 })
  let readCount = 0
  const check = (): void => {
    readCount += 1
    if (readCount > 3) throw sluiceError('INTERRUPTED', { message: 'interrupted' })
  }
  await t.rejects(openItem(sourceOf(packed, true), ITEM, bytes - 1, { check }), { code: 'INTERRUPTED' })
  t.ok(readCount < 20)
  const reader = await openItem(sourceOf(packed, true), ITEM, bytes - 1)
  t.equal(await reader.read(Buffer.alloc(10)), 1)
  await reader.close()
})

t.test('what ends a read is told as it is, never as corrupt gzip', async (t) => {
  const bug = new TypeError('a bug')
  let readCount = 0
  const check = (): void => {
    readCount += 1
    if (readCount > 3) throw bug
  }
  const packed = gzipSync(Buffer.alloc(4_000_000), { level: 0 })
  const reader = await openItem(sourceOf(packed, true), ITEM, 0, { check })
  await t.rejects(reader.read(Buffer.alloc(4_000_000)), bug)
  await reader.close()
})
