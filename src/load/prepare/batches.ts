export interface BatchOptions<T> {
  readonly bytesOf: (item: T) => number
  /** A batch is complete with this many bytes, or this many items. */
  readonly batchBytes: number
  readonly batchCount: number
  /** How many batches may be under way. */
  readonly batchesAtOnce: number
}

/**
 * Works on items in batches, several at once, and yields the results in the order of the items. Memory is bounded by
 * the batches under way. Throws what the source or the work throws, after the results before it; no work goes on after
 * the end.
 */
export async function* inBatches<T, R>(
  source: AsyncIterable<T>,
  work: (batch: readonly T[]) => Promise<readonly R[]>,
  { bytesOf, batchBytes, batchCount, batchesAtOnce }: BatchOptions<T>,
): AsyncGenerator<R> {
  const underWay: Promise<readonly R[]>[] = []
  let batch: T[] = []
  let bytes = 0
  const begin = (): void => {
    const working = work(batch)
    // Earlier batches may be slow; this one's failure waits for its turn.
    working.catch(() => {})
    underWay.push(working)
    batch = []
    bytes = 0
  }
  const first = async (): Promise<readonly R[]> => (await underWay[0]) ?? []
  try {
    for await (const item of source) {
      batch.push(item)
      bytes += bytesOf(item)
      if (bytes < batchBytes && batch.length < batchCount) continue
      begin()
      if (underWay.length < batchesAtOnce) continue
      yield* await first()
      underWay.shift()
    }
    if (batch.length > 0) begin()
    while (underWay.length > 0) {
      yield* await first()
      underWay.shift()
    }
  } finally {
    await Promise.allSettled(underWay)
  }
}
