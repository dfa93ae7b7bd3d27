import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { gzipMember } from '../../src/workers/gzip-member.js'

t.test('a member says nothing of when and where it was made, and members follow each other', async (t) => {
  const member = gzipMember(Buffer.from('a\n'))
  t.strictSame([...member.subarray(4, 8)], [0, 0, 0, 0], 'no time (RFC 1952, MTIME)')
  t.equal(member[9], 255, 'no operating system (OS)')
  t.strictSame(member, gzipMember(Buffer.from('a\n')))
  const both = Buffer.concat([member, gzipMember(Buffer.alloc(0)), gzipMember(Buffer.from('b\n'))])
  t.equal(gunzipSync(both).toString(), 'a\nb\n')
})
