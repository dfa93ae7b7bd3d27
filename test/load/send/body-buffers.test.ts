import t from 'tap'
import { createBodyBuffers } from '../../../src/load/send/body-buffers.js'

t.test('a buffer that was given back is used again, and never one that was not', async (t) => {
  const buffers = createBodyBuffers()
  const first = buffers.take(1000)
  const second = buffers.take(1000)
  t.not(first.buffer, second.buffer)
  buffers.give(first.subarray(0, 10))
  const third = buffers.take(2 ** 20)
  t.equal(third.buffer, first.buffer, 'the whole of it')
  t.equal(third.length, 2 ** 20)
  buffers.give(third)
  t.not(buffers.take(2 ** 20 + 1).buffer, first.buffer, 'it is too small')
})

t.test('it keeps a bounded number of bytes', async (t) => {
  const buffers = createBodyBuffers()
  const taken = Array.from({ length: 10 }, () => buffers.take(9 * 2 ** 20))
  for (const buffer of taken) buffers.give(buffer)
  const again = new Set(Array.from({ length: 10 }, () => buffers.take(1).buffer))
  t.equal(taken.filter(({ buffer }) => again.has(buffer)).length, 7, '63 of 64 MiB')
})
