import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { compressed } from '../../src/compression/compressed.js'

const GZIP = { format: 'gzip', level: 3 } as const

t.test('a member says nothing of when and where it was made, and members follow each other', async (t) => {
  const member = compressed(Buffer.from('a\n'), GZIP)
  t.strictSame([...member.subarray(4, 8)], [0, 0, 0, 0], 'no time (RFC 1952, MTIME)')
  t.equal(member[9], 255, 'no operating system (OS)')
  t.strictSame(member, compressed(Buffer.from('a\n'), GZIP))
  const both = Buffer.concat([
    member,
    compressed(Buffer.alloc(0), GZIP),
    compressed(Buffer.from('b\n'), GZIP),
  ])
  t.equal(gunzipSync(both).toString(), 'a\nb\n')
})

t.test('a higher level makes fewer bytes', async (t) => {
  const lines = Buffer.from(
    Array.from({ length: 5000 }, (_, n) => `{"id":"${(n * 7919) % 5003}","n":${n % 91}}\n`).join(''),
  )
  const [fast = 0, small = 0] = [3, 9].map((level) => compressed(lines, { format: 'gzip', level }).length)
  t.ok(small < fast, `${small} < ${fast}`)
})
