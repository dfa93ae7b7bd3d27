import { createHash, type Hash } from 'node:crypto'
import { sluiceError } from '../../errors.js'
import type { HttpAnswer } from '../../http/answer.js'
import { textLines } from '../../ndjson/text-lines.js'
import type { Appender, State } from '../../storage/store.js'

/**
 * Holds a download to one version of a file (INVARIANT one-source-version); kept in the state. The pin is the server's
 * strong ETag. Without one, it is digests of everything from the start to the end of each read, written before the
 * bytes are handed on, so that a later run can prove that it reads the same bytes.
 */
export class Pin {
  #etag: string | undefined
  #isGzip = false
  #isSettled = false
  #hash: Hash | undefined
  #hashedBytes = 0
  /** Digests by offset, in ascending order; those beyond `#hashedBytes` are still to be matched. */
  #expected: readonly (readonly [offset: number, digest: string])[]
  #file: Appender | undefined

  readonly #state: State
  readonly #name: string
  readonly #item: string
  readonly #kept: KeptPin

  private constructor(state: State, name: string, item: string, kept: KeptPin) {
    this.#state = state
    this.#name = name
    this.#item = item
    this.#kept = kept
    this.#expected = kept.digests
    if (kept.head === undefined) return
    this.#etag = kept.head.etag
    this.#isGzip = kept.head.gzip === true
    this.#isSettled = true
  }

  static async open(state: State, name: string, item: string): Promise<Pin> {
    return new Pin(state, name, item, parsePin((await state.read(name)) ?? ''))
  }

  /** Value for `If-Range`; undefined if the file cannot be read from the middle. */
  get rangeTag(): string | undefined {
    return this.#isGzip ? undefined : this.#etag
  }

  get isGzip(): boolean | undefined {
    return this.#isSettled ? this.#isGzip : undefined
  }

  /** Adopts the version of the first answer and compares later ones with it. Throws SOURCE_CHANGED. */
  async settle({ header }: HttpAnswer): Promise<void> {
    const etag = strongTag(header('etag'))
    if (this.#isSettled) {
      if (this.#etag !== undefined && this.#etag !== etag) throw await this.changed()
      return
    }
    this.#etag = etag
    this.#isGzip = /gzip/i.test(header('content-encoding') ?? '')
    this.#isSettled = true
    await this.#write({ etag, gzip: this.#isGzip })
  }

  /** Restarts the download at the beginning of the file. */
  rewind(): void {
    if (this.#hash !== undefined && this.#hashedBytes > 0)
      this.#expected = [
        ...this.#expected.filter(([offset]) => offset < this.#hashedBytes),
        [this.#hashedBytes, digestOf(this.#hash)],
        ...this.#expected.filter(([offset]) => offset > this.#hashedBytes),
      ]
    this.#hash = this.#etag === undefined ? createHash('sha256') : undefined
    this.#hashedBytes = 0
  }

  /** Records received bytes, in order from the start of the file. Throws SOURCE_CHANGED. */
  async received(bytes: Uint8Array): Promise<void> {
    const hash = this.#hash
    if (hash === undefined) return
    const end = this.#hashedBytes + bytes.length
    let from = 0
    for (const [offset, digest] of this.#expected) {
      if (offset <= this.#hashedBytes || offset > end) continue
      const until = bytes.length - (end - offset)
      hash.update(bytes.subarray(from, until))
      from = until
      if (digestOf(hash) !== digest) throw await this.changed()
    }
    hash.update(bytes.subarray(from))
    this.#hashedBytes = end
    this.#expected = this.#expected.filter(([offset]) => offset > end)
  }

  /** Throws SOURCE_CHANGED for an offset that an earlier run reached without a digest to prove it. */
  async checkProven(offset: number): Promise<void> {
    const reached = this.#kept.digests.at(-1)?.[0] ?? 0
    if (this.#kept.head === undefined || (this.#etag === undefined && reached < offset))
      throw await this.changed()
  }

  /** Call before the bytes are handed on. */
  async handOn(): Promise<void> {
    if (this.#hash !== undefined) await this.#write([this.#hashedBytes, digestOf(this.#hash)])
  }

  /** Call at the end of the file. Throws SOURCE_CHANGED if it used to be longer. */
  async end(bytes: number): Promise<void> {
    if (this.#hash !== undefined && this.#expected.length > 0) throw await this.changed()
    if (this.#kept.endBytes !== undefined && this.#kept.endBytes !== bytes) throw await this.changed()
    await this.#write({ endBytes: bytes })
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #write(entry: Entry): Promise<void> {
    this.#file ??= await this.#state.appender(this.#name, this.#kept.keepBytes)
    await this.#file.append(`${JSON.stringify(entry)}\n`)
    await this.#file.keep()
  }

  /** Removes the record, so that a later run can start over. */
  async changed() {
    await this.close()
    await this.#state.remove(this.#name)
    return sluiceError('SOURCE_CHANGED', {
      at: this.#item,
      message: 'is not what was read before; nothing of it was committed',
    })
  }
}

interface PinHead {
  readonly etag?: string | undefined
  readonly gzip?: boolean
}

type Entry = PinHead | { readonly endBytes: number } | readonly [offset: number, digest: string]

/** Reads the record of a file from the state. */
export interface KeptPin {
  readonly head?: PinHead | undefined
  readonly digests: readonly (readonly [offset: number, digest: string])[]
  readonly endBytes?: number | undefined
  readonly keepBytes: number
}

/** Reads up to the first torn line. */
export function parsePin(text: string): KeptPin {
  let head: PinHead | undefined
  let endBytes: number | undefined
  let keepBytes = 0
  const digests = new Map<number, string>()
  for (const { text: line, isEnded, endBytes: lineEndBytes } of textLines(text)) {
    if (!isEnded) break
    let entry: Entry
    try {
      entry = JSON.parse(line) as Entry
    } catch {
      break
    }
    if (Array.isArray(entry)) digests.set(entry[0], entry[1])
    else if ('endBytes' in entry) endBytes = entry.endBytes
    else head ??= entry as PinHead
    keepBytes = lineEndBytes
  }
  return { head, digests: [...digests].sort(([a], [b]) => a - b), endBytes, keepBytes }
}

const digestOf = (hash: Hash): string => hash.copy().digest('base64url')

/** A weak ETag (RFC 9110, 8.8.1) does not promise the same bytes. */
const strongTag = (etag: string | undefined): string | undefined =>
  etag !== undefined && /^"[\x21\x23-\x7e]*"$/.test(etag.trim()) ? etag.trim() : undefined
