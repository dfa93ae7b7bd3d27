import { addIssues, type IssueCounts, issuesOf } from '../../fhir-client/outcomes.js'
import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'
import {
  findMember,
  findStringMember,
  JsonError,
  skipSpace,
  skipValue,
  type ValueRange,
} from '../../json/scanner.js'
import { markLength } from '../../ndjson/line.js'

/** A resource as the server sent it. */
export interface FoundResource {
  /** Its JSON, in the memory of the page. */
  readonly bytes: Buffer
  readonly type: string
  readonly id: string | undefined
  /** Whether the server added it to the matches (`_include`). */
  readonly isIncluded: boolean
}

/** The answer to a search or a read. */
export interface Page {
  /** `resource` for a read. */
  readonly kind: 'page' | 'resource'
  readonly resources: readonly FoundResource[]
  /** The address of the next page, as the server writes it. */
  readonly next: string | undefined
  readonly total: number | undefined
  /** Issues of OperationOutcomes among the entries. */
  readonly issues: IssueCounts
}

/** An answer that is not a searchset, with the reason as the end of a sentence. */
export class PageFault extends Error {}

const LIST = 0x5b
const OBJECT = 0x7b

/** Reads an answer without building the values of its resources. Throws PageFault. */
export function parsePage(body: Buffer): Page {
  try {
    const at = skipSpace(body, markLength(body), body.length)
    const end = skipValue(body, at, body.length, 0)
    if (body[at] !== OBJECT || skipSpace(body, end, body.length) !== body.length)
      throw new PageFault('is not one JSON object')
    return pageIn(body, { start: at, end })
  } catch (error) {
    if (error instanceof JsonError) throw new PageFault(`is not valid JSON (${error.code})`)
    throw error
  }
}

function pageIn(body: Buffer, bundle: ValueRange): Page {
  const type = textIn(body, bundle, 'resourceType')
  if (type === undefined) throw new PageFault('has no resourceType')
  if (type !== 'Bundle')
    return {
      kind: 'resource',
      resources: type === 'OperationOutcome' ? [] : [resourceIn(body, bundle, false)],
      next: undefined,
      total: undefined,
      issues: issuesOf(valueIn(body, bundle)) ?? {},
    }
  const resources: FoundResource[] = []
  let issues: IssueCounts = {}
  for (const entry of elementsOf(body, bundle, 'entry')) {
    if (body[entry.start] !== OBJECT) throw new PageFault('has an entry that is not an object')
    const search = findMember(body, entry.start, entry.end, 'search')
    const mode =
      search !== undefined && body[search.start] === OBJECT ? textIn(body, search, 'mode') : undefined
    const range = findMember(body, entry.start, entry.end, 'resource')
    if (range === undefined || body[range.start] !== OBJECT) {
      if (mode === 'outcome') continue
      throw new PageFault('has an entry without a resource')
    }
    const outcome =
      mode === 'outcome' || textIn(body, range, 'resourceType') === 'OperationOutcome'
        ? issuesOf(valueIn(body, range))
        : undefined
    if (outcome !== undefined) issues = addIssues(issues, outcome)
    else if (mode !== 'outcome') resources.push(resourceIn(body, range, mode === 'include'))
  }
  return { kind: 'page', resources, issues, next: nextIn(body, bundle), total: totalIn(body, bundle) }
}

function resourceIn(body: Buffer, range: ValueRange, isIncluded: boolean): FoundResource {
  const type = textIn(body, range, 'resourceType')
  if (type === undefined) throw new PageFault('has a resource without resourceType')
  return { bytes: body.subarray(range.start, range.end), type, id: textIn(body, range, 'id'), isIncluded }
}

/** `next` may stand anywhere in `link`, and some servers send one object instead of a list. */
function nextIn(body: Buffer, bundle: ValueRange): string | undefined {
  const range = findMember(body, bundle.start, bundle.end, 'link')
  if (range === undefined) return undefined
  const link = valueIn(body, range)
  for (const each of Array.isArray(link) ? link : [link]) {
    if (!isRecord(each) || each.relation !== 'next') continue
    if (typeof each.url === 'string' && each.url !== '') return each.url
    throw new PageFault('has a next page without an address')
  }
  return undefined
}

function totalIn(body: Buffer, bundle: ValueRange): number | undefined {
  const range = findMember(body, bundle.start, bundle.end, 'total')
  const total = range && valueIn(body, range)
  return typeof total === 'number' && Number.isSafeInteger(total) && total >= 0 ? total : undefined
}

const textIn = (body: Buffer, { start, end }: ValueRange, key: string): string | undefined =>
  findStringMember(body, start, end, key)?.text

const valueIn = (body: Buffer, { start, end }: ValueRange): unknown =>
  parseJson(body.toString('utf8', start, end))

function* elementsOf(body: Buffer, bundle: ValueRange, key: string): Generator<ValueRange> {
  const list = findMember(body, bundle.start, bundle.end, key)
  if (list === undefined) return
  if (body[list.start] !== LIST) throw new PageFault(`has ${key} that is not a list`)
  let at = skipSpace(body, list.start + 1, list.end)
  while (at < list.end - 1) {
    const end = skipValue(body, at, list.end, 0)
    yield { start: at, end }
    at = skipSpace(body, skipSpace(body, end, list.end) + 1, list.end)
  }
}
