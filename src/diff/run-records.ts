import { sluiceError } from '../errors.js'
import { REPORT_NAME, type RunReport } from '../pipeline/report.js'
import { checkName } from '../storage/names.js'
import type { Source } from '../storage/store.js'
import { ItemLines } from './item-lines.js'
import { type DiffStores, unlessAbsent } from './stores.js'

/** What is taken from a run's report. */
export type RunFacts = Pick<
  RunReport,
  'version' | 'fingerprint' | 'asOf' | 'startedAt' | 'finishedAt' | 'lines' | 'quarantinedByCode' | 'outputs'
> & {
  /** Its report stands in the output, so all outputs do. */
  readonly isComplete: boolean
}

/** The report of the run that made the output; undefined where there is none. Throws SOURCE_CORRUPT, SOURCE_*. */
export async function readRun({ after, state }: DiffStores): Promise<RunFacts | undefined> {
  const shared = await textIn(after, REPORT_NAME)
  const text = shared ?? (await unlessAbsent(state.read(REPORT_NAME)))
  if (text === undefined) return undefined
  const report = parsed(text)
  if (!isReport(report))
    throw sluiceError('SOURCE_CORRUPT', 'is no report of a run; take it away to compare without it', {
      blame: 'source',
      retry: 'never',
      at: `${after.place}/${REPORT_NAME}`,
    })
  for (const { name, parts = [], source } of report.outputs)
    for (const each of [name, ...parts.map((part) => part.name), source.name]) checkName(each)
  return { ...report, isComplete: shared !== undefined }
}

// A run of a million files.
const MOST_REPORT_BYTES = 512 * 2 ** 20

async function textIn(source: Source, name: string): Promise<string | undefined> {
  const item = await source.head(name)
  if (item === undefined) return undefined
  const lines = await ItemLines.open(source, [item], MOST_REPORT_BYTES)
  try {
    return (await lines.next())?.bytes?.toString('utf8') ?? ''
  } finally {
    await lines.close()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The fields that are read here have their types; the file may come from anywhere. */
function isReport(value: unknown): value is RunReport {
  const report = value as Partial<RunReport> | null | undefined
  return (
    report?.generator === 'fhir-sluice' &&
    [report.version, report.fingerprint, report.asOf, report.startedAt, report.finishedAt].every(isText) &&
    isCounts(report.lines) &&
    isCounts(report.quarantinedByCode) &&
    Array.isArray(report.outputs) &&
    report.outputs.every(isOutput)
  )
}

function isOutput(value: unknown): boolean {
  const output = value as Partial<RunReport['outputs'][number]> | null
  const parts = output?.parts ?? []
  return (
    isText(output?.name) &&
    isText(output.source?.name) &&
    typeof output.bytes === 'number' &&
    typeof output.source.bytes === 'number' &&
    isCounts(output.lines) &&
    Array.isArray(parts) &&
    parts.every((part) => isText((part as { name?: unknown } | null)?.name))
  )
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isCounts = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every((count) => Number.isFinite(count))
