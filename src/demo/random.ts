const HEX4 = Array.from({ length: 65536 }, (_, value) => value.toString(16).padStart(4, '0'))

/** A seeded generator of 32-bit numbers (splitmix32): small, fast, the same on every machine. */
export class Random {
  #state = 0

  /** Starts the sequence that belongs to these three numbers. */
  restart(seed: number, stream: number, index: number): this {
    this.#state = mix(mix(mix(seed) ^ stream) ^ index)
    return this
  }

  /** 0 … 2³²−1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return mix(this.#state)
  }

  /** 0 … below−1. */
  below(below: number): number {
    return Math.floor((this.next() / 4294967296) * below)
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability * 4294967296
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** A number with `decimals` digits after the point, as JSON text. */
  decimal(low: number, high: number, decimals: number): string {
    return (low + (this.next() / 4294967296) * (high - low)).toFixed(decimals)
  }

  digits(count: number): string {
    let text = ''
    while (text.length < count) text += String(this.next() % 1_000_000).padStart(6, '0')
    return text.slice(0, count)
  }
}

/** The UUID that belongs to (seed, stream, index), in the form of version 4. */
export function uuidOf(seed: number, stream: number, index: number): string {
  const state = mix(mix(mix(seed) ^ stream) ^ index)
  const a = mix(state + 0x9e3779b9)
  const b = mix(state + 0x3c6ef372)
  const c = mix(state + 0xdaa66d2b)
  const d = mix(state + 0x78dde6e4)
  const version = 0x4000 | (b & 0x0fff)
  const variant = 0x8000 | (c & 0x3fff)
  return `${HEX4[a >>> 16]}${HEX4[a & 0xffff]}-${HEX4[b >>> 16]}-${HEX4[version]}-${HEX4[variant]}-${HEX4[c >>> 16]}${HEX4[d >>> 16]}${HEX4[d & 0xffff]}`
}

function mix(value: number): number {
  let z = value | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}
