import * as crypto from 'node:crypto'

/** HMAC-SHA256 (RFC 2104) of texts in UTF-8 under one key. */
export interface Hmac {
  /** Returns 64 lower-case hex digits. */
  hex(text: string): string
  /** Returns 32 bytes. */
  bytes(text: string): Buffer
  /** Returns 64 hex digits for the bytes `source[from, to)`, at most `maxBytes`, without making a string of them. */
  hexOfBytes(source: Uint8Array, from: number, to: number): string
  readonly maxBytes: number
}

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32
/** Maximum length of messages that use the shared buffer. */
const BUFFERED_CHARACTERS = 1024

/**
 * Computes two one-shot digests over precomputed pads. This takes a third of the time of `createHmac`, which makes an
 * object for each value. Views of the buffer are kept, because making one costs a tenth of the whole.
 */
export function createHmac(key: string): Hmac {
  const keyBytes = blockKey(key)
  const inner = Buffer.alloc(BLOCK_BYTES + BUFFERED_CHARACTERS * 3)
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)
  for (const [k, byte] of keyBytes.entries()) {
    inner[k] = byte ^ 0x36
    outer[k] = byte ^ 0x5c
  }
  const views: Buffer[] = []
  const message = (text: string): Buffer => {
    if (text.length > BUFFERED_CHARACTERS)
      return Buffer.concat([inner.subarray(0, BLOCK_BYTES), Buffer.from(text)])
    const length = inner.write(text, BLOCK_BYTES)
    views[length] ??= inner.subarray(0, BLOCK_BYTES + length)
    return views[length]
  }
  const outerMessage = (innerMessage: Buffer): Buffer => {
    const digest = crypto.hash('sha256', innerMessage, 'binary')
    for (let k = 0; k < DIGEST_BYTES; k++) outer[BLOCK_BYTES + k] = digest.charCodeAt(k)
    return outer
  }
  return {
    hex: (text) => crypto.hash('sha256', outerMessage(message(text)), 'hex'),
    bytes: (text) => crypto.hash('sha256', outerMessage(message(text)), 'buffer'),
    hexOfBytes(source, from, to) {
      const length = to - from
      // `length` bytes are in the source.
      for (let k = 0; k < length; k++) inner[BLOCK_BYTES + k] = source[from + k] as number
      views[length] ??= inner.subarray(0, BLOCK_BYTES + length)
      return crypto.hash('sha256', outerMessage(views[length]), 'hex')
    },
    maxBytes: BUFFERED_CHARACTERS,
  }
}

/** Returns the key as one block; a longer key is hashed first (RFC 2104). */
export function blockKey(key: string): Buffer {
  const bytes = Buffer.from(key)
  const block = Buffer.alloc(BLOCK_BYTES)
  const fitting = bytes.length > BLOCK_BYTES ? crypto.hash('sha256', bytes, 'buffer') : bytes
  fitting.copy(block)
  return block
}
