import type { LatinBuffer } from '../../json/scanner.js'
import { copyBytes, viewOf } from '../copy-bytes.js'
import type { Output } from '../output.js'

/**
 * Copies a line into an output: kept bytes in runs as long as possible, with changed values written in between.
 *
 * The walk is one object of four classes, each of which extends the one before it: this one, `DateShifts`,
 * `ValueSteps` and, over objects and arrays, `Transducer`. They are one object because the walk reads its fields at
 * every byte.
 *
 * INVARIANT pending: `source[pending, p)` is read and kept but not yet written; `length` bytes of the output are
 * written.
 * INVARIANT overrun: reads may run past `end`, into bytes outside the line; the final position reveals it.
 * A position of 0 means a bail: no value begins at 0.
 */
export class LineCopy {
  protected source: LatinBuffer = Buffer.alloc(0) as unknown as LatinBuffer
  protected sourceView = viewOf(this.source)
  protected lineStart = 0
  protected end = 0
  protected out: Output | undefined
  protected target: LatinBuffer = Buffer.alloc(0) as LatinBuffer
  protected targetView = viewOf(this.target)
  protected length = 0
  protected pending = 0

  /** Starts a line; `source` may be the same as before. */
  protected begin(source: Buffer, start: number, end: number, out: Output): void {
    if (source !== this.source) {
      this.source = source as LatinBuffer
      this.sourceView = viewOf(source)
    }
    this.lineStart = start
    this.end = end
    this.out = out
    out.reserve((end - start) * 2 + SLACK_BYTES)
    this.length = out.length
    this.pending = start
    this.readOutput(out)
  }

  /** Call when `out` may have replaced its bytes. */
  protected readOutput(out: Output): void {
    this.target = out.bytes as LatinBuffer
    this.targetView = out.view
  }

  /** Makes room for `bytes` more, and for some slack. */
  protected reserve(bytes: number): void {
    if (this.length + bytes <= this.target.length) return
    const out = this.out as Output
    out.length = this.length
    out.reserve(bytes + SLACK_BYTES)
    this.readOutput(out)
  }

  /** Writes the pending bytes before `to`. */
  protected flush(to: number): void {
    const { pending } = this
    const count = to - pending
    if (count > 0) {
      this.reserve(count)
      copyBytes(this.sourceView, pending, to, this.targetView, this.length)
      this.length += count
    }
    this.pending = to
  }

  protected writeText(text: string): void {
    this.reserve(text.length * 3)
    this.length += Buffer.from(this.target.buffer, this.target.byteOffset, this.target.length).write(
      text,
      this.length,
    )
  }

  protected writeBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.target.set(bytes, this.length)
    this.length += bytes.length
  }
}

const SLACK_BYTES = 4096
