import { isSluiceError } from '../../../errors.js'
import { type Appender, NO_EPOCH, type State } from '../../store.js'
import type { BlobContainer, BlobHead } from '../blob-container.js'
import { asideOf, BlobAppender, finishCompaction } from './blob-appender.js'
import { BLOB_LOCK_LIFE, type BlobLock, blobHolder, lockBlob } from './blob-lock.js'

export interface BlobStateOptions {
  readonly container: BlobContainer
  /** Name for messages. */
  readonly place: string
  /** Prefix below the container, ending in `/`, or empty. */
  readonly prefix: string
  readonly signal?: AbortSignal | undefined
  /**
   * Whether other states, such as those of a lake's runs, lie below the prefix. It is then not listed; each text is
   * requested.
   */
  readonly isShared?: boolean
  /** Whether it lies in another state, so that the container exists and nothing is there before its first lock. */
  readonly isInner?: boolean
}

/**
 * Small texts in a container that nobody else reads. What is there is listed once, under the lock: nobody else
 * changes it then, and asking for what is not there needs no request. Throws SINK_LOCKED once the lock is lost.
 */
export function blobState({ container, place, prefix, signal, isShared, isInner }: BlobStateOptions): State {
  const blobOf = (name: string): string => `${prefix}${name}`
  let known: Promise<Map<string, number>> | undefined
  let held: BlobLock | undefined

  const list = async (): Promise<Map<string, number>> => {
    const found = new Map<string, number>()
    for await (const { name, bytes } of container.list(prefix)) found.set(name.slice(prefix.length), bytes)
    return found
  }
  /** Names of the texts; undefined if they are not listed. */
  const names = async (): Promise<Map<string, number> | undefined> => {
    const reason = held?.lost()
    if (reason !== undefined) throw reason
    // Without the lock, others may change what is there.
    if (isShared === true || held === undefined) return undefined
    known ??= list()
    return known
  }
  /** Removes a blob, including what a crash left of it. */
  const removeAside = async (there: Map<string, number> | undefined, name: string): Promise<void> => {
    if (there?.delete(asideOf(name)) === true) await container.delete(blobOf(asideOf(name)))
  }

  /** Returns `names` after repairing what a crash left of this blob. */
  const namesFor = async (name: string): Promise<Map<string, number> | undefined> => {
    const there = await names()
    if (held === undefined || there?.has(asideOf(name)) !== true) return there
    const bytes = await finishCompaction(container, blobOf(name))
    there.delete(asideOf(name))
    if (bytes !== undefined) there.set(name, bytes)
    return there
  }

  let exists = isInner === true
  /** Whether the container is there yet: the first lock makes it, but anybody may look before. */
  const isThere = async (): Promise<boolean> => {
    exists ||= held !== undefined || (await container.exists())
    return exists
  }

  return {
    place,
    async lock(waiting) {
      if (isInner !== true) await container.createIfMissing()
      held = await lockBlob(container, blobOf('lock'), { signal, ...waiting })
      known = held.isFirst && isInner === true ? Promise.resolve(new Map([['lock', 0]])) : undefined
      return async () => {
        const lock = held
        held = undefined
        known = undefined
        await lock?.release()
      }
    },
    holder: async () => ((await isThere()) ? blobHolder(container, blobOf('lock')) : undefined),
    lockLife: BLOB_LOCK_LIFE,
    async confirm() {
      const reason = held?.lost()
      if (reason !== undefined) throw reason
    },
    epoch: () => NO_EPOCH,
    async read(name) {
      if (!(await isThere())) return undefined
      if ((await namesFor(name))?.has(name) === false) return undefined
      return (await container.readText(blobOf(name)))?.text
    },
    async *pieces(name) {
      if ((await namesFor(name))?.has(name) === false) return
      const head = await container.head(blobOf(name))
      if (head !== undefined) yield* blobPieces(container, blobOf(name), { ...head, signal })
    },
    async write(name, text) {
      const bytes = Buffer.from(text)
      const there = await names()
      await container.put(blobOf(name), bytes, { contentType: contentTypeOf(name) })
      there?.set(name, bytes.length)
    },
    async appender(name, keepBytes): Promise<Appender> {
      const there = await namesFor(name)
      const onGrown = (bytes: number) => there?.set(name, bytes)
      return BlobAppender.open(container, blobOf(name), keepBytes, { onGrown })
    },
    async bytesOf(name) {
      const there = await namesFor(name)
      return there === undefined ? (await container.head(blobOf(name)))?.bytes : there.get(name)
    },
    async remove(name) {
      const there = await names()
      await removeAside(there, name)
      if (there?.has(name) === false) return
      await container.delete(blobOf(name))
      there?.delete(name)
    },
    /** The service may keep old versions and deleted blobs, depending on the account's settings. */
    async destroy(name) {
      const there = await names()
      await removeAside(there, name)
      if (there?.has(name) === false) return
      await container.put(blobOf(name), Buffer.alloc(0))
      await container.delete(blobOf(name))
      there?.delete(name)
    },
    async clear() {
      // Deepest first, because a hierarchical account has directories; then its own.
      const names = [...(await list()).keys()].reverse().map(blobOf)
      const directory = prefix.replace(/\/$/, '')
      for (const name of directory === '' ? names : [...names, directory])
        await container.delete(name).catch((error: unknown) => {
          // A lock in a state below this one that somebody has just taken.
          if (!isSluiceError(error) || error.code !== 'SINK_LOCKED') throw error
        })
      known = undefined
    },
    below: (name) =>
      blobState({ container, place: `${place}/${name}`, prefix: blobOf(`${name}/`), signal, isInner: true }),
    /** Everything that the service has acknowledged is durable. */
    bootId: async () => 'remote',
  }
}

const PIECE_BYTES = 2 ** 20

async function* blobPieces(
  container: BlobContainer,
  blob: string,
  { etag, bytes, signal }: Pick<BlobHead, 'etag' | 'bytes'> & { readonly signal: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  if (bytes === 0) return
  const read = container.read(blob, { etag, fromByte: 0, toByte: bytes, signal })
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES)
      const filled = await read.read(piece)
      if (filled === 0) return
      yield piece.subarray(0, filled)
    }
  } finally {
    read.close()
  }
}

const contentTypeOf = (name: string): string =>
  name.endsWith('.json') ? 'application/json' : 'application/x-ndjson'
