/**
 * A line of `errors.ndjson`: what a person needs to mend an entry and send it again. Ids and the server's texts may name
 * patients, so that it stays in the state, readable by its owner only.
 */
export interface ErrorLine {
  readonly at: string
  readonly item: string
  readonly version: string
  readonly ordinal: number
  /** Where the entry, or its line, begins in the unpacked item, in bytes. */
  readonly offset: number
  readonly fate: 'failed' | 'rejected' | 'ambiguous'
  readonly type?: string | undefined
  readonly id?: string | undefined
  /** `PUT Patient/1`. */
  readonly request?: string | undefined
  /** What the server answered for this entry. */
  readonly status?: number | undefined
  readonly serverText?: string | undefined
  readonly requestId?: string | undefined
  /** Why it was not sent, or not sent again. */
  readonly code?: string | undefined
  readonly message?: string | undefined
}

export const errorText = (lines: readonly ErrorLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('')
