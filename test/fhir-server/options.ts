/** How a server behaves all the time. What goes wrong now and then is a fault (faults.ts). */
export interface FhirServerOptions {
  readonly port?: number
  /** Path of the base address; default `/fhir`. */
  readonly path?: string
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Status of an entry in an answer: `201` (default) or `201 Created`. */
  readonly statusText?: 'number' | 'reason'
  /** Whether `location` names the server; default `relative`. */
  readonly locations?: 'relative' | 'absolute'
  /** Order of the links of a page; default `self-first`. */
  readonly links?: 'self-first' | 'next-first' | 'shuffled'
  /** Where the next page lies: at the type, or at the base with nothing but a token, as HAPI has it. */
  readonly nextAt?: 'type' | 'base'
  /** Whether pages say how many resources match; default true. */
  readonly totals?: boolean
  /** An OperationOutcome for each entry that succeeded, too. */
  readonly successOutcomes?: boolean
  /** One entry whose resource is not FHIR makes the server refuse the whole batch (400), and it does not say which. */
  readonly refusesWholeBatch?: boolean
  readonly unknownParameters?: 'lenient' | 'strict'
  /** Refuse what refers to a resource that is not there (400), and to delete what others refer to (409). */
  readonly checksReferences?: boolean
  /** Refuse a `meta.lastUpdated` more than 10 seconds in the future (400). */
  readonly refusesFuture?: boolean
  /** Entries of a Bundle; default 500. More are answered with `tooManyStatus`, default 413. */
  readonly maxEntries?: number
  readonly tooManyStatus?: 400 | 413
  /** Bytes of a request's body; default 64 MiB. More: 413. */
  readonly maxBytes?: number
  /** Bytes of path and query; default 8,192. More: 414. */
  readonly maxUrlBytes?: number
  /** Resources on a page without `_count` (default 10), and at most (default 1,000). */
  readonly pageSize?: number
  readonly maxPageSize?: number
  /** Requests, or entries of batches, that are taken in a second. What comes faster is answered with 429. */
  readonly rate?: Rate
  /** Requests at the same time; what is more is answered with 429. */
  readonly maxConcurrent?: number
  /** Time that a request takes, and each entry of a Bundle besides. */
  readonly latencyMs?: number
  readonly entryLatencyMs?: number
  /** Tokens from `tokenUrl` that live so long are required. */
  readonly tokenSeconds?: number
  /** The `Authorization` header that is required, for basic or a fixed bearer. */
  readonly authorization?: string
  /** `count` keeps nothing and answers each PUT with 201 at once: for benches. Default `all`. */
  readonly keeps?: 'all' | 'count'
  /** Whether the log of requests holds their entries (default) and their bodies (default not). */
  readonly logsEntries?: boolean
  readonly logsBodies?: boolean
}

export interface Rate {
  readonly perSecond: number
  /** How many may come at once; default a tenth of a second's. */
  readonly burst?: number
  readonly unit?: 'requests' | 'entries'
  /** Sent with each 429; default: none. */
  readonly retryAfterMs?: number
}
