import type { RawReport } from '../pipeline/raw/raw-files.js'
import type { RunReport } from '../pipeline/report/report.js'
import type { ExportRequest } from './job/request.js'

/** What a run received from the server. */
export interface Contents {
  /**
   * Whether no resource arrived. Deletions and rejected lines do not count: they replace nothing in an earlier
   * output.
   */
  readonly isEmpty: boolean
  /** Requested resource types (`_type`) of which nothing arrived, sorted. */
  readonly missingTypes: readonly string[]
}

const DELETIONS = 'deleted/'

export function contentsOf(request: ExportRequest, run: RunReport | RawReport): Contents {
  const types = typesIn(run)
  return {
    isEmpty: isEmptyRun(run),
    missingTypes: requestedTypes(request).filter((type) => !types.has(type)),
  }
}

/** Whether a run delivered no resource at all. */
export const isEmptyRun = (run: RunReport | RawReport): boolean =>
  'raw' in run
    ? run.outputs.every((output) => !isFilled(output))
    : run.outputs.every(({ name, lines }) => lines.delivered === 0 || name.startsWith(DELETIONS))

/** Whether only changes were requested; such an export may be empty. */
export const isIncremental = ({ parameters }: ExportRequest): boolean =>
  parameters.some(([name]) => name === '_since')

/** Values of `_type`, sorted; empty if every type is requested. */
export function requestedTypes({ parameters }: Pick<ExportRequest, 'parameters'>): readonly string[] {
  const values = parameters.flatMap(([name, value]) => (name === '_type' ? value.split(',') : []))
  return [...new Set(values.map((value) => value.trim()).filter((value) => value !== ''))].sort()
}

function typesIn(run: RunReport | RawReport): ReadonlySet<string> {
  if (!('raw' in run))
    return new Set(Object.entries(run.resourcesByType).flatMap(([type, count]) => (count > 0 ? [type] : [])))
  return new Set(run.outputs.filter(isFilled).map(({ name }) => name.replace(/\..*/, '')))
}

const isFilled = ({ name, bytes, lines = bytes }: RawReport['outputs'][number]): boolean =>
  lines > 0 && !name.startsWith(DELETIONS)
