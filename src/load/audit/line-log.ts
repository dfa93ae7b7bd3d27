import { endedLines, textLines } from '../../ndjson/text-lines.js'
import { grouped } from '../../storage/grouped-work.js'
import type { Appender, State } from '../../storage/store.js'

// A segment is read as one text, and Azure's append blobs take 50,000 appends.
const MAX_SEGMENT_BYTES = 32 * 2 ** 20
const MAX_SEGMENT_APPENDS = 40_000

interface Append {
  readonly text: string
  readonly isDurable: boolean
}

export interface LineLogLimits {
  readonly maxSegmentBytes?: number
  readonly maxSegmentAppends?: number
}

/**
 * Lines that are only ever appended: `name.ndjson`, then `name-2.ndjson` and so on. What a kill left of a last line is
 * cut off when the log is opened.
 */
export class LineLog {
  #number: number
  #length: number
  #appendCount = 0
  #file: Appender | undefined
  #failure: { readonly reason: unknown } | undefined
  readonly #state: State
  readonly #name: string
  readonly #limits: Required<LineLogLimits>
  readonly #append = grouped<Append>((calls) => this.#write(calls))

  private constructor(
    state: State,
    { name, number, length }: { readonly name: string; readonly number: number; readonly length: number },
    limits: LineLogLimits,
  ) {
    this.#state = state
    this.#name = name
    this.#number = number
    this.#length = length
    this.#limits = { maxSegmentBytes: MAX_SEGMENT_BYTES, maxSegmentAppends: MAX_SEGMENT_APPENDS, ...limits }
  }

  /** Opens the log to append to it, under the lock of the state; gives each of its lines to `onLine`. */
  static async open(
    state: State,
    name: string,
    onLine?: ((line: string) => void) | undefined,
    limits: LineLogLimits = {},
  ): Promise<LineLog> {
    let number = 1
    while ((await state.bytesOf(segmentName(name, number + 1))) !== undefined) {
      if (onLine !== undefined) await readSegment(state, segmentName(name, number), onLine)
      number += 1
    }
    const length = await readSegment(state, segmentName(name, number), onLine)
    const place = length === undefined ? { number: number + 1, length: 0 } : { number, length }
    return new LineLog(state, { name, ...place }, limits)
  }

  /** Where the next line goes: the number of the segment, and the bytes before it there. */
  get end(): { readonly number: number; readonly bytes: number } {
    return { number: this.#number, bytes: this.#length }
  }

  /**
   * Appends lines, each with its LF. They survive the end of this process once this returns; if they are to be
   * durable, a power failure too. After a failure nothing more is appended. Throws SINK_*.
   */
  append(text: string, { isDurable }: { readonly isDurable: boolean }): Promise<void> {
    return this.#append({ text, isDurable })
  }

  /** Makes what was appended durable, unless a failure came before. */
  async flush(): Promise<void> {
    if (this.#failure === undefined) await this.#file?.flush()
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #write(calls: readonly Append[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.reason
    try {
      const text = calls.map((call) => call.text).join('')
      const file = await this.#opened()
      await file.append(text)
      if (calls.some(({ isDurable }) => isDurable)) await file.flush()
      else await file.keep()
      this.#length += Buffer.byteLength(text)
      this.#appendCount += 1
    } catch (reason) {
      // Nothing after a torn line could be read.
      this.#failure = { reason }
      throw reason
    }
  }

  async #opened(): Promise<Appender> {
    const { maxSegmentBytes, maxSegmentAppends } = this.#limits
    if (this.#length >= maxSegmentBytes || this.#appendCount >= maxSegmentAppends) {
      await this.#file?.flush()
      await this.close()
      this.#number += 1
      this.#length = 0
      this.#appendCount = 0
    }
    this.#file ??= await this.#state.appender(segmentName(this.#name, this.#number), this.#length)
    return this.#file
  }
}

export const segmentName = (name: string, number: number): string =>
  number === 1 ? `${name}.ndjson` : `${name}-${number}.ndjson`

/** Returns the length of its whole lines in bytes; undefined if it holds bytes that are not UTF-8. */
async function readSegment(
  state: State,
  name: string,
  onLine: ((line: string) => void) | undefined,
): Promise<number | undefined> {
  const bytes = (await state.bytesOf(name)) ?? 0
  const text = (bytes === 0 ? undefined : await state.read(name)) ?? ''
  if (onLine !== undefined)
    for (const line of textLines(text)) if (line.isEnded && line.text !== '') onLine(line.text)
  return Buffer.byteLength(text) === bytes ? Buffer.byteLength(endedLines(text)) : undefined
}
