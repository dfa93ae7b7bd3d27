import type { Limits } from '../limits.js'

/** A shared buffer that holds a chunk's input and then its output. */
export interface Slab {
  readonly bytes: Buffer
  readonly shared: SharedArrayBuffer
  /** See INVARIANT claim in `workers/protocol.ts`. */
  readonly claim: SharedArrayBuffer
  readonly long: boolean
}

/**
 * The byte budget: a fixed number of slabs, allocated when first needed, and one long slab for a line that fits no
 * other.
 */
export class Slabs {
  readonly #free: Slab[] = []
  readonly #waiting: Waiter[] = []
  readonly #waitingLong: Waiter[] = []
  #made = 0
  #longTaken = false
  #stopped: unknown

  readonly #limits: Limits
  readonly #onInFlight: (bytes: number) => void

  constructor(limits: Limits, onInFlight: (bytes: number) => void = () => {}) {
    this.#limits = limits
    this.#onInFlight = onInFlight
  }

  get inFlightBytes(): number {
    return (
      (this.#made - this.#free.length) * this.#limits.slabBytes +
      (this.#longTaken ? this.#limits.maxLineBytes : 0)
    )
  }

  /** Waits for a free slab. Rejects with the reason given to `stop`. */
  async take(): Promise<Slab> {
    if (this.#stopped !== undefined) throw this.#stopped
    const slab = this.#free.pop() ?? (this.#made < this.#limits.slabCount ? this.#make() : undefined)
    const taken =
      slab ?? (await new Promise<Slab>((resolve, reject) => this.#waiting.push({ resolve, reject })))
    this.#onInFlight(this.inFlightBytes)
    return taken
  }

  /** Waits until no other long line is in memory. `bytes` covers the line and its newline. */
  async takeLong(bytes: number): Promise<Slab> {
    if (this.#stopped !== undefined) throw this.#stopped
    if (this.#longTaken)
      await new Promise<void>((resolve, reject) =>
        this.#waitingLong.push({ resolve: () => resolve(), reject }),
      )
    this.#longTaken = true
    this.#onInFlight(this.inFlightBytes)
    // The system allocates its pages only when they are written.
    return newSlab(bytes, true)
  }

  give(slab: Slab): void {
    if (slab.long) {
      const next = this.#waitingLong.shift()
      if (next === undefined) this.#longTaken = false
      else next.resolve(slab)
    } else {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(slab)
      else next.resolve(slab)
    }
    this.#onInFlight(this.inFlightBytes)
  }

  /** Rejects all present and later waiters with `reason`. */
  stop(reason: unknown): void {
    this.#stopped ??= reason
    for (const { reject } of [...this.#waiting.splice(0), ...this.#waitingLong.splice(0)]) reject(reason)
  }

  #make(): Slab {
    this.#made += 1
    return newSlab(this.#limits.slabBytes, false)
  }
}

interface Waiter {
  readonly resolve: (slab: Slab) => void
  readonly reject: (reason: unknown) => void
}

function newSlab(byteLength: number, long: boolean): Slab {
  const shared = new SharedArrayBuffer(byteLength)
  return { shared, bytes: Buffer.from(shared), claim: new SharedArrayBuffer(4), long }
}
