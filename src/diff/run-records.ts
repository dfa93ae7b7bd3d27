import { sluiceError } from '../errors.js'
import { parseJson } from '../json/parse.js'
import { ItemLines } from '../pipeline/item-lines.js'
import type { RunReport } from '../pipeline/report/report.js'
import { readRunReport } from '../pipeline/report/state-report.js'
import { LIST_NAME, REPORT_NAME } from '../published/names.js'
import { InvalidReport, isOwnReport, readList, readPublished, SIZE_UNKNOWN } from '../published/read.js'
import type { PublishedReport } from '../published/report.js'
import { checkName } from '../storage/names.js'
import type { Source } from '../storage/store.js'
import { type DiffStores, unlessAbsent } from './stores.js'

/** What is taken from a run's report. */
export type RunFacts = Pick<
  RunReport,
  'version' | 'fingerprint' | 'asOf' | 'startedAt' | 'finishedAt' | 'lines' | 'quarantinedByCode' | 'outputs'
> & {
  /** Its report is in the output, and so are all its outputs. */
  readonly isComplete: boolean
}

/**
 * What is known of the run that made the output; undefined where there is no report. That of this version is in the
 * state; without the state, that in the output says how many lines became of which, but not of which source. Earlier
 * versions put all of it into the output. Throws SOURCE_CORRUPT, SOURCE_*.
 */
export async function readRun(stores: DiffStores): Promise<RunFacts | undefined> {
  const { after, state } = stores
  const shared = await textIn(after, REPORT_NAME)
  const published = shared === undefined ? undefined : parseJson(shared)
  const known = isReport(published) ? published : await unlessAbsent(readRunReport(state))
  if (shared === undefined && known === undefined) return undefined
  const report = known ?? (await withoutSources(after, shared ?? ''))
  if (!isReport(report) || (shared !== undefined && readPublished(shared) instanceof InvalidReport))
    throw invalid(after.place)
  const outputs = [...report.outputs, ...(report.earlier ?? [])]
  for (const { name, parts = [], source } of outputs)
    for (const each of [name, ...parts.map((part) => part.name), source.name]) checkName(each)
  return { ...report, outputs, isComplete: shared !== undefined }
}

/** Reads the report in the output alone: it names no source, so each is known only by the name of its output. */
async function withoutSources(after: Source, shared: string): Promise<unknown> {
  const report = readPublished(shared)
  if (report instanceof InvalidReport) return undefined
  const { finishedAt, runs } = parseJson(shared) as PublishedReport
  const outputs = 'file' in report.outputs ? readList((await textIn(after, LIST_NAME)) ?? '') : report.outputs
  if (outputs instanceof InvalidReport || !Array.isArray(runs)) return undefined
  return {
    ...(parseJson(shared) as object),
    fingerprint: '',
    asOf: runs[0]?.asOf ?? '',
    startedAt: finishedAt,
    outputs: outputs.map((output) => ({
      ...output,
      source: { name: output.name, bytes: SIZE_UNKNOWN, version: '' },
    })),
    earlier: [],
  }
}

const invalid = (place: string) =>
  sluiceError('SOURCE_CORRUPT', {
    at: `${place}/${REPORT_NAME}`,
    message: 'is not a report of a run',
    help: 'remove it to compare without it',
  })

// A run of a million files.
const MAX_REPORT_BYTES = 512 * 2 ** 20

async function textIn(source: Source, name: string): Promise<string | undefined> {
  const item = await source.head(name)
  if (item === undefined) return undefined
  const lines = new ItemLines(source, [item], MAX_REPORT_BYTES)
  try {
    return (await lines.next())?.bytes?.toString('utf8') ?? ''
  } finally {
    await lines.close()
  }
}

/** The fields that are read here have their types; the file may come from anywhere. */
function isReport(value: unknown): value is RunReport {
  const report = value as Partial<RunReport> | null | undefined
  return (
    isOwnReport(report) &&
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
