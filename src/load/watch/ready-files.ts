import type { RetryClock } from '../../http/retry-clock.js'
import type { Arrival, Inbox } from '../../storage/inbox.js'

interface Seen {
  readonly version: string
  readonly sinceMs: number
}

/** Finds the files of an inbox that are written to their end, in the order of their arrival. */
export class ReadyFiles {
  readonly #inbox: Inbox
  readonly #nowMs: RetryClock['nowMs']
  readonly #settleMs: number
  #seen = new Map<string, Seen>()
  /** Versions that were dealt with and stay where they are. */
  #finished = new Map<string, string>()

  constructor(inbox: Inbox, { nowMs }: Pick<RetryClock, 'nowMs'>, settleMs: number) {
    this.#inbox = inbox
    this.#nowMs = nowMs
    this.#settleMs = settleMs
  }

  /**
   * Returns the files that have not changed for the settling time, and how many others wait for that. Time is
   * measured here, not by the store's clock.
   */
  async look(): Promise<{ readonly ready: readonly Arrival[]; readonly unsettled: number }> {
    const nowMs = this.#nowMs()
    const seen = new Map<string, Seen>()
    const finished = new Map<string, string>()
    const ready: Arrival[] = []
    let unsettled = 0
    for await (const arrival of this.#inbox.list()) {
      const { name, version } = arrival
      if (this.#finished.get(name) === version) {
        finished.set(name, version)
        continue
      }
      const before = this.#seen.get(name)
      const { sinceMs } = before?.version === version ? before : { sinceMs: nowMs }
      seen.set(name, { version, sinceMs })
      if (before !== undefined && nowMs - sinceMs >= this.#settleMs) ready.push(arrival)
      else unsettled += 1
    }
    // What is gone need not be remembered.
    this.#seen = seen
    this.#finished = finished
    return { ready: ready.sort(byArrival), unsettled }
  }

  finish({ name, version }: Arrival): void {
    this.#finished.set(name, version)
    this.#seen.delete(name)
  }
}

const byArrival = (a: Arrival, b: Arrival): number => a.arrivedMs - b.arrivedMs || (a.name < b.name ? -1 : 1)
