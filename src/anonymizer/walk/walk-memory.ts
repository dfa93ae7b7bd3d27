import type { LatinBuffer } from '../../json/scanner.js'
import {
  instantiateWalk,
  PAGE_BYTES,
  type WalkExports,
  type WalkHost,
  type WalkMemory,
} from './walk-module.js'

/**
 * The memory of one instance of the module. From the bottom: the module's own data, records (tables and all that belongs
 * to them), the cache of digests, the source window and the output window, which the module itself extends.
 *
 * The memory of records is reserved in full; the system only provides the pages that are used.
 */
export class WalkMap {
  readonly exports: WalkExports
  readonly #memory: WalkMemory
  #bytes: LatinBuffer
  #view: DataView
  #next: number
  #isFull = false
  #recordsEnd: number
  readonly #cacheAt: number
  readonly #sourceAt: number

  constructor(
    host: WalkHost,
    { recordBytes, cacheBytes }: { readonly recordBytes: number; readonly cacheBytes: number },
  ) {
    const pages = Math.ceil((MODULE_BYTES + recordBytes + cacheBytes + FIRST_WINDOWS_BYTES) / PAGE_BYTES)
    const { memory, exports } = instantiateWalk(pages, host)
    this.exports = exports
    this.#memory = memory
    this.#bytes = Buffer.from(memory.buffer) as LatinBuffer
    this.#view = new DataView(memory.buffer)
    this.#next = aligned(exports.heapBase.value)
    this.#recordsEnd = this.#next + recordBytes
    this.#cacheAt = aligned(this.#recordsEnd)
    this.#sourceAt = aligned(this.#cacheAt + cacheBytes)
  }

  /** Whether there was no room for some record. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Address of the cache of digests. */
  get cacheAt(): number {
    return this.#cacheAt
  }

  get size(): number {
    return this.#memory.buffer.byteLength
  }

  /** All bytes; the same object until the memory grows. */
  get bytes(): LatinBuffer {
    this.#refresh()
    return this.#bytes
  }

  get view(): DataView {
    this.#refresh()
    return this.#view
  }

  /** Leaves room for records of so many bytes and no more. */
  limitRecords(byteCount: number): void {
    this.#recordsEnd = Math.min(this.#recordsEnd, this.#next + byteCount)
  }

  /** Returns the address of new records, zeroed and aligned to 16; 0 if there is no room for them. */
  allocate(byteCount: number): number {
    const at = this.#next
    const next = aligned(at + byteCount)
    if (next > this.#recordsEnd) {
      this.#isFull = true
      return 0
    }
    this.#next = next
    return at
  }

  /**
   * Copies `source[start, end)` into the source window. Returns where it lies, and where the output begins. After the
   * source lies `endByte`, and zeros that end every token.
   */
  load(
    source: Uint8Array,
    { start, end, endByte }: { readonly start: number; readonly end: number; readonly endByte: number },
  ): { readonly from: number; readonly to: number; readonly out: number } {
    // V8 copies shared memory byte by byte unless both places are equally aligned.
    const from = this.#sourceAt + ((source.byteOffset + start) & 7)
    const to = from + end - start
    const out = aligned(to + SENTINEL_BYTES)
    const missing = out + (to - from) + SLACK_BYTES - this.size
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES))
    const { bytes } = this
    bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), from)
    bytes.fill(0, to, out)
    bytes[to] = endByte
    return { from, to, out }
  }

  #refresh(): void {
    const { buffer } = this.#memory
    if (buffer === this.#bytes.buffer) return
    this.#bytes = Buffer.from(buffer) as LatinBuffer
    this.#view = new DataView(buffer)
  }
}

const aligned = (at: number): number => Math.ceil(at / 64) * 64

/** Room for the module's own data. */
const MODULE_BYTES = 2 * PAGE_BYTES
/** Room for windows of small chunks from the start. */
const FIRST_WINDOWS_BYTES = 2 ** 20
/** How far reads may run past the source. */
const SENTINEL_BYTES = 256
/** Room in the output beyond the source's length; at least twice `SLACK` of `assembly/line.ts`. */
const SLACK_BYTES = 2 ** 16
