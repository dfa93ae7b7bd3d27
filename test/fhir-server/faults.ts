/** What goes wrong, where and how often. Plain data, so that it can be sent to a server in another process. */
export interface Fault {
  /** Which requests; all of them where nothing is said. */
  readonly on?: {
    readonly method?: string
    /** Regular expression on path and query, without the base: `^Observation\\?`, `^$` for a Bundle sent to the base. */
    readonly path?: string
    /** Regular expression on `METHOD url` of the entries: one of them has to match. */
    readonly entry?: string
  }
  /** Which of those requests, counted from 1; default `once`: the first. */
  readonly when?:
    | 'once'
    | 'always'
    | { readonly nth: number }
    | { readonly every: number }
    | { readonly first: number }
  readonly act: Act
}

export type Act =
  /** An answer instead of the server's own; with `acted` the request is done nevertheless. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly acted?: boolean
    }
  /** The same with an OperationOutcome of these diagnostics. */
  | {
      readonly kind: 'outcome'
      readonly status: number
      readonly diagnostics: string
      readonly headers?: Readonly<Record<string, string>>
      readonly acted?: boolean
    }
  /** An answer while the body of the request is still on its way, then the end of the connection. */
  | {
      readonly kind: 'early-answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly kind: 'hang'; readonly acted?: boolean }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The body comes in pieces of so many bytes. */
  | { readonly kind: 'slow'; readonly bytes: number; readonly everyMs: number }
  /** The connection is reset: `after` the request was done, in the middle of the body of the request or the answer. */
  | { readonly kind: 'reset'; readonly at: 'request-body' | 'before' | 'after' | 'answer-body' }
  /** A whole answer whose JSON ends in the middle. */
  | { readonly kind: 'cut-json' }
  /** Entries of a Bundle that get this answer and are not done. */
  | {
      readonly kind: 'entry'
      /** Place, from 0, or a regular expression on `METHOD url`; all entries where neither is said. */
      readonly at?: number
      readonly match?: string
      /** This one and all behind it. */
      readonly tail?: boolean
      readonly status: string
      readonly diagnostics?: string
      readonly acted?: boolean
    }
  /** The list of entries in the answer to a Bundle is not as it should be. */
  | {
      readonly kind: 'entries'
      readonly change:
        | 'one-less'
        | 'one-more'
        | 'none'
        | 'swapped'
        | 'no-response'
        | 'no-status'
        | 'no-location'
    }
  /** The link to the next page. */
  | {
      readonly kind: 'next'
      readonly to: 'same' | 'first' | 'foreign' | 'other-scheme' | 'relative' | 'garbage' | 'absent'
    }
  /** A page without entries that nevertheless has a next one. */
  | { readonly kind: 'empty-page' }

export interface Facts {
  readonly method: string
  readonly path: string
  readonly entries: readonly string[]
}

/** The faults to come, each with its own count of the requests that it concerns. */
export class FaultScript {
  #faults: { readonly fault: Fault; seen: number }[] = []

  add(fault: Fault): void {
    this.#faults.push({ fault, seen: 0 })
  }

  clear(): void {
    this.#faults = []
  }

  /** What happens to a request. Counts it, so it is asked once for each request and phase. */
  actsOn(facts: Facts, phase: 'head' | 'body'): readonly Act[] {
    const acts: Act[] = []
    for (const entry of this.#faults) {
      const { fault } = entry
      if (phaseOf(fault.act) !== phase || !concerns(fault, facts)) continue
      entry.seen += 1
      if (isDue(fault.when ?? 'once', entry.seen)) acts.push(fault.act)
    }
    return acts
  }
}

/** What happens before the body of the request is known: faults of this phase cannot ask for an entry. */
const phaseOf = (act: Act): 'head' | 'body' =>
  act.kind === 'early-answer' || (act.kind === 'reset' && act.at === 'request-body') ? 'head' : 'body'

function concerns({ on = {} }: Fault, { method, path, entries }: Facts): boolean {
  if (on.method !== undefined && on.method !== method) return false
  if (on.path !== undefined && !new RegExp(on.path).test(path)) return false
  const { entry } = on
  return entry === undefined || entries.some((line) => new RegExp(entry).test(line))
}

function isDue(when: NonNullable<Fault['when']>, seen: number): boolean {
  if (when === 'always') return true
  if (when === 'once') return seen === 1
  if ('nth' in when) return seen === when.nth
  if ('every' in when) return seen % when.every === 0
  return seen <= when.first
}

export type EntryFault = Extract<Act, { kind: 'entry' }>

/** For each entry the answer that it gets by a fault; undefined: its own. */
export function entryFaults(
  acts: readonly Act[],
  lines: readonly string[],
): readonly (EntryFault | undefined)[] {
  const found = new Array<EntryFault | undefined>(lines.length)
  for (const act of acts) {
    if (act.kind !== 'entry') continue
    const first = lines.findIndex((line, index) => isMeant(act, line, index))
    for (let index = Math.max(first, 0); first >= 0 && index < lines.length; index++)
      if (act.tail === true || isMeant(act, lines[index] as string, index)) found[index] ??= act
  }
  return found
}

const isMeant = ({ at, match }: EntryFault, line: string, index: number): boolean =>
  (at === undefined || index === at) && (match === undefined || new RegExp(match).test(line))
