import { createHash, hash } from 'node:crypto'
import { sluiceError } from '../../../errors.js'
import { OutputDigest } from '../../output-digest.js'
import type { CommitFacts, OutputPlace, SinkHead, SinkItem } from '../../store.js'
import type { BlobContainer } from '../blob-container.js'
import {
  blockId,
  isBeyondBlocks,
  keptBlocks,
  longestKept,
  minBytesOf,
  type NamedBlock,
  sealOf,
} from './block-layout.js'
import { conflict, forgetStaged, isRefusedForLeftovers } from './block-leftovers.js'
import type { Uploads } from './block-uploads.js'

/** Context shared by the items of a sink. */
export interface BlockSink {
  readonly container: BlobContainer
  readonly uploads: Uploads
  /** Maximum bytes that an item may hold back to fill a block. */
  readonly maxBlockBytes: number
  /** ETag of the object under the name when last checked; undefined if there was none. */
  etagOf(name: string): Promise<string | undefined>
  head(name: string): Promise<SinkHead | undefined>
  /** Forgets the ETag, because the object may have changed. */
  forget(name: string): void
}

/** Metadata of an output. Names are C# identifiers, values ASCII (Azure, REST API). */
export const METADATA = {
  seal: 'sluice_seal',
  fingerprint: 'sluice_fingerprint',
  mark: 'sluice_mark',
  source: 'sluice_source_version',
  lines: 'sluice_lines',
  quarantined: 'sluice_quarantined',
} as const

/**
 * An output that grows as staged blocks, which nobody sees, and appears by committing their list. The ids of the
 * blocks name what they hold, so that the uncommitted list is the list of what is there.
 */
export class BlockSinkItem implements SinkItem {
  #blocks: NamedBlock[] = []
  #held: Buffer[] = []
  #heldBytes = 0
  #keptCount = 0
  #keptBytes = 0
  readonly #sent = new Set<number>()
  /** Undefined after a resume, because staged blocks cannot be read. */
  #digest: OutputDigest | undefined = new OutputDigest()
  /** Blocks staged by an earlier run; the same id means the same bytes. */
  #there: ReadonlySet<string> | undefined
  readonly #underWay = new Set<Promise<void>>()
  #failure: { readonly reason: unknown } | undefined
  /** ETag of the blob after another program's staged blocks were removed. */
  #clearing: Promise<string | undefined> | undefined

  readonly #sink: BlockSink
  readonly #name: string
  readonly #fingerprint: string

  constructor(sink: BlockSink, name: string, fingerprint: string) {
    this.#sink = sink
    this.#name = name
    this.#fingerprint = fingerprint
  }

  async resume(bytes: number): Promise<boolean> {
    await this.#settled()
    const kept = bytes === 0 ? [] : await this.#stagedUpTo(bytes)
    this.#startWith(kept ?? [])
    return kept !== undefined
  }

  async leftBytes(): Promise<number> {
    const { uncommitted } = await this.#sink.container.blocks(this.#name)
    return longestKept(uncommitted, this.#fingerprint).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Block ids name their contents, and the service has compared them. */
  async proven(places: readonly OutputPlace[]): Promise<number> {
    const { uncommitted } = await this.#sink.container.blocks(this.#name)
    const ends = new Set<number>()
    let sum = 0
    for (const { bytes } of longestKept(uncommitted, this.#fingerprint)) {
      sum += bytes
      ends.add(sum)
    }
    return places.findLast(({ outputBytes }) => ends.has(outputBytes))?.outputBytes ?? 0
  }

  digest(): string | undefined {
    return this.#digest?.value
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    this.#check()
    for (const piece of pieces) {
      // The caller reuses its buffer.
      this.#held.push(this.#sink.uploads.copyOf(piece))
      this.#heldBytes += piece.length
    }
    this.#digest?.add(pieces)
    if (this.#heldBytes > 0 && this.#heldBytes >= this.#minBytes) await this.#stage()
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  async complete(): Promise<void> {
    if (this.#heldBytes > 0) await this.#stage()
    await this.#settled()
    this.#check()
  }

  /** The service keeps staged blocks for a week. */
  async flush(): Promise<void> {}

  async find(sealed: SinkHead): Promise<'committed' | 'ready' | 'lost'> {
    if ((await this.#sink.head(this.#name))?.version === sealed.version) return 'committed'
    if (this.#isSeal(sealed, this.#blocks)) return 'ready'
    const kept = await this.#stagedUpTo(sealed.bytes)
    if (kept === undefined || !this.#isSeal(sealed, kept)) return 'lost'
    this.#startWith(kept)
    return 'ready'
  }

  async sealed(): Promise<SinkHead> {
    return {
      bytes: this.#keptBytes,
      version: sealOf(this.#fingerprint, this.#blocks),
      fingerprint: this.#fingerprint,
      ...(this.#digest === undefined ? {} : { sha256: this.#digest.value }),
    }
  }

  /**
   * Commits only over the object that was there before. A refusal is settled by reading back, because an answer may
   * be lost.
   */
  async commit(facts: CommitFacts): Promise<void> {
    const { container } = this.#sink
    const { version, bytes } = await this.sealed()
    const etag = await (this.#clearing ?? this.#sink.etagOf(this.#name))
    const ids = this.#blocks.map(({ id }) => id)
    const written = await container.commit(this.#name, ids, {
      metadata: {
        [METADATA.seal]: version,
        [METADATA.fingerprint]: this.#fingerprint,
        ...(facts.mark === undefined ? {} : { [METADATA.mark]: facts.mark }),
        [METADATA.source]: encodeURIComponent(facts.sourceVersion),
        [METADATA.lines]: String(facts.lines),
        [METADATA.quarantined]: String(facts.quarantined),
      },
      contentType: contentTypeOf(this.#name),
      ...(etag === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: etag }),
    })
    this.#sink.forget(this.#name)
    if (written.kind === 'done' && ids.length < 2) return
    const there = await this.#sink.head(this.#name)
    if (there?.version === version && there.bytes === bytes) return
    if (written.kind === 'done' || written.code === 'InvalidBlockList') throw this.#lost()
    throw conflict(this.#name)
  }

  async settle(): Promise<void> {}

  /** Staged blocks stay invisible until another commit of this name, or until the service drops them after a week. */
  async abort(): Promise<void> {
    await this.close()
    this.#startWith([])
  }

  async close(): Promise<void> {
    await this.#settled()
    this.#held = []
    this.#heldBytes = 0
  }

  get #minBytes(): number {
    return minBytesOf(this.#blocks.length, this.#sink.maxBlockBytes)
  }

  #startWith(kept: readonly NamedBlock[]): void {
    this.#blocks = [...kept]
    this.#held = []
    this.#heldBytes = 0
    this.#digest = kept.length === 0 ? new OutputDigest() : undefined
    this.#sent.clear()
    this.#keptCount = kept.length
    this.#keptBytes = kept.reduce((sum, block) => sum + block.bytes, 0)
    this.#failure = undefined
  }

  async #stagedUpTo(bytes: number): Promise<readonly NamedBlock[] | undefined> {
    const { uncommitted } = await this.#sink.container.blocks(this.#name)
    this.#there = new Set(uncommitted.map(({ id }) => id))
    return keptBlocks(uncommitted, this.#fingerprint, bytes)
  }

  async #staged(): Promise<ReadonlySet<string>> {
    const { uncommitted } = await this.#sink.container.blocks(this.#name)
    return new Set(uncommitted.map(({ id }) => id))
  }

  async #stage(): Promise<void> {
    const index = this.#blocks.length
    if (isBeyondBlocks(index)) throw this.#tooLong()
    const pieces = this.#held
    const bytes = this.#heldBytes
    this.#held = []
    this.#heldBytes = 0
    const md5 = md5Of(pieces)
    const id = blockId(this.#fingerprint, index, md5)
    // A run killed before its journal was first kept may have staged many blocks, so it is worth asking.
    if (index === 1) this.#there ??= await this.#staged()
    this.#blocks.push({ id, bytes })
    const { uploads } = this.#sink
    const { sent } =
      this.#there?.has(id) === true
        ? { sent: Promise.resolve() }
        : await uploads.start(bytes, () => this.#send(id, pieces, md5))
    const done = sent
      .then(
        () => this.#noteSent(index),
        (reason: unknown) => {
          this.#failure ??= { reason }
        },
      )
      .finally(() => {
        for (const piece of pieces) uploads.release(piece)
      })
    this.#underWay.add(done)
    done.finally(() => this.#underWay.delete(done))
  }

  async #send(id: string, pieces: readonly Buffer[], md5: Buffer): Promise<void> {
    const { container } = this.#sink
    try {
      await container.stageBlock(this.#name, id, pieces, { md5 })
    } catch (error) {
      if (!isRefusedForLeftovers(error)) throw error
      this.#clearing ??= this.#clear()
      await this.#clearing
      await container.stageBlock(this.#name, id, pieces, { md5 })
    }
  }

  async #clear(): Promise<string | undefined> {
    const { container } = this.#sink
    const expected = await this.#sink.etagOf(this.#name)
    const etag = await forgetStaged(container, this.#name, expected)
    if (etag !== expected) this.#sink.forget(this.#name)
    return etag
  }

  #noteSent(index: number): void {
    this.#sent.add(index)
    while (this.#sent.delete(this.#keptCount)) {
      this.#keptBytes += this.#blocks[this.#keptCount]?.bytes ?? 0
      this.#keptCount += 1
    }
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.reason
  }

  #isSeal({ bytes, version }: SinkHead, blocks: readonly NamedBlock[]): boolean {
    return (
      blocks.reduce((sum, block) => sum + block.bytes, 0) === bytes &&
      sealOf(this.#fingerprint, blocks) === version
    )
  }

  #lost() {
    return sluiceError('SINK_CHANGED', {
      at: this.#name,
      message: 'the service no longer has all that was sent; nothing was committed',
      help: 'run it again',
    })
  }

  #tooLong() {
    return sluiceError('OUTPUT_TOO_LARGE', {
      at: this.#name,
      message: 'needs more than 50,000 blocks',
    })
  }
}

function md5Of(pieces: readonly Uint8Array[]): Buffer {
  const [only] = pieces
  if (only !== undefined && pieces.length === 1) return hash('md5', only, 'buffer')
  const md5 = createHash('md5')
  for (const piece of pieces) md5.update(piece)
  return md5.digest()
}

const CONTENT_TYPES: readonly (readonly [RegExp, string])[] = [
  [/\.gz$/i, 'application/gzip'],
  [/\.zst$/i, 'application/zstd'],
  [/\.json$/i, 'application/fhir+json'],
]

export const contentTypeOf = (name: string): string =>
  CONTENT_TYPES.find(([pattern]) => pattern.test(name))?.[1] ?? 'application/fhir+ndjson'
