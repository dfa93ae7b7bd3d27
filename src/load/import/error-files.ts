import { sluiceError } from '../../errors.js'
import { addIssues, type IssueCounts, issuesOf } from '../../fhir-client/outcomes.js'
import { objectsIn, parseObject } from '../../http/body.js'
import { isBlank } from '../../ndjson/line.js'
import { lineStream } from '../../ndjson/line-stream.js'
import type { ErrorFile } from './driver.js'
import type { IndexedLine } from './line-index.js'
import type { OpenFolder } from './options.js'

/** What an error file says about one line. */
export interface LineError {
  /** Where the part of the file begins that the server processed at once. */
  readonly unitOffset: number
  /** Number of the line in that part, from 1. */
  readonly line: number
  /** The server's text; it may name patients. */
  readonly text: string | undefined
}

export interface LineErrors {
  readonly errors: readonly LineError[]
  /** Lines of error files that do not say which line they are about. */
  readonly unplacedCount: number
  readonly issues: IssueCounts
}

/** Where error files are read. */
export interface ErrorStore {
  /** How the addresses of the storage account begin. */
  readonly account: string
  readonly openFolder: OpenFolder
}

// fhir-server's ImportErrorSerializer.
const PLACE = /line: (\d+) with stream start offset: (\d+)/
const MAX_LINE_BYTES = 4 * 2 ** 20
const MAX_TEXT_LENGTH = 2000

/**
 * Reads the error files of one staged file, from the storage account that the staged files are in and no other. Throws
 * SOURCE_*, and LOAD_INVALID for an address elsewhere.
 */
export async function readErrorFiles(
  files: readonly ErrorFile[],
  { account, openFolder }: ErrorStore,
): Promise<LineErrors> {
  const errors: LineError[] = []
  let unplacedCount = 0
  let issues: IssueCounts = {}
  for (const { url } of files)
    for await (const line of linesAt(new URL(url), { account, openFolder })) {
      const outcome = parseObject(line)
      issues = addIssues(issues, issuesOf(outcome) ?? { 'unknown/unknown': 1 })
      const error = errorOf(objectsIn(outcome?.issue)[0])
      if (error === undefined) unplacedCount += 1
      else errors.push(error)
    }
  return { errors, unplacedCount, issues }
}

async function* linesAt(url: URL, { account, openFolder }: ErrorStore): AsyncGenerator<string> {
  const place = url.origin + url.pathname
  if (!place.startsWith(account))
    throw sluiceError('LOAD_INVALID', {
      message: 'names an error file outside the storage account of the staging place',
    })
  const slash = url.pathname.lastIndexOf('/')
  const folder = await openFolder(url.origin + url.pathname.slice(0, slash))
  const item = await folder.head(decodeURIComponent(url.pathname.slice(slash + 1)))
  if (item === undefined)
    throw sluiceError('SOURCE_NOT_FOUND', {
      at: place,
      message: 'the error file of the import does not exist',
    })
  const reader = await folder.open(item, 0)
  try {
    for await (const { bytes } of lineStream((target) => reader.read(target), {
      maxLineBytes: MAX_LINE_BYTES,
    }))
      if (bytes === undefined || !isBlank(bytes)) yield bytes?.toString('utf8') ?? '{}'
  } finally {
    await reader.close()
  }
}

function errorOf(issue: Readonly<Record<string, unknown>> | undefined): LineError | undefined {
  const { diagnostics, details } = issue ?? {}
  const place = typeof diagnostics === 'string' ? PLACE.exec(diagnostics) : null
  if (place === null) return undefined
  const text = (details as { readonly text?: unknown } | null | undefined)?.text
  return {
    line: Number(place[1]),
    unitOffset: Number(place[2]),
    text: typeof text === 'string' ? text.slice(0, MAX_TEXT_LENGTH) : undefined,
  }
}

/**
 * Index of the line in the staged file; undefined if there is none. A part that begins within the file leaves out the
 * line that it begins in, even where it begins with that line: the part before reads it.
 */
export function placeOf(
  { line, unitOffset }: Pick<LineError, 'line' | 'unitOffset'>,
  lines: readonly Pick<IndexedLine, 'start'>[],
): number | undefined {
  const first = unitOffset === 0 ? 0 : firstAfter(lines, unitOffset)
  const index = first + line - 1
  return line >= 1 && index < lines.length ? index : undefined
}

function firstAfter(lines: readonly Pick<IndexedLine, 'start'>[], offset: number): number {
  let [low, high] = [0, lines.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((lines[middle]?.start ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low
}
