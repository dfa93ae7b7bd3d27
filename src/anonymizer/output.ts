import { viewOf } from './copy-bytes.js'

/** A byte buffer that grows. `bytes[0, length)` is written; writers call `reserve` before they write past it. */
export class Output {
  bytes: Buffer
  /** A view over `bytes`. */
  view: DataView
  length = 0

  constructor(capacityBytes = 64 * 1024) {
    this.bytes = Buffer.alloc(capacityBytes)
    this.view = viewOf(this.bytes)
  }

  /** Makes room for `extraBytes` more bytes. `bytes` may be a different array afterwards. */
  reserve(extraBytes: number): void {
    const needed = this.length + extraBytes
    if (needed <= this.bytes.length) return
    const grown = Buffer.alloc(Math.max(needed, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.view = viewOf(grown)
  }
}
