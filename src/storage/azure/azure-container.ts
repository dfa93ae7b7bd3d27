import { Readable } from 'node:stream'
import { FAILED, RequestFailure } from '../../http/request-failure.js'
import { REQUEST_MS, type RequestLimits, withinLimit } from '../../http/request-limits.js'
import type { Retry } from '../../http/retry.js'
import { type ContainerOptions, containerClient } from './azure-client.js'
import { type Body, bodyOf } from './blob-body.js'
import type {
  AppendAt,
  Appended,
  BlobBytes,
  BlobContainer,
  BlobEntry,
  BlobHead,
  BlobRange,
  BlobRead,
  BlobWrite,
  BlockList,
  CopySource,
  Written,
} from './blob-container.js'
import { type BlobAction, type BlobErrorContext, blobError } from './blob-errors.js'
import { failureOf, flippedBit, fromService, isMissingBlob, isRefusal, wrongAnswer } from './blob-failure.js'
import { bodyFor, fromBlockId, given, quoted, toBlockId, unquoted, writeOptions } from './blob-upload.js'
import { PinnedRead } from './pinned-read.js'

/**
 * A container of the blob service. The SDK's own retries are off (it tries 429 once and knows no `Retry-After`).
 * Every method throws SERVICE_UNAVAILABLE, INTERRUPTED, SOURCE_DENIED or SINK_DENIED, USAGE for a certificate that is
 * not trusted, and SOURCE_* or SINK_* for what the service refuses.
 */
export function azureContainer(options: ContainerOptions): BlobContainer {
  return new AzureContainer(options)
}

const COPY_POLL_MS = 500

/** A request, and how to interpret its failures. */
interface Request extends BlobAction {
  /** Bytes to upload. */
  readonly upBytes?: number
  readonly signal?: AbortSignal | undefined
}

class AzureContainer implements BlobContainer {
  readonly place: string
  readonly #client: ReturnType<typeof containerClient>
  readonly #retry: Retry
  readonly #limits: Required<RequestLimits>
  readonly #context: BlobErrorContext
  readonly #pageCount: number

  constructor(options: ContainerOptions) {
    const { place, role, authorization, retry, limits = {} } = options
    const sas = authorization.kind === 'sas' ? authorization.facts : undefined
    this.place = place
    this.#client = containerClient(options)
    this.#pageCount = options.pageCount ?? 5000
    this.#retry = retry
    this.#limits = { requestMs: REQUEST_MS, minBytesPerSecond: 64 * 1024, idleMs: 30_000, ...limits }
    this.#context = { role, place, identity: authorization.kind, sas }
  }

  exists(): Promise<boolean> {
    return this.#call({ at: this.place, needs: 'read' }, async (abortSignal) => {
      try {
        fromService(await this.#client.getProperties({ abortSignal }))
        return true
      } catch (error) {
        if (failureOf(error).status === 404) return false
        throw error
      }
    })
  }

  createIfMissing(): Promise<void> {
    return this.#call({ at: this.place, needs: 'create' }, async (abortSignal) => {
      try {
        fromService(await this.#client.create({ abortSignal }))
      } catch (error) {
        if (failureOf(error).code !== 'ContainerAlreadyExists') throw error
      }
    })
  }

  async *list(
    prefix: string,
    { withUncommitted = false }: { readonly withUncommitted?: boolean } = {},
  ): AsyncIterable<BlobEntry> {
    let continuationToken: string | undefined
    do {
      const page = await this.#call({ at: this.place, needs: 'list' }, async (abortSignal) => {
        const found = this.#client.listBlobsFlat({
          prefix,
          includeMetadata: true,
          includeUncommitedBlobs: withUncommitted,
          abortSignal,
        })
        const page = given({ continuationToken, maxPageSize: this.#pageCount })
        return (await found.byPage(page).next().catch(noList)).value
      })
      for (const { name, metadata = {}, properties } of page?.segment.blobItems ?? [])
        yield {
          name,
          bytes: properties.contentLength ?? 0,
          etag: unquoted(properties.etag),
          modifiedMs: properties.lastModified.getTime(),
          contentEncoding: properties.contentEncoding || undefined,
          metadata,
          isFolder: isFolderMarker(metadata),
          isArchived: properties.accessTier === 'Archive',
        }
      const next = page?.continuationToken || undefined
      // A service that repeats a page would never end.
      if (next !== undefined && next === continuationToken)
        throw blobError(new RequestFailure({ code: FAILED.wrongAnswer }), this.#context, {
          at: this.place,
          needs: 'list',
        })
      continuationToken = next
    } while (continuationToken !== undefined)
  }

  head(name: string): Promise<BlobHead | undefined> {
    return this.#call({ at: name, needs: 'read' }, async (abortSignal) => {
      try {
        const found = await this.#client.getBlobClient(name).getProperties({ abortSignal })
        if (found.etag === undefined) throw wrongAnswer()
        const metadata = found.metadata ?? {}
        return {
          bytes: found.contentLength ?? 0,
          etag: unquoted(found.etag),
          metadata,
          isLeased: found.leaseState === 'leased',
          contentType: found.contentType,
          contentEncoding: found.contentEncoding || undefined,
          committedBlockCount: found.blobCommittedBlockCount,
          isFolder: isFolderMarker(metadata),
          isArchived: found.accessTier === 'Archive',
        }
      } catch (error) {
        if (isMissingBlob(failureOf(error))) return undefined
        throw error
      }
    })
  }

  read(name: string, { etag, fromByte, toByte, signal }: BlobRange): BlobRead {
    const action = { at: name, needs: 'read' } as const
    return new PinnedRead({
      fromByte,
      toByte,
      attempts: this.#retry.attempts({ at: name, signal }),
      signals: [this.#retry.signal, signal],
      explain: (error) => blobError(error, this.#context, action),
      open: (from, to) => this.#openBody(name, { etag, fromByte: from, toByte: to, signal }),
    })
  }

  readText(name: string): Promise<{ readonly text: string; readonly etag: string } | undefined> {
    return this.#call({ at: name, needs: 'read' }, async (abortSignal) => {
      try {
        const blob = this.#client.getBlobClient(name)
        const answer = await blob.download(0, undefined, { abortSignal, maxRetryRequests: 0 })
        const pieces: Uint8Array[] = []
        const body = this.#bodyOf(answer.readableStreamBody)
        for (let piece = await body.next(); piece !== undefined; piece = await body.next()) pieces.push(piece)
        const bytes = Buffer.concat(pieces)
        if (bytes.length !== answer.contentLength) throw new RequestFailure({ code: FAILED.shortBody })
        return { text: bytes.toString('utf8'), etag: unquoted(answer.etag) }
      } catch (error) {
        if (isMissingBlob(failureOf(error))) return undefined
        throw error
      }
    })
  }

  put(name: string, bytes: BlobBytes, options: BlobWrite = {}): Promise<Written> {
    const { body, byteCount, md5 } = bodyFor(bytes)
    return this.#write({ at: name, needs: 'write', upBytes: byteCount }, (abortSignal) => {
      const { blobHTTPHeaders, ...rest } = writeOptions(options)
      const checked = { ...rest, abortSignal, blobHTTPHeaders: { ...blobHTTPHeaders, blobContentMD5: md5 } }
      return this.#client.getBlockBlobClient(name).upload(body, byteCount, checked)
    })
  }

  stageBlock(name: string, id: string, bytes: BlobBytes, known?: { md5: Uint8Array }): Promise<void> {
    const { body, byteCount, md5 } = bodyFor(bytes, known?.md5)
    return this.#call({ at: name, needs: 'write', upBytes: byteCount }, async (abortSignal) => {
      const blob = this.#client.getBlockBlobClient(name)
      await blob
        .stageBlock(toBlockId(id), body, byteCount, { abortSignal, transactionalContentMD5: md5 })
        .catch(flippedBit)
    })
  }

  blocks(name: string): Promise<BlockList> {
    return this.#call({ at: name, needs: 'read' }, async (abortSignal) => {
      try {
        const blob = this.#client.getBlockBlobClient(name)
        const found = fromService(await blob.getBlockList('all', { abortSignal }))
        const blocksOf = (list: readonly { readonly name: string; readonly size: number }[] = []) =>
          list.map((block) => ({ id: fromBlockId(block.name), bytes: block.size }))
        const committed = blocksOf(found.committedBlocks)
        const etag = found.etag === undefined ? undefined : unquoted(found.etag)
        return { etag, committed, uncommitted: blocksOf(found.uncommittedBlocks) }
      } catch (error) {
        if (isMissingBlob(failureOf(error))) return { committed: [], uncommitted: [] }
        throw error
      }
    })
  }

  commit(name: string, ids: readonly string[], options: BlobWrite = {}): Promise<Written> {
    const upBytes = ids.length * 100
    return this.#write({ at: name, needs: 'write', upBytes }, (abortSignal) =>
      this.#client
        .getBlockBlobClient(name)
        .commitBlockList(ids.map(toBlockId), { ...writeOptions(options), abortSignal }),
    )
  }

  copy(name: string, from: CopySource, metadata: Readonly<Record<string, string>>): Promise<Written> {
    const { container } = from
    if (!(container instanceof AzureContainer)) throw new Error('a copy from another kind of container')
    // With a SAS, the address of the source holds it: it goes nowhere but to the service.
    const { url } = container.#client.getBlobClient(from.name)
    return this.#write({ at: name, needs: 'write' }, async (abortSignal) => {
      const copying = await this.#client.getBlobClient(name).beginCopyFromURL(url, {
        abortSignal,
        metadata: { ...metadata },
        conditions: { ifNoneMatch: '*' },
        sourceConditions: { ifMatch: quoted(from.etag) },
        intervalInMs: COPY_POLL_MS,
      })
      const done = await copying.pollUntilDone()
      // The service spells it in lower case.
      if (done.copyStatus?.toLowerCase() !== 'success') throw new RequestFailure({ code: FAILED.wrongAnswer })
      return given({ etag: done.etag })
    })
  }

  createAppendBlob(name: string, options: BlobWrite = {}): Promise<Written> {
    return this.#write({ at: name, needs: 'create' }, (abortSignal) =>
      this.#client.getAppendBlobClient(name).create({ ...writeOptions(options), abortSignal }),
    )
  }

  async appendBlock(name: string, bytes: BlobBytes, { position, leaseId }: AppendAt): Promise<Appended> {
    const { body, byteCount, md5 } = bodyFor(bytes)
    const conditions = given({ appendPosition: position, leaseId })
    const written = await this.#write({ at: name, needs: 'add', upBytes: byteCount }, (abortSignal) =>
      this.#client
        .getAppendBlobClient(name)
        .appendBlock(body, byteCount, { abortSignal, conditions, transactionalContentMD5: md5 })
        .catch(flippedBit),
    )
    if (written.kind === 'done') return written
    const there = await this.head(name)
    if (written.isAmbiguous && there?.bytes === position + byteCount)
      return { kind: 'done', etag: there.etag }
    return { kind: 'refused', bytes: there?.bytes ?? 0 }
  }

  delete(name: string, { ifMatch }: { readonly ifMatch?: string | undefined } = {}): Promise<boolean> {
    return this.#call({ at: name, needs: 'delete' }, async (abortSignal) => {
      try {
        const conditions = ifMatch === undefined ? {} : { ifMatch: quoted(ifMatch) }
        await this.#client.getBlobClient(name).delete({ abortSignal, conditions })
      } catch (error) {
        const failure = failureOf(error)
        if (isMissingBlob(failure)) return true
        if (failure.status === 412 && !failure.code.startsWith('Lease')) return false
        throw error
      }
      return true
    })
  }

  async acquireLease(name: string, leaseId: string, seconds: number): Promise<string | undefined> {
    const taken = await this.#lease(name, (abortSignal) =>
      this.#client.getBlobClient(name).getBlobLeaseClient(leaseId).acquireLease(seconds, { abortSignal }),
    )
    return taken && unquoted(taken.etag)
  }

  async renewLease(name: string, leaseId: string, signal?: AbortSignal): Promise<boolean> {
    const ask = (abortSignal: AbortSignal) =>
      this.#client.getBlobClient(name).getBlobLeaseClient(leaseId).renewLease({ abortSignal })
    return (await this.#lease(name, ask, signal)) !== undefined
  }

  async releaseLease(name: string, leaseId: string): Promise<boolean> {
    const ask = (abortSignal: AbortSignal) =>
      this.#client.getBlobClient(name).getBlobLeaseClient(leaseId).releaseLease({ abortSignal })
    return (await this.#lease(name, ask)) !== undefined
  }

  /** Returns undefined if the lease is someone else's, or nobody's. */
  #lease<T extends { readonly requestId?: string }>(
    name: string,
    ask: (signal: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    return this.#call({ at: name, needs: 'write', signal }, async (abortSignal) => {
      try {
        return fromService(await ask(abortSignal))
      } catch (error) {
        const failure = failureOf(error)
        if (failure.code.startsWith('Lease') || isMissingBlob(failure)) return undefined
        throw error
      }
    })
  }

  /** Makes one request, with retries. */
  async #call<T>(request: Request, ask: (signal: AbortSignal, attempt: number) => Promise<T>): Promise<T> {
    const { requestMs, minBytesPerSecond } = this.#limits
    const limitMs = requestMs + ((request.upBytes ?? 0) / minBytesPerSecond) * 1000
    const signals = [this.#retry.signal, request.signal]
    try {
      return await this.#retry.run(request, (attempt) =>
        withinLimit({ limitMs, signals }, (signal) => ask(signal, attempt)).catch((error: unknown) => {
          throw failureOf(error)
        }),
      )
    } catch (error) {
      throw blobError(error, this.#context, request)
    }
  }

  /** Makes a write whose conditions may not hold. */
  #write(
    request: Request,
    ask: (signal: AbortSignal) => Promise<{ readonly etag?: string }>,
  ): Promise<Written> {
    return this.#call<Written>(request, async (signal, attempt) => {
      try {
        return { kind: 'done', etag: unquoted((await ask(signal)).etag) }
      } catch (error) {
        const { status, code } = failureOf(error)
        if (!isRefusal(status, code)) throw error
        return { kind: 'refused', code, isAmbiguous: attempt > 1 }
      }
    })
  }

  /** Requests a range and checks that the answer is exactly that. Throws RequestFailure. */
  async #openBody(name: string, { etag, fromByte, toByte, signal }: BlobRange): Promise<Body> {
    const { requestMs } = this.#limits
    const answer = await withinLimit(
      { limitMs: requestMs, signals: [this.#retry.signal, signal] },
      (abortSignal) =>
        this.#client.getBlobClient(name).download(fromByte, toByte - fromByte, {
          abortSignal,
          conditions: { ifMatch: quoted(etag) },
          maxRetryRequests: 0,
        }),
    ).catch((error: unknown) => {
      throw failureOf(error)
    })
    const body = this.#bodyOf(answer.readableStreamBody)
    const isWanted =
      answer._response.status === 206 &&
      answer.contentRange?.startsWith(`bytes ${fromByte}-${toByte - 1}/`) === true &&
      answer.contentLength === toByte - fromByte &&
      unquoted(answer.etag) === etag
    if (isWanted) return body
    body.destroy()
    throw new RequestFailure({ code: FAILED.wrongAnswer })
  }

  #bodyOf(stream: NodeJS.ReadableStream | undefined): Body {
    if (!(stream instanceof Readable)) throw new RequestFailure({ code: FAILED.wrongAnswer })
    return bodyOf(stream, this.#limits.idleMs)
  }
}

/** The SDK throws on an answer that is not a list. */
function noList(error: unknown): never {
  throw error instanceof TypeError ? wrongAnswer() : error
}

const isFolderMarker = (metadata: Readonly<Record<string, string>>): boolean =>
  Object.entries(metadata).some(([key, value]) => key.toLowerCase() === 'hdi_isfolder' && value === 'true')
