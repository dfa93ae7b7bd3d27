import type { State } from './store.js'

/** A sink or lake for what runs under its lock: taking it again does nothing. */
export const withHeldLock = <S extends { readonly state: State }>(store: S): S => ({
  ...store,
  state: { ...store.state, lock: async () => async () => {} },
})

/** Takes the lock of an output for a run, which can be interrupted meanwhile and says what it waits for. */
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
    onWait: ({ place, mostSeconds }) =>
      onEvent?.({ event: 'lock.waiting', level: 'info', place, mostSeconds }),
  })

type LockEvent = {
  readonly event: 'lock.waiting'
  readonly level: 'info'
  readonly place: string
  readonly mostSeconds: number
}
