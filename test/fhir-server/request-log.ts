import type { IncomingHttpHeaders } from 'node:http'

/** A request as the server saw it. */
export interface SeenRequest {
  /** From 1, in the order in which they arrived. */
  readonly number: number
  readonly method: string
  /** Path and query, without the base. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Milliseconds since 1970. */
  readonly atMs: number
  /** `METHOD url` of the entries of a Bundle. */
  entries: readonly string[]
  entryCount: number
  bytes: number
  /** The form of a `POST _search`, or every body where the options say so. */
  body?: string
  /** Kinds of the faults that acted on it. */
  faults: readonly string[]
  /** Of the answer; undefined while there is none, or where a fault kept it back. */
  status?: number
  tookMs?: number
}

/** What can be said of a server's life so far in a few numbers. */
export interface Figures {
  readonly requests: number
  /** Most requests under way at the same time. */
  readonly maxConcurrent: number
  readonly entries: number
  readonly bytes: number
  /** Number of answers by status; `none` where the connection was broken. */
  readonly statuses: Readonly<Record<string, number>>
}

export class RequestLog {
  #requests: SeenRequest[] = []
  #running = 0
  #maxConcurrent = 0

  get requests(): readonly SeenRequest[] {
    return this.#requests
  }

  get running(): number {
    return this.#running
  }

  begin(facts: Pick<SeenRequest, 'method' | 'path' | 'headers'>): SeenRequest {
    const number = this.#requests.length + 1
    const seen: SeenRequest = {
      number,
      ...facts,
      atMs: Date.now(),
      entries: [],
      entryCount: 0,
      bytes: 0,
      faults: [],
    }
    this.#requests.push(seen)
    this.#running += 1
    this.#maxConcurrent = Math.max(this.#maxConcurrent, this.#running)
    return seen
  }

  end(seen: SeenRequest): void {
    seen.tookMs = Date.now() - seen.atMs
    this.#running -= 1
  }

  clear(): void {
    this.#requests = []
    this.#maxConcurrent = this.#running
  }

  figures(): Figures {
    const statuses: Record<string, number> = {}
    for (const { status = 'none' } of this.#requests) statuses[status] = (statuses[status] ?? 0) + 1
    const sum = (of: (seen: SeenRequest) => number): number =>
      this.#requests.reduce((total, seen) => total + of(seen), 0)
    return {
      requests: this.#requests.length,
      maxConcurrent: this.#maxConcurrent,
      entries: sum(({ entryCount }) => entryCount),
      bytes: sum(({ bytes }) => bytes),
      statuses,
    }
  }
}
