import { sluiceError } from '../errors.js'
import type { BlobContainer } from './blob-container.js'
import type { Appender } from './store.js'

// Append Block takes 4 MiB in every version of the service.
const MOST_BYTES = 4 * 2 ** 20
const COPY_BYTES = 4 * 2 ** 20
// An append blob takes 50,000 (Azure, Append Block); what is kept is written again in few before that.
const MOST_APPENDS = 45_000

export interface AppenderOptions {
  /** Called with the length after each append. */
  readonly onGrown?: (bytes: number) => void
  /** Default 45,000. */
  readonly mostAppends?: number
}

/** Appends to an append blob, with its position as the condition; nothing is made before the first bytes are kept. */
export class BlobAppender implements Appender {
  #held: Buffer[] = []
  #heldBytes = 0
  #sending: Promise<void> = Promise.resolve()

  private constructor(
    private readonly container: BlobContainer,
    private readonly name: string,
    /** Undefined: to be created. */
    private position: number | undefined,
    private count: number,
    private readonly options: AppenderOptions,
  ) {}

  /** Goes on behind the first `keepBytes`; 0 begins afresh. */
  static async open(
    container: BlobContainer,
    name: string,
    keepBytes: number,
    options: AppenderOptions = {},
  ): Promise<BlobAppender> {
    const count = keepBytes > 0 ? await keepOnly(container, name, keepBytes) : 0
    return new BlobAppender(container, name, keepBytes > 0 ? keepBytes : undefined, count, options)
  }

  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes >= MOST_BYTES) await this.keep()
  }

  /**
   * One request after the other: each has the position of the one before. A failure is final: behind bytes that may
   * be missing nothing is kept.
   */
  keep(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#send())
    this.#sending.catch(() => {})
    return this.#sending
  }

  async #send(): Promise<void> {
    if (this.#heldBytes === 0) return
    const bytes = Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    this.position ??= await this.#create()
    for (let at = 0; at < bytes.length; at += MOST_BYTES) {
      const piece = bytes.subarray(at, at + MOST_BYTES)
      if (this.count >= (this.options.mostAppends ?? MOST_APPENDS))
        this.count = await compact(this.container, this.name, this.position)
      await appendAt(this.container, this.name, piece, this.position)
      this.count += 1
      this.position += piece.length
      this.options.onGrown?.(this.position)
    }
  }

  flush(): Promise<void> {
    return this.keep()
  }

  /** What is held back is let go: nobody was told that it is kept. */
  async close(): Promise<void> {
    this.#held = []
    this.#heldBytes = 0
  }

  async #create(): Promise<number> {
    await this.container.createAppendBlob(this.name, { contentType: 'application/x-ndjson' })
    return 0
  }
}

async function appendAt(
  container: BlobContainer,
  name: string,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  const appended = await container.appendBlock(name, bytes, { position })
  if (appended.kind === 'done') return
  throw sluiceError('SINK_LOCKED', 'somebody else writes to it; run it again when that is done', {
    blame: 'sink',
    retry: 'later',
    at: name,
  })
}

/** Returns of how many appends it is made. */
async function keepOnly(container: BlobContainer, name: string, keepBytes: number): Promise<number> {
  const there = await container.head(name)
  if (there?.bytes === keepBytes && there.committedBlockCount !== undefined) return there.committedBlockCount
  return compact(container, name, keepBytes)
}

/**
 * An append blob cannot be cut: what is to stay is copied aside and back, in as few appends as can hold it, whose
 * number is returned. A crash on the way leaves too little, which is noticed: the item begins afresh, or earlier.
 */
async function compact(container: BlobContainer, name: string, keepBytes: number): Promise<number> {
  const aside = `${name}.aside`
  await copy(container, name, aside, keepBytes)
  await copy(container, aside, name, keepBytes)
  await container.delete(aside)
  return Math.ceil(keepBytes / COPY_BYTES)
}

async function copy(container: BlobContainer, from: string, to: string, bytes: number): Promise<void> {
  const there = await container.head(from)
  if (there === undefined || there.bytes < bytes) throw new Error('less is there than is to be kept')
  const reader = container.read(from, { etag: there.etag, fromByte: 0, toByte: bytes })
  const piece = Buffer.alloc(Math.min(COPY_BYTES, bytes))
  try {
    await container.createAppendBlob(to, { contentType: 'application/x-ndjson' })
    for (let at = 0; at < bytes; ) {
      const count = await reader.read(piece)
      await appendAt(container, to, piece.subarray(0, count), at)
      at += count
    }
  } finally {
    reader.close()
  }
}
