import { createHash } from 'node:crypto'

// Put Block List: at most 50,000 blocks; Put Block: ids of one length, at most 64 bytes (Azure, REST API).
const MAX_BLOCKS = 50_000
const MIB = 2 ** 20

// Minimum block size from each block on: an item of about 2 TB fits, and a small one is not held back.
const MIN_BYTES: readonly (readonly [fromBlock: number, bytes: number])[] = [
  [40_000, 128 * MIB],
  [30_000, 64 * MIB],
  [20_000, 16 * MIB],
  [0, 0],
]

/** A block of an output, named by its contents. */
export interface NamedBlock {
  readonly id: string
  readonly bytes: number
}

/** Minimum size of block `index`, however small the appended pieces are. `maxBytes` limits what may be held. */
export function minBytesOf(index: number, maxBytes: number): number {
  const [, bytes] = MIN_BYTES.find(([fromBlock]) => index >= fromBlock) ?? [0, 0]
  return Math.min(bytes, maxBytes)
}

/** Largest output that fits into the blocks if every append has `appendBytes`. */
export function maxOutputBytes(appendBytes: number, maxBytes: number): number {
  let sum = 0
  let until = MAX_BLOCKS
  for (const [fromBlock] of MIN_BYTES) {
    sum += (until - fromBlock) * Math.max(appendBytes, minBytesOf(fromBlock, maxBytes))
    until = fromBlock
  }
  return sum
}

export const isBeyondBlocks = (index: number): boolean => index >= MAX_BLOCKS

const ID = /^([0-9a-f]{16})-(\d{6})-([\w-]{22})$/

/** `fingerprint` of the output, number of the block, MD5 of its bytes: the same bytes give the same id. */
export const blockId = (fingerprint: string, index: number, md5: Buffer): string =>
  `${fingerprint.slice(0, 16)}-${String(index).padStart(6, '0')}-${md5.toString('base64url')}`

/** Returns the blocks of the first `bytes` bytes of the output; undefined if no block ends there. */
export function keptBlocks(
  staged: readonly NamedBlock[],
  fingerprint: string,
  bytes: number,
): readonly NamedBlock[] | undefined {
  let sum = 0
  const kept: NamedBlock[] = []
  for (const block of longestKept(staged, fingerprint)) {
    if (sum >= bytes) break
    kept.push(block)
    sum += block.bytes
  }
  return sum === bytes ? kept : undefined
}

/**
 * From the output's start, as many blocks as there are. Those of another fingerprint are passed over, two that differ
 * under one number prove nothing.
 */
export function longestKept(staged: readonly NamedBlock[], fingerprint: string): readonly NamedBlock[] {
  const byIndex = new Map<number, NamedBlock | 'ambiguous'>()
  for (const block of staged) {
    const [, of, index] = ID.exec(block.id) ?? []
    if (of !== fingerprint.slice(0, 16)) continue
    byIndex.set(Number(index), byIndex.has(Number(index)) ? 'ambiguous' : block)
  }
  const kept: NamedBlock[] = []
  for (;;) {
    const block = byIndex.get(kept.length)
    if (block === undefined || block === 'ambiguous') return kept
    kept.push(block)
  }
}

/** Identifies the output's bytes and what they were made from. */
export const sealOf = (fingerprint: string, blocks: readonly NamedBlock[]): string =>
  createHash('sha256')
    .update(JSON.stringify([fingerprint, blocks.map(({ id, bytes }) => [id, bytes])]))
    .digest('hex')
