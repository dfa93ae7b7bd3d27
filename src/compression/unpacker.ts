import type { Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { CompressionFormat } from './compression.js'
import { zstdDecompressor } from './zstd.js'
import { ZstdFrames } from './zstd-frames.js'

/** Number of bytes that say how a file is compressed. */
export const HEAD_BYTES = 4

/** How a file with these first bytes is compressed: as gzip (RFC 1952), as zstd (RFC 8878), or not. */
export function formatOf(head: Uint8Array): CompressionFormat | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = head
  if (a === 0x1f && b === 0x8b) return 'gzip'
  const isFrame = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd
  // Some programs begin a file with a frame that is to be skipped.
  const isSkippable = a >= 0x50 && a <= 0x5f && b === 0x2a && c === 0x4d && d === 0x18
  return isFrame || isSkippable ? 'zstd' : undefined
}

/** Whether the first two bytes may be those of a compressed file. */
export const maybePacked = (first: number | undefined, second: number | undefined): boolean =>
  (first === 0x1f && second === 0x8b) || (first === 0x28 && second === 0xb5)

/** A decompressor and what it cannot judge itself. */
export interface Unpacker {
  readonly stream: Transform
  /** Call for each piece of the compressed bytes. */
  see(piece: Uint8Array): void
  /** Whether the compressed bytes may end here, if the stream says nothing else. */
  mayEnd(): boolean
}

/** Throws SOURCE_UNUSABLE, with the name `at`, where this version of Node cannot decompress the format. */
export function openUnpacker(format: CompressionFormat, at: string, chunkSize: number): Unpacker {
  if (format === 'gzip') return { stream: createGunzip({ chunkSize }), see: () => {}, mayEnd: () => true }
  const frames = new ZstdFrames()
  return {
    stream: zstdDecompressor(at, chunkSize),
    see: (piece) => frames.add(piece),
    mayEnd: () => frames.areWhole,
  }
}
