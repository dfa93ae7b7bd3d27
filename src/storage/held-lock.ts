import type { State } from './store.js'

/** A sink or lake whose lock the caller holds; taking the lock again does nothing. */
export const withHeldLock = <S extends { readonly state: State }>(store: S): S => ({
  ...store,
  state: { ...store.state, lock: async () => async () => {} },
})

/** Takes the lock of an output for a run, reporting what it waits for; can be interrupted. */
export const lockState = (
  state: State,
  {
    signal,
    onEvent,
  }: {
    readonly signal?: AbortSignal | undefined
    readonly onEvent?: ((event: LockEvent) => void) | undefined
  },
): Promise<() => Promise<void>> =>
  state.lock({
    signal,
    onWait: ({ place, maxSeconds }) => onEvent?.({ event: 'lock.waiting', level: 'info', place, maxSeconds }),
  })

type LockEvent = {
  readonly event: 'lock.waiting'
  readonly level: 'info'
  readonly place: string
  readonly maxSeconds: number
}
