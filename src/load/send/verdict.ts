import { isWebPage } from '../../fhir-client/failures.js'
import { parseObject } from '../../http/body.js'
import { FAILED, RequestFailure } from '../../http/request-failure.js'
import type { EntryOutcome, LoadBundle } from '../bundle.js'
import {
  type EntryAnswer,
  entryAnswer,
  isMisplaced,
  isPassing,
  mayHaveActed,
  outcomeOfStatus,
} from './entry-outcome.js'
import { outcomeText, plainText } from './outcome-text.js'

/** The server's answer to a bundle, read to its end. */
export interface BundleAnswer {
  readonly status: number
  readonly text: string
  readonly retryAfterMs?: number | undefined
}

/** What an answer means for the bundle. */
export type Verdict =
  /** Each entry has its own outcome. */
  | { readonly kind: 'judged'; readonly outcomes: readonly EntryOutcome[] }
  /** The server takes nothing of it as it is. */
  | { readonly kind: 'refused'; readonly status: number; readonly text: string | undefined }
  /** It may succeed another time. */
  | {
      readonly kind: 'failed'
      readonly failure: RequestFailure
      readonly hasActed: boolean
      readonly reason?: string
    }
  /** The server takes no bundle at all from this client, or at this address. */
  | { readonly kind: 'access' | 'address'; readonly status: number }
  /** It answers something that cannot be right. */
  | { readonly kind: 'invalid'; readonly reason: string }

const isSuccess = (status: number): boolean => status >= 200 && status < 300
const ACCESS: readonly number[] = [401, 403]
// The last ones are about the form of every bundle, not about what this one holds.
const ADDRESS: readonly number[] = [404, 405, 410, 406, 415, 501, 505]

// HAPI says so of a transaction that refers to something that is not there.
const ABSENT: readonly number[] = [404, 410]
const isOutcome = (text: string): boolean => parseObject(text)?.resourceType === 'OperationOutcome'

/** Judges an answer to a bundle, by its status and by what it says about each entry. */
export function judge(bundle: LoadBundle, answer: BundleAnswer, retryStatuses: ReadonlySet<number>): Verdict {
  const { status, text } = answer
  if (isSuccess(status)) return judgeEntries(bundle, answer, retryStatuses)
  if (ACCESS.includes(status)) return { kind: 'access', status }
  if (isPassing(status)) {
    const failure = new RequestFailure({
      status,
      code: 'HTTP',
      retryAfterMs: answer.retryAfterMs,
      isRetryable: true,
    })
    return { kind: 'failed', failure, hasActed: mayHaveActed(status) }
  }
  const isAboutContents = bundle.type === 'transaction' && ABSENT.includes(status) && isOutcome(text)
  if (!isAboutContents && (ADDRESS.includes(status) || status < 400)) return { kind: 'address', status }
  return { kind: 'refused', status, text: refusalText(text) }
}

const refusalText = (text: string): string | undefined => {
  const body = parseObject(text)
  return body === undefined ? plainText(text) : (outcomeText(body) ?? plainText(text))
}

function judgeEntries(
  { type, entries }: LoadBundle,
  { status, text }: BundleAnswer,
  retryStatuses: ReadonlySet<number>,
): Verdict {
  const body = parseObject(text)
  if (body?.resourceType !== 'Bundle') return otherData(status, text, 'it holds no Bundle')
  const answers = Array.isArray(body.entry) ? body.entry.map(entryAnswer) : []
  const given = isCutByThrottling(answers, entries.length) ? filled(answers, entries.length) : answers
  if (given.length !== entries.length)
    return otherData(status, text, `it has ${answers.length} entries where ${entries.length} were sent`)
  const isWrong = entries.some(
    ({ prepared: { method, url } }, place) =>
      method === 'PUT' && isMisplaced(url, given[place] as EntryAnswer),
  )
  if (isWrong)
    return { kind: 'invalid', reason: 'its entries refer to resources other than those that were sent' }
  const outcomes = entries.map(({ prepared }, place) => {
    const { status: entryStatus, text: entryText } = given[place] as EntryAnswer
    return outcomeOfStatus(prepared, entryStatus, { retryStatuses, text: entryText })
  })
  return { kind: 'judged', outcomes: type === 'batch' ? outcomes : asOne(outcomes) }
}

/** Some servers end the answer with the entry from which on they were busy. */
const isCutByThrottling = (answers: readonly EntryAnswer[], count: number): boolean =>
  answers.length < count && answers.at(-1)?.status === 429

const filled = (answers: readonly EntryAnswer[], count: number): readonly EntryAnswer[] => [
  ...answers,
  ...Array.from({ length: count - answers.length }, () => ({
    status: undefined,
    location: undefined,
    text: undefined,
  })),
]

/** A transaction is sent again only as a whole, so a part that is loaded keeps the rest from it. */
const asOne = (outcomes: readonly EntryOutcome[]): readonly EntryOutcome[] => {
  if (!outcomes.some(({ kind }) => kind !== 'retry')) return outcomes
  return outcomes.map((outcome): EntryOutcome => {
    if (outcome.kind !== 'retry') return outcome
    const { status } = outcome
    return status === undefined ? { kind: 'ambiguous', status } : { kind: 'failed', status, text: undefined }
  })
}

function otherData(status: number, text: string, reason: string): Verdict {
  const code = isWebPage(text) ? FAILED.webPage : FAILED.otherData
  return {
    kind: 'failed',
    failure: new RequestFailure({ status, code, isRetryable: true }),
    hasActed: true,
    reason,
  }
}
