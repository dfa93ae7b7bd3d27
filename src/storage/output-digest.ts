import { createHash, type Hash } from 'node:crypto'
import { open } from 'node:fs/promises'

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
}

/** Reads the file to its end, or to `endByte`, with the same digest of its bytes. */
export async function digestOfFile(
  path: string,
  endByte = Number.POSITIVE_INFINITY,
): Promise<{ readonly digest: OutputDigest; readonly bytes: number }> {
  const digest = new OutputDigest()
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(READ_BYTES, endByte - at), at)
      if (bytesRead === 0) return { digest, bytes: at }
      digest.add([buffer.subarray(0, bytesRead)])
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}
