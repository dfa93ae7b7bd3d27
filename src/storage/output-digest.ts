import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

const READ_BYTES = 2 ** 20

/** The SHA-256 of an output being written, over all its bytes so far. */
export class OutputDigest {
  readonly #hash: Hash

  constructor(hash: Hash = createHash('sha256')) {
    this.#hash = hash
  }

  add(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#hash.update(piece)
  }

  /** Returns the digest in hex. More bytes may be added afterwards. */
  get value(): string {
    return this.#hash.copy().digest('hex')
  }

  copy(): OutputDigest {
    return new OutputDigest(this.#hash.copy())
  }

  /** Adds a range of a file's bytes; returns where it ended. */
  async addFrom(file: FileHandle, fromByte: number, toByte = Number.POSITIVE_INFINITY): Promise<number> {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, toByte - fromByte))
    for (let at = fromByte; ; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, toByte - at), at)
      if (bytesRead === 0) return at
      this.add([buffer.subarray(0, bytesRead)])
      at += bytesRead
    }
  }
}

/** Returns the digest of a whole file, in hex. */
export async function digestOfFile(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const digest = new OutputDigest()
    await digest.addFrom(file, 0)
    return digest.value
  } finally {
    await file.close()
  }
}
