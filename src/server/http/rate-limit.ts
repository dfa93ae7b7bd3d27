import { Refusal } from '../refusal.js'

const MAX_KEYS = 100_000

/** A token bucket for each key: `burst` at once, `perMinute` in the long run. */
export class RateLimit {
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  readonly #options: { readonly perMinute: number; readonly burst: number }

  constructor(options: { readonly perMinute: number; readonly burst: number }) {
    this.#options = options
  }

  /** Throws Refusal 429 with Retry-After where the key asks too often. */
  take(key: string, nowMs: number = performance.now()): void {
    const { perMinute, burst } = this.#options
    const last = this.#buckets.get(key)
    const earned = last === undefined ? burst : ((nowMs - last.atMs) / 60_000) * perMinute
    const tokens = Math.min(burst, (last?.tokens ?? 0) + earned)
    if (tokens < 1)
      throw new Refusal('Too many requests; ask less often.', {
        status: 429,
        code: 'throttled',
        retryAfterSeconds: Math.max(1, Math.ceil(((1 - tokens) / perMinute) * 60)),
      })
    // Keys move to the end when used, so the first is the least recently used.
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: tokens - 1, atMs: nowMs })
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_KEYS) break
      this.#buckets.delete(oldest)
    }
  }
}
