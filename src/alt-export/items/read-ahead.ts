/**
 * Reads several sequences at the same time and hands their elements out in order, sequence by sequence. Each of the
 * `atOnce` sequences is one element ahead.
 */
export async function* inOrder<T>(
  sequences: Iterable<() => AsyncGenerator<T>>,
  atOnce: number,
): AsyncGenerator<T> {
  const queue = sequences[Symbol.iterator]()
  const started: Ahead<T>[] = []
  const fill = (): void => {
    while (started.length < atOnce) {
      const next = queue.next()
      if (next.done === true) return
      started.push(ahead(next.value()))
    }
  }
  try {
    for (fill(); started[0] !== undefined; fill()) {
      const { done, value } = await started[0].next()
      if (done === true) started.shift()
      else yield value
    }
  } finally {
    for (const each of started) each.close()
  }
}

interface Ahead<T> {
  next(): Promise<IteratorResult<T>>
  close(): void
}

function ahead<T>(sequence: AsyncGenerator<T>): Ahead<T> {
  const ask = (): Promise<IteratorResult<T>> => {
    const asked = sequence.next()
    // Its failure is reported when its turn comes.
    asked.catch(() => {})
    return asked
  }
  let asked = ask()
  return {
    async next() {
      const result = await asked
      if (result.done !== true) asked = ask()
      return result
    },
    close: () => void sequence.return(undefined).catch(() => {}),
  }
}
