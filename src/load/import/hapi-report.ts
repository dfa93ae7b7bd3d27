import { objectsIn } from '../../http/body.js'
import { parseJson } from '../../json/parse.js'
import { isRecord } from '../../json/record.js'

/** What became of the lines of one file, by HAPI's report on an import. */
export interface SourceOutcomes {
  readonly loaded: number
  readonly failed: number
  /** Messages, without the lines that they are about. */
  readonly errors: readonly string[]
}

const SOURCE = /^Source: (.+)$/
const SECTION = /^ {2}(Outcomes|Errors):$/
const OUTCOME = /^([A-Z_]+): (\d+)$/

/**
 * Reads the outcomes per source address from the answer to a completed import: HAPI writes a text for people, as JSON
 * in the diagnostics of an OperationOutcome (BulkImportReportJson). A job of which some lines failed is answered with
 * 500 and holds such a report, too; one that failed as a whole has none. Undefined if there is none.
 */
export function hapiReport(
  body: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, SourceOutcomes> | undefined {
  for (const { diagnostics } of objectsIn(body.issue)) {
    const json = typeof diagnostics === 'string' ? parseJson(diagnostics) : undefined
    const text = isRecord(json) ? json.reportMsg : undefined
    if (typeof text === 'string') return outcomesIn(text)
  }
  return undefined
}

function outcomesIn(report: string): ReadonlyMap<string, SourceOutcomes> {
  const sources = new Map<string, { loaded: number; failed: number; errors: string[] }>()
  let source = { loaded: 0, failed: 0, errors: [] as string[] }
  let section: string | undefined
  for (const line of report.split('\n')) {
    const [, url] = SOURCE.exec(line) ?? []
    if (url !== undefined) {
      source = sources.get(url) ?? { loaded: 0, failed: 0, errors: [] }
      sources.set(url, source)
    }
    section = SECTION.exec(line)?.[1] ?? (url === undefined ? section : undefined)
    const [, text] = /^ {4}\* (.*)$/.exec(line) ?? []
    if (text === undefined) continue
    const [, outcome, count] = OUTCOME.exec(text) ?? []
    if (section === 'Errors') source.errors.push(text)
    // HAPI's codes of success all begin like this; a line that failed counts as FAILURE.
    else if (outcome?.startsWith('SUCCESSFUL')) source.loaded += Number(count)
    else if (outcome !== undefined) source.failed += Number(count)
  }
  return sources
}
