import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

const READ_BYTES = 2 ** 20

/** The SHA-256 of an output while it is written: of all its bytes so far. */
export class OutputDigest {
  readonly #hash: Hash

  constructor(hash: Hash = createHash('sha256')) {
    this.#hash = hash
  }

  add(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.#hash.update(piece)
  }

  /** In hex. More may be added afterwards. */
  get value(): string {
    return this.#hash.copy().digest('hex')
  }

  copy(): OutputDigest {
    return new OutputDigest(this.#hash.copy())
  }

  /** Adds the bytes of a file from one byte to another, or its end; returns where it ended. */
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

/** Of the whole file, in hex. */
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
