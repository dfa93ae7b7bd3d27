import t from 'tap'
import { ZstdFrames } from '../../src/compression/zstd-frames.js'
import { FRAMES, skipWithoutZstd, zstdOf } from '../support/zstd.js'

const areWhole = (bytes: Uint8Array, pieceBytes = bytes.length): boolean => {
  const frames = new ZstdFrames()
  for (let at = 0; at < bytes.length; at += pieceBytes) frames.add(bytes.subarray(at, at + pieceBytes))
  return frames.areWhole
}

const { repeated, empty, skippable } = FRAMES
const together = Buffer.concat([skippable, repeated, empty, repeated])

t.test('frames are whole at their ends and nowhere else, however the bytes arrive', async (t) => {
  const ends = new Set<number>([0])
  let at = 0
  for (const frame of [skippable, repeated, empty, repeated]) {
    at += frame.length
    ends.add(at)
  }
  for (let end = 0; end <= together.length; end += 1)
    for (const pieceBytes of [1, 3, 1000])
      t.equal(areWhole(together.subarray(0, end), pieceBytes), ends.has(end), `${end} bytes by ${pieceBytes}`)
})

t.test('what is no frame is never whole', async (t) => {
  for (const more of ['garbage', '\0'.repeat(20), '\n', 'x'])
    t.notOk(areWhole(Buffer.concat([repeated, Buffer.from(more)])), JSON.stringify(more))
  const reserved = Buffer.from(repeated)
  reserved[6] = (reserved[6] ?? 0) | 6
  t.notOk(areWhole(reserved), 'a kind of block that is reserved')
})

t.test('frames of Node are followed through all their blocks', { skip: skipWithoutZstd() }, async (t) => {
  const text = Array.from({ length: 60_000 }, (_, n) => `${(n * 7919) % 60_013} `).join('')
  for (const level of [1, 3, 9]) {
    const frame = zstdOf(text, level)
    t.ok(areWhole(frame, 1000))
    for (const end of [1, 3, 4, 5, 100, frame.length - 5, frame.length - 1])
      t.notOk(areWhole(frame.subarray(0, end)), `cut after ${end} of ${frame.length}`)
  }
})
