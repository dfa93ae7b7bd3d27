import { isRecord } from '../../json/record.js'
import type { EntryOutcome } from '../bundle.js'
import type { Prepared } from '../prepared.js'
import { outcomeText } from './outcome-text.js'

/** `201`, `201 Created`, and the number that some servers send; undefined for anything else. */
export function statusOf(value: unknown): number | undefined {
  if (value === '200') return 200
  if (value === '201') return 201
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 100 && value < 600 ? value : undefined
  const digits = typeof value === 'string' ? /^\s*([1-5]\d\d)(?!\d)/.exec(value)?.[1] : undefined
  return digits === undefined ? undefined : Number(digits)
}

const PASSED = { from: 200, to: 299 }
const NOT_MODIFIED = 304
const THROTTLED = 429
const FAILED_DEPENDENCY = 424
const GONE: readonly number[] = [404, 410]
/** What the server will never do. */
const UNSUPPORTED: readonly number[] = [501, 505]

/** Whether a request or an entry with this status may succeed another time. */
export const isPassing = (status: number): boolean =>
  status === 408 || status === THROTTLED || (status >= 500 && !UNSUPPORTED.includes(status))

/** Whether a passing failure leaves it open if the server has acted. A throttled request was not begun. */
export const mayHaveActed = (status: number | undefined): boolean => status !== THROTTLED

/** What a status makes of an entry. */
export function outcomeOfStatus(
  { method, isRepeatable }: Pick<Prepared, 'method' | 'isRepeatable'>,
  status: number | undefined,
  {
    retryStatuses,
    text,
  }: { readonly retryStatuses: ReadonlySet<number>; readonly text?: string | undefined },
): EntryOutcome {
  const again: EntryOutcome = { kind: 'retry', status }
  const unsure: EntryOutcome = isRepeatable ? again : { kind: 'ambiguous', status }
  if (status === undefined) return unsure
  if ((status >= PASSED.from && status <= PASSED.to) || status === NOT_MODIFIED)
    return { kind: 'loaded', status }
  // What is to be deleted is not there: perhaps because of an earlier attempt.
  if (method === 'DELETE' && GONE.includes(status)) return { kind: 'loaded', status }
  if (status === FAILED_DEPENDENCY || retryStatuses.has(status)) return again
  if (isPassing(status)) return mayHaveActed(status) ? unsure : again
  return { kind: 'failed', status, text }
}

/** The server's answer to one entry: `Bundle.entry` of its answer. */
export interface EntryAnswer {
  readonly status: number | undefined
  readonly location: string | undefined
  readonly text: string | undefined
}

export function entryAnswer(entry: unknown): EntryAnswer {
  const { response, resource } = isRecord(entry) ? entry : {}
  const { status, location, outcome } = isRecord(response) ? response : {}
  return {
    status: statusOf(status),
    location: typeof location === 'string' ? location : undefined,
    text: outcomeText(outcome) ?? outcomeText(resource),
  }
}

/** Whether an answer is about another resource than the one that was sent: places no longer count then. */
export function isMisplaced(url: string, { status, location }: EntryAnswer): boolean {
  if (location === undefined || status === undefined || status > PASSED.to) return false
  // What most servers answer.
  if (location.startsWith(url) && location.startsWith('/_history/', url.length)) return false
  if (url.includes('?')) return false
  const path = location.split(/[?#]/, 1)[0]?.replace(/\/_history\/.*$/, '') ?? ''
  const named = /(?:^|\/)([A-Z][A-Za-z]*\/[A-Za-z0-9.-]{1,64})$/.exec(path)?.[1]
  return named !== undefined && named !== url
}
