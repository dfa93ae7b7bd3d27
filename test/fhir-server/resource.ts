/** A parsed resource. What is kept always has an id and a meta. */
export interface Resource {
  readonly resourceType: string
  readonly id?: string
  readonly meta?: Readonly<Record<string, unknown>>
  readonly [element: string]: unknown
}

export interface BundleEntry {
  readonly fullUrl?: string
  readonly resource?: Resource
  readonly request?: EntryRequest
}

/** What is asked for: of one request, or of one entry of a Bundle. */
export interface EntryRequest {
  readonly method: string
  /** `Type`, `Type/id`, `Type/id/_history/1` or `Type?query`. */
  readonly url: string
  readonly ifNoneExist?: string | undefined
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}
