import { gzipSync } from 'node:zlib'

const LEVEL = 6
const OS_BYTE = 9
const OS_UNKNOWN = 255

/** One gzip member (RFC 1952) without time or operating system: equal input gives equal bytes. */
export function gzipMember(bytes: Uint8Array): Uint8Array {
  const member = gzipSync(bytes, { level: LEVEL })
  member[OS_BYTE] = OS_UNKNOWN
  return member
}
