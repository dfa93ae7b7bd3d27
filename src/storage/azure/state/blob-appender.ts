import { sluiceError } from '../../../errors.js'
import type { Appender } from '../../store.js'
import type { BlobContainer } from '../blob-container.js'

// Append Block takes 4 MiB in every version of the service.
const MAX_BYTES = 4 * 2 ** 20
const COPY_BYTES = 4 * 2 ** 20
// An append blob takes 50,000 appends (Azure, Append Block); before that, it is rewritten in a few.
const MAX_APPENDS = 45_000

export interface AppenderOptions {
  /** Called with the length after each append. */
  readonly onGrown?: (bytes: number) => void
  /** Maximum number of appends; default 45,000. */
  readonly maxAppends?: number
}

/** Appends to an append blob, conditional on its position. The blob is created with the first bytes. */
export class BlobAppender implements Appender {
  #held: Buffer[] = []
  #heldBytes = 0
  #sending: Promise<void> = Promise.resolve()

  readonly #container: BlobContainer
  readonly #name: string
  /** Undefined if it is still to be created. */
  #position: number | undefined
  #count: number
  readonly #options: AppenderOptions

  private constructor(
    container: BlobContainer,
    name: string,
    position: number | undefined,
    count: number,
    options: AppenderOptions,
  ) {
    this.#container = container
    this.#name = name
    this.#position = position
    this.#count = count
    this.#options = options
  }

  /** Continues after the first `keepBytes`; 0 starts over. */
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
    if (this.#heldBytes >= MAX_BYTES) await this.keep()
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
    this.#position ??= await this.#create()
    for (let at = 0; at < bytes.length; at += MAX_BYTES) {
      const piece = bytes.subarray(at, at + MAX_BYTES)
      if (this.#count >= (this.#options.maxAppends ?? MAX_APPENDS))
        this.#count = await compact(this.#container, this.#name, this.#position, { isWhole: true })
      await appendAt(this.#container, this.#name, piece, this.#position)
      this.#count += 1
      this.#position += piece.length
      this.#options.onGrown?.(this.#position)
    }
  }

  flush(): Promise<void> {
    return this.keep()
  }

  /** Discards bytes held back: no one was told that they are kept. */
  async close(): Promise<void> {
    this.#held = []
    this.#heldBytes = 0
  }

  async #create(): Promise<number> {
    await this.#container.createAppendBlob(this.#name, { contentType: 'application/x-ndjson' })
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
  if (appended.kind !== 'done') throw writtenByOthers(name)
}

const writtenByOthers = (at: string) =>
  sluiceError('SINK_LOCKED', {
    at,
    message: 'another program is writing to it',
    help: 'run it again when that is done',
  })

/** Returns the number of appends it is made of. */
async function keepOnly(container: BlobContainer, name: string, keepBytes: number): Promise<number> {
  const there = await container.head(name)
  if (there?.bytes === keepBytes && there.committedBlockCount !== undefined) return there.committedBlockCount
  return compact(container, name, keepBytes)
}

/**
 * An append blob cannot be cut: what is to stay is copied aside and back, in as few appends as can hold it, whose
 * number is returned. What a crash leaves on the way `finishCompaction` puts right. Throws SINK_LOCKED where
 * somebody else writes to it, as far as that shows: with `isWhole`, also where more is there.
 */
async function compact(
  container: BlobContainer,
  name: string,
  keepBytes: number,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): Promise<number> {
  const there = await container.head(name)
  if (there === undefined || there.bytes < keepBytes) throw new Error('less is there than is to be kept')
  if (isWhole && there.bytes > keepBytes) throw writtenByOthers(name)
  await copy(container, { name, etag: there.etag }, { name: asideOf(name) }, keepBytes)
  await bringBack(container, { name, etag: there.etag }, keepBytes)
  return Math.ceil(keepBytes / COPY_BYTES)
}

/** Replaces the blob by the copy kept aside, only over this version of it. */
async function bringBack(container: BlobContainer, to: BlobVersion, bytes: number): Promise<void> {
  const aside = await container.head(asideOf(to.name))
  if (aside?.bytes !== bytes) throw writtenByOthers(to.name)
  await copy(container, { name: asideOf(to.name), etag: aside.etag }, to, bytes)
  await container.delete(asideOf(to.name))
}

export const asideOf = (name: string): string => `${name}.aside`

/**
 * For whoever holds the lock, before it is read: what a crash while compacting left aside is brought back where the
 * blob itself is shorter, so that it was complete, and is taken away in any case. Returns the blob's length.
 */
export async function finishCompaction(container: BlobContainer, name: string): Promise<number | undefined> {
  const [there, aside] = [await container.head(name), await container.head(asideOf(name))]
  if (there !== undefined && aside !== undefined && there.bytes < aside.bytes) {
    await bringBack(container, { name, etag: there.etag }, aside.bytes)
    return aside.bytes
  }
  await container.delete(asideOf(name))
  return there?.bytes
}

interface BlobVersion {
  readonly name: string
  readonly etag?: string
}

async function copy(
  container: BlobContainer,
  from: Required<BlobVersion>,
  to: BlobVersion,
  bytes: number,
): Promise<void> {
  const reader = container.read(from.name, { etag: from.etag, fromByte: 0, toByte: bytes })
  const piece = Buffer.alloc(Math.min(COPY_BYTES, bytes))
  try {
    const created = await container.createAppendBlob(to.name, {
      contentType: 'application/x-ndjson',
      ifMatch: to.etag,
    })
    // If an earlier attempt got no answer, it may have succeeded.
    const isMade =
      created.kind === 'done' || (created.isAmbiguous && (await container.head(to.name))?.bytes === 0)
    if (!isMade) throw writtenByOthers(to.name)
    for (let at = 0; at < bytes; ) {
      const count = await reader.read(piece)
      await appendAt(container, to.name, piece.subarray(0, count), at)
      at += count
    }
  } finally {
    reader.close()
  }
}
