import { CODES, type SluiceError, sluiceError } from '../../errors.js'
import { isRetryableStatus, isWebPage } from '../../fhir-client/failures.js'
import { type FhirServer, refusedAccess } from '../../fhir-client/server.js'
import { failureOf, type HttpAnswer, isLabelledWebPage } from '../../http/answer.js'
import { type Pieces, piecesOf, textOf } from '../../http/body.js'
import { proxyError } from '../../http/proxy-failure.js'
import { FAILED, isTlsCode, RequestFailure } from '../../http/request-failure.js'
import type { Attempts } from '../../http/retry.js'
import type { SourceReader } from '../../storage/store.js'
import type { Links } from '../job/links.js'
import type { Pin } from './pin.js'

export interface DownloadOptions {
  readonly server: FhirServer
  readonly links: Links
  readonly pin: Pin
  /** The item's name. */
  readonly name: string
  readonly fromByte: number
  /** Length that the manifest promises, if any. */
  readonly promisedBytes?: number | undefined
  /** Called once the whole file was received. */
  readonly onEnd: (bytes: number) => void
}

// Statuses with which stores answer for an expired or single-use address.
const EXPIRED: ReadonlySet<number> = new Set([400, 401, 403, 404, 410])
const ENOUGH_PAGES = 3
const PAGE_BYTES = 2048
const MAX_SAID_BYTES = 256 * 1024

/**
 * A file being downloaded. After a broken connection it resumes where it stopped: by range if the server allows, else
 * by reading again from the start. Throws SOURCE_CHANGED, SOURCE_INCOMPLETE, SOURCE_UNREADABLE, AUTH_FAILED,
 * SERVICE_UNAVAILABLE, INTERRUPTED.
 */
export class Download implements SourceReader {
  #pieces: Pieces | undefined
  #rest: Uint8Array = new Uint8Array(0)
  /** Offset of the next byte to hand on. */
  #at: number
  /** Start of a partial answer (206) and length of the whole file; Infinity if the server does not say. */
  #part: { readonly from: number; readonly totalBytes: number } | undefined
  #isAtEnd = false
  #pageCount = 0
  readonly #attempts: Attempts

  readonly #options: DownloadOptions

  constructor(options: DownloadOptions) {
    this.#options = options
    this.#at = options.fromByte
    this.#attempts = options.server.retry.attempts({ at: options.name })
  }

  async read(target: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < target.length) {
      if (this.#rest.length === 0) {
        const piece = await this.#next()
        if (piece === undefined) break
        this.#rest = piece
      }
      const taken = this.#rest.subarray(0, target.length - filled)
      target.set(taken, filled)
      await this.#options.pin.received(taken)
      filled += taken.length
      this.#at += taken.length
      this.#rest = this.#rest.subarray(taken.length)
    }
    if (filled > 0) await this.#options.pin.handOn()
    if (filled < target.length) await this.#end()
    return filled
  }

  /** The stream is already checked to its end, so nothing remains to verify. */
  async verify(): Promise<void> {
    if (!this.#isAtEnd && (await this.#next()) === undefined) await this.#end()
  }

  async close(): Promise<void> {
    this.#pieces?.close()
    this.#pieces = undefined
    await this.#options.pin.close()
  }

  /** Returns the next piece, reconnecting as needed, or undefined at the end. */
  async #next(): Promise<Uint8Array | undefined> {
    while (!this.#isAtEnd) {
      try {
        this.#pieces ??= await this.#connect()
        if (this.#rest.length > 0) return this.#rest
        const piece = await this.#pieces.next()
        if (piece === undefined && this.#isPartShort()) continue
        this.#attempts.succeeded()
        return piece
      } catch (error) {
        this.#pieces?.close()
        this.#pieces = undefined
        await this.#attempts.failed(error).catch((reason: unknown) => {
          throw reason instanceof RequestFailure ? unreadable(this.#options.name, reason) : reason
        })
      }
    }
    return undefined
  }

  /** A server may send less than requested (RFC 9110, 15.3.7); the rest is then requested. */
  #isPartShort(): boolean {
    if (this.#part === undefined || this.#at >= this.#part.totalBytes) return false
    if (this.#at === this.#part.from) throw new RequestFailure({ code: FAILED.shortBody })
    this.#pieces?.close()
    this.#pieces = undefined
    return true
  }

  async #end(): Promise<void> {
    if (this.#isAtEnd) return
    this.#isAtEnd = true
    this.#checkLength()
    await this.#options.pin.end(this.#at)
    this.#options.onEnd(this.#at)
  }

  /** The manifest does not say whether sizes are before or after compression. */
  #checkLength(): void {
    const { promisedBytes, pin, name } = this.#options
    if (promisedBytes === undefined || pin.isGzip === true || promisedBytes === this.#at) return
    throw sluiceError('SOURCE_INCOMPLETE', {
      at: name,
      message: `has ${this.#at} bytes, not ${promisedBytes} as announced; nothing of it was kept`,
    })
  }

  /** Opens the file at the next byte. */
  async #connect(): Promise<Pieces> {
    const { pin, name } = this.#options
    const at = this.#at
    const rangeTag = at > 0 ? pin.rangeTag : undefined
    this.#part = undefined
    const answer = await this.#ask(
      rangeTag === undefined ? {} : { range: `bytes=${at}-`, 'if-range': rangeTag },
    )
    if (answer.status === 416) {
      answer.body.destroy()
      if (answer.header('content-range')?.trim() === `bytes */${at}`) return NOTHING
      throw unreadable(name, failureOf(answer))
    }
    const pieces = piecesOf(answer)
    try {
      const start = at === 0 ? await this.#start(answer, pieces) : undefined
      await pin.settle(answer)
      if (answer.status === 206) {
        this.#part = partOf(answer)
        if (this.#part?.from !== at) throw unreadable(name, failureOf(answer))
      }
      // Some servers answer 206 with the whole file.
      if (this.#part === undefined || at === 0) {
        pin.rewind()
        await this.#skip(pieces, at)
      }
      this.#rest = start ?? this.#rest
      return pieces
    } catch (error) {
      pieces.close()
      throw error
    }
  }

  async #ask(headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { server, links, name, pin } = this.#options
    const mayGzip = headers.range === undefined && pin.isGzip !== false
    let isRefreshed = false
    for (;;) {
      const url = links.urlOf(name)
      const answer = await server.send(url, {
        // A link that needs no token may grant access by itself, so no credentials are sent with it.
        anonymous: !links.requiresAccessToken,
        headers: {
          ...headers,
          accept: 'application/fhir+ndjson, application/ndjson;q=0.9, */*;q=0.1',
          'accept-encoding': mayGzip ? 'gzip' : 'identity',
        },
      })
      const { status } = answer
      const isAtEnd = status === 416 && headers.range !== undefined
      if (status === 200 || status === 206 || isAtEnd) return this.#checkType(answer)
      const kept = await this.#keep(answer)
      if (isRetryableStatus(status)) throw failureOf(answer, { isRetryable: true })
      if (EXPIRED.has(status) && !isRefreshed) {
        isRefreshed = true
        if (await links.refreshed(name, url)) continue
      }
      if ((status === 401 || status === 403) && links.requiresAccessToken)
        throw refusedAccess(server, { ...answer, url }, kept)
      throw unreadable(name, failureOf(answer), kept)
    }
  }

  /** Reads what the server sent instead of the file. A truncated body counts as empty. */
  async #keep(answer: HttpAnswer): Promise<string> {
    const { server, name: item } = this.#options
    const text = await textOf(answer, MAX_SAID_BYTES).catch(() => '')
    return server.answers.keep({ call: 'file', item, answer, text })
  }

  /** An HTML page comes from a gateway and may be temporary. */
  #checkType(answer: HttpAnswer): HttpAnswer {
    if (!isLabelledWebPage(answer)) return answer
    throw this.#page(answer)
  }

  /**
   * Checks the first piece: an HTML page without that content type would be taken for lines, and its ETag for the
   * file's.
   */
  async #start(answer: HttpAnswer, pieces: Pieces): Promise<Uint8Array | undefined> {
    const piece = await pieces.next()
    if (piece === undefined || !isWebPage(Buffer.from(piece.subarray(0, PAGE_BYTES)).toString())) return piece
    throw this.#page(answer)
  }

  #page({ status, body }: HttpAnswer): RequestFailure {
    body.destroy()
    this.#pageCount += 1
    return new RequestFailure({ status, code: 'HTML_PAGE', isRetryable: this.#pageCount < ENOUGH_PAGES })
  }

  /** Reads up to where the download was and compares the bytes with those received before. */
  async #skip(pieces: Pieces, bytes: number): Promise<void> {
    const { pin } = this.#options
    let left = bytes
    while (left > 0) {
      const piece = await pieces.next()
      if (piece === undefined) throw await pin.changed()
      const skipped = piece.subarray(0, left)
      await pin.received(skipped)
      left -= skipped.length
      this.#rest = piece.subarray(skipped.length)
    }
  }
}

const NOTHING: Pieces = { next: async () => undefined, close: () => {} }

function partOf({ header }: HttpAnswer): { readonly from: number; readonly totalBytes: number } | undefined {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header('content-range')?.trim() ?? '') ?? []
  if (from === undefined) return undefined
  return { from: Number(from), totalBytes: total === '*' ? Number.POSITIVE_INFINITY : Number(total) }
}

function unreadable(name: string, failure: RequestFailure, kept = ''): SluiceError {
  const proxy = proxyError(failure, name)
  if (proxy !== undefined) return proxy
  const isTls = isTlsCode(failure.code)
  const message = isTls ? 'its certificate is not accepted' : 'the server did not deliver it'
  return sluiceError('SOURCE_UNREADABLE', {
    at: name,
    message: `${message} (${failure.message})${kept}`,
    help: isTls ? CODES.CONNECTION_UNTRUSTED.help : undefined,
    cause: failure,
  })
}
