import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'
import type { OrdinalRange } from './ordinals.js'

/**
 * How an entry ends. `failed`: the server refused it. `rejected`: it was never sent. `ambiguous`: it was sent, may have
 * been stored, and must not be sent again.
 */
export type Fate = 'loaded' | 'failed' | 'rejected' | 'ambiguous'

/** Fates that are listed one by one; every other settled entry is loaded. */
export const UNLOADED = ['failed', 'rejected', 'ambiguous'] as const
export type Unloaded = (typeof UNLOADED)[number]

/** Entries of one item that a line speaks of, by ordinal. */
export interface SourceLine extends Readonly<Partial<Record<Unloaded, readonly OrdinalRange[]>>> {
  readonly item: string
  readonly version: string
  /** Where the first of them begins in the unpacked item, in bytes. */
  readonly offset: number
  /** Entries that the line settles. */
  readonly entries: readonly OrdinalRange[]
  /** Entries that were answered, but are to be sent again. */
  readonly retry?: readonly OrdinalRange[]
  /** Number of entries in the item, once it is known. */
  readonly of?: number
}

/** A line of `audit.ndjson`. It holds no content, no id and no text of the server. */
export type AuditLine =
  | { readonly at: string; readonly run: Readonly<Record<string, unknown>> }
  /** Written before entries are sent that must not be sent twice. */
  | { readonly at: string; readonly sending: readonly SourceLine[] }
  | SettledLine

export interface SettledLine extends AnswerFacts {
  readonly at: string
  readonly sources: readonly SourceLine[]
  readonly loaded: number
  /** The server refused them, or they were not sent. */
  readonly failed: number
  /** Of the failed ones, those that were not sent. */
  readonly rejected?: number
  readonly ambiguous: number
  readonly retried?: number
  /** Counts by the status that the server gave, or by the code of what was not sent. */
  readonly byStatus?: Readonly<Record<string, number>>
}

/** What is known of the request that the entries went with. */
export interface AnswerFacts {
  readonly bundle?: number | undefined
  readonly ms?: number | undefined
  readonly httpStatus?: number | undefined
  readonly requestId?: string | undefined
}

/** Reads a line of an earlier run; undefined if it is damaged. */
export function readAuditLine(text: string): AuditLine | undefined {
  const line = parseJson(text)
  if (!isRecord(line)) return undefined
  if (isRecord(line.run)) return line as unknown as AuditLine
  const sources = line.sources ?? line.sending
  return Array.isArray(sources) && sources.every(isSourceLine) ? (line as unknown as AuditLine) : undefined
}

function isSourceLine(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { item, version, entries, offset, of = 0 } = value
  return (
    typeof item === 'string' &&
    typeof version === 'string' &&
    isRanges(entries) &&
    [...UNLOADED, 'retry'].every((name) => value[name] === undefined || isRanges(value[name])) &&
    isCount(offset) &&
    isCount(of)
  )
}

const isRanges = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((range) => {
    if (!Array.isArray(range) || range.length !== 2) return false
    const [first, last]: readonly unknown[] = range
    return isCount(first) && isCount(last) && first <= last
  })

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

export const countOf = (ranges: readonly OrdinalRange[] = []): number =>
  ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
