import { present } from '../invariant.js'
import { type LinesResult, REJECTION_FIELDS, type Reason, type Rejections } from './protocol.js'

export const TOO_LONG: Reason = { code: 'LINE_TOO_LONG', message: 'is longer than maxLineBytes' }

/** Collects rejected lines in 20 bytes each: a chunk may hold a million of them. */
export class RejectionList {
  #rows = new Uint32Array(16 * REJECTION_FIELDS)
  #length = 0
  readonly #reasons: Reason[] = []
  readonly #indexOf = new Map<string, number>()

  get count(): number {
    return this.#length / REJECTION_FIELDS
  }

  add(place: readonly [offset: number, length: number, line: number], reason: Reason, elementOffset: number) {
    if (this.#length === this.#rows.length) {
      const grown = new Uint32Array(this.#rows.length * 2)
      grown.set(this.#rows)
      this.#rows = grown
    }
    const row = this.#length
    this.#rows.set(place, row)
    this.#rows[row + 3] = this.#reasonIndex(reason)
    this.#rows[row + 4] = elementOffset
    this.#length += REJECTION_FIELDS
  }

  result(): Rejections {
    return { rows: this.#rows.slice(0, this.#length), reasons: this.#reasons }
  }

  #reasonIndex({ code, message }: Reason): number {
    const name = `${code} ${message}`
    const known = this.#indexOf.get(name)
    if (known !== undefined) return known
    this.#indexOf.set(name, this.#reasons.length)
    return this.#reasons.push({ code, message }) - 1
  }
}

export interface Rejection extends Reason {
  /** From the start of the task's lines, in bytes. */
  readonly offset: number
  readonly length: number
  /** From 0 in the task. */
  readonly line: number
  /** From the start of the line, in bytes. */
  readonly elementOffset: number
}

/** The rejected lines of an answer, in the order of the input. */
export function* rejectionsOf({ rows, reasons }: Rejections): Iterable<Rejection> {
  for (let row = 0; row < rows.length; row += REJECTION_FIELDS)
    yield {
      ...present(reasons[rows[row + 3] ?? 0], 'the reason of a rejected line'),
      offset: rows[row] ?? 0,
      length: rows[row + 1] ?? 0,
      line: rows[row + 2] ?? 0,
      elementOffset: rows[row + 4] ?? 0,
    }
}

const MOST = 2 ** 32 - 1

/** Makes the answer for a single line that is rejected without a worker's judgment. */
export const rejectedLine = (
  { code, message }: Reason,
  { lengthBytes, elementOffset = 0 }: { readonly lengthBytes: number; readonly elementOffset?: number },
): LinesResult => ({
  kind: 'lines',
  outputBytes: 0,
  lines: 1,
  delivered: 0,
  blank: 0,
  interpretedLines: 0,
  resourcesByType: {},
  elementsByRule: {},
  rejected: {
    rows: Uint32Array.of(0, Math.min(lengthBytes, MOST), 0, 0, Math.min(elementOffset, MOST)),
    reasons: [{ code, message }],
  },
  busyMs: 0,
})
