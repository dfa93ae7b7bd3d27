/**
 * Work that concurrent callers share: each call is served by a round that begins after it, and takes part in its
 * failure. `onIdle` is called when a round ends and nobody waits for another one.
 */
export function grouped<T>(
  serve: (calls: readonly T[]) => Promise<void>,
  onIdle: () => void = () => {},
): (call: T) => Promise<void> {
  let next: { readonly calls: T[]; readonly served: Promise<void> } | undefined
  let last: Promise<void> = Promise.resolve()
  return (call) => {
    if (next === undefined) {
      const calls: T[] = []
      const served = last.then(() => {
        next = undefined
        return serve(calls)
      })
      const ended = (): void => {
        if (next === undefined) onIdle()
      }
      last = served.then(ended, ended)
      next = { calls, served }
    }
    next.calls.push(call)
    return next.served
  }
}
