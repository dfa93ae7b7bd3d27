/**
 * Works on items in order, `atOnce` at a time. After the first failure it starts no more, calls `onFailure`, waits for
 * those in progress and throws the first reason.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
  onFailure: (reason: unknown) => void = () => {},
): Promise<void> {
  const queue = items[Symbol.iterator]()
  let failure: { readonly reason: unknown } | undefined
  const lane = async (): Promise<void> => {
    while (failure === undefined) {
      const next = queue.next()
      if (next.done === true) return
      try {
        await work(next.value)
      } catch (reason) {
        if (failure === undefined) onFailure(reason)
        failure ??= { reason }
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  if (failure !== undefined) throw failure.reason
}
