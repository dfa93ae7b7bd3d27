export interface BatchOptions<T> {
  readonly bytesOf: (item: T) => number
  /** A batch is complete with this many bytes, or this many items. */
  readonly batchBytes: number
  readonly batchCount: number
  /** How many batches may be under way; fewer where items are longer than a batch is meant to be. */
  readonly batchesAtOnce: number
}

interface Batch<R> {
  readonly results: Promise<readonly R[]>
  readonly bytes: number
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
  const underWay: Batch<R>[] = []
  let batch: T[] = []
  let bytes = 0
  const begin = (): void => {
    const results = work(batch)
    // Earlier batches may be slow; this one's failure waits for its turn.
    results.catch(() => {})
    underWay.push({ results, bytes })
    batch = []
    bytes = 0
  }
  const isFull = (): boolean =>
    underWay.length >= batchesAtOnce ||
    underWay.reduce((sum, each) => sum + each.bytes, 0) >= batchBytes * batchesAtOnce
  try {
    for await (const item of source) {
      batch.push(item)
      bytes += bytesOf(item)
      if (bytes < batchBytes && batch.length < batchCount) continue
      begin()
      for (let [first] = underWay; first !== undefined && isFull(); [first] = underWay) {
        yield* await first.results
        underWay.shift()
      }
    }
    if (batch.length > 0) begin()
    for (let [first] = underWay; first !== undefined; [first] = underWay) {
      yield* await first.results
      underWay.shift()
    }
  } finally {
    await Promise.allSettled(underWay.map(({ results }) => results))
  }
}
