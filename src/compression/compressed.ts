import { gzipSync } from 'node:zlib'
import type { Compression } from './compression.js'
import { zstdFrame } from './zstd.js'

const OS_BYTE = 9
const OS_UNKNOWN = 255

/** The bytes as a whole compressed file. Equal input gives equal bytes, and such files can follow each other in one. */
export const compressed = (bytes: Uint8Array, { format, level }: Compression): Uint8Array =>
  format === 'gzip' ? gzipMember(bytes, level) : zstdFrame(bytes, level)

/** A member (RFC 1952) without time or operating system. */
function gzipMember(bytes: Uint8Array, level: number): Uint8Array {
  const member = gzipSync(bytes, { level })
  member[OS_BYTE] = OS_UNKNOWN
  return member
}
