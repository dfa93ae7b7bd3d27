import { present } from '../../invariant.js'
import type { Sink, SinkHead, SinkItem } from '../../storage/store.js'
import { LineIndex, type LineOrigin } from './line-index.js'

/** A file of the staging place: whole lines of resources of one type. */
export interface StagedFile {
  readonly name: string
  readonly type: string
  readonly lines: number
  readonly bytes: number
  /** Version of the output, as the sink knows it. */
  readonly version: string
  readonly sha256?: string | undefined
  /** Origin of its last line: what comes before it, and has its type, is staged. */
  readonly last: Pick<LineOrigin, 'item' | 'ordinal'>
}

export interface StagedFileLimits {
  /** A file is ended before it becomes longer; a single line may be. */
  readonly fileBytes: number
  /** A file is ended when its index is as long. */
  readonly indexBytes: number
}

/** A staged file that grows. */
export class GrowingFile {
  readonly name: string
  readonly type: string
  readonly index = new LineIndex()
  #item: SinkItem | undefined
  #held: Buffer[] = []
  #heldBytes = 0
  #bytes = 0
  #lines = 0
  #last: LineOrigin | undefined

  readonly #sink: Sink
  readonly #fingerprint: string

  constructor(sink: Sink, { name, type, fingerprint }: { name: string; type: string; fingerprint: string }) {
    this.name = name
    this.type = type
    this.#sink = sink
    this.#fingerprint = fingerprint
  }

  /** Bytes that wait for `flush`. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Whether a line of this length belongs in another file. */
  isFull(lengthBytes: number, { fileBytes, indexBytes }: StagedFileLimits): boolean {
    return this.#lines > 0 && (this.#bytes + lengthBytes + 1 > fileBytes || this.index.bytes >= indexBytes)
  }

  /** Takes a line, without its LF. The bytes must not change. */
  add(line: Buffer, origin: LineOrigin): void {
    this.#held.push(line, NEWLINE)
    this.#heldBytes += line.length + 1
    this.#bytes += line.length + 1
    this.#lines += 1
    this.#last = origin
    this.index.add(origin, line.length + 1)
  }

  /** Hands the waiting bytes to the sink. */
  async flush(): Promise<void> {
    if (this.#heldBytes === 0) return
    const bytes = Buffer.concat(this.#held, this.#heldBytes)
    this.#held = []
    this.#heldBytes = 0
    const item = await this.#opened()
    await item.append([bytes])
  }

  /** Keeps all bytes; the file can then be committed, also by another process. */
  async seal(): Promise<StagedFile> {
    await this.flush()
    const item = await this.#opened()
    await item.complete()
    await item.flush()
    const { bytes, version, sha256 } = await item.sealed()
    const { item: lastItem, ordinal } = present(this.#last, 'the last line of a staged file')
    return {
      name: this.name,
      type: this.type,
      lines: this.#lines,
      bytes,
      version,
      sha256,
      last: { item: lastItem, ordinal },
    }
  }

  async commit(): Promise<void> {
    const item = await this.#opened()
    await item.commit({ sourceVersion: this.#fingerprint, lines: this.#lines, quarantined: 0 })
    await item.settle()
    await item.close()
  }

  async close(): Promise<void> {
    await this.#item?.close()
  }

  async #opened(): Promise<SinkItem> {
    if (this.#item !== undefined) return this.#item
    this.#item = this.#sink.item(this.name, this.#fingerprint)
    await this.#item.resume(0)
    return this.#item
  }
}

const NEWLINE = Buffer.from('\n')

/** Commits a file that an earlier run sealed. Returns false if its bytes are gone. */
export async function recommit(sink: Sink, file: StagedFile, fingerprint: string): Promise<boolean> {
  const item = sink.item(file.name, fingerprint)
  try {
    const found = await item.find(headOf(file))
    if (found === 'ready') {
      await item.commit({ sourceVersion: fingerprint, lines: file.lines, quarantined: 0 })
      await item.settle()
    }
    return found !== 'lost'
  } finally {
    await item.close()
  }
}

const headOf = ({ bytes, version, sha256 }: StagedFile): SinkHead => ({ bytes, version, sha256 })
