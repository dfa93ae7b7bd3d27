import { zstdFrame, zstdOfNode } from '../../src/compression/zstd.js'

/** Whether this version of Node has zstd; tests of what others do are skipped where it has. */
export const hasZstd = zstdOfNode() !== undefined

/** For tap's `skip` option: the printed reason why a test cannot use zstd, `false` where it can. */
export function skipWithoutZstd(): string | false {
  if (hasZstd) return false
  const reason = `Node ${process.versions.node} has no zstd`
  console.log(`# skipped: ${reason}`)
  return reason
}

/** The same where a test shows what happens without zstd. */
export function skipWithZstd(): string | false {
  if (!hasZstd) return false
  const reason = `Node ${process.versions.node} has zstd`
  console.log(`# skipped: ${reason}`)
  return reason
}

/** A frame with a checksum; call only where `hasZstd`. */
export const zstdOf = (text: string, level = 1): Buffer => Buffer.from(zstdFrame(Buffer.from(text), level))

/** Frames that another program made: of 100 times `x`, of nothing, and one that is to be skipped. */
export const FRAMES = {
  repeated: Buffer.from('28b52ffd206445000010787801003f012c', 'hex'),
  empty: Buffer.from('28b52ffd240001000099e9d851', 'hex'),
  skippable: Buffer.from('502a4d180400000001020304', 'hex'),
} as const
