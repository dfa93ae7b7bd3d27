/** Memory for the bodies of requests, used again and again: making and freeing it costs more than filling it. */
export interface BodyBuffers {
  /** At least so large; its contents are what they were. */
  take(bytes: number): Buffer
  /** Takes back what `take` gave, or a part of it, once nobody reads or writes it any more. */
  give(part: Buffer): void
}

const STEP_BYTES = 2 ** 20
const MAX_KEPT_BYTES = 64 * 2 ** 20

export function createBodyBuffers(): BodyBuffers {
  const kept: Buffer[] = []
  let keptBytes = 0
  return {
    take(bytes) {
      const place = kept.findIndex((buffer) => buffer.length >= bytes)
      const [found] = place < 0 ? [] : kept.splice(place, 1)
      keptBytes -= found?.length ?? 0
      return found ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES)
    },
    give(part) {
      const buffer = Buffer.from(part.buffer)
      if (keptBytes + buffer.length > MAX_KEPT_BYTES) return
      keptBytes += buffer.length
      kept.push(buffer)
    },
  }
}
