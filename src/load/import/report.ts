import { addIssues, type IssueCounts } from '../../fhir-client/outcomes.js'
import type { UnreadableItem } from '../options.js'
import type { LoadItem } from '../unit.js'
import type { ImportContext } from './context.js'
import type { ImportCounting, ImportReport } from './options.js'
import type { FileSettlement } from './settlement.js'

export interface ReportFacts {
  readonly startedAt: string
  readonly isContinued: boolean
  readonly items: readonly LoadItem[]
  readonly files: readonly FileSettlement[]
  readonly unreadable: readonly UnreadableItem[]
}

/** Sums of all runs on the listed items, by the audit, and what this run learned of each staged file. */
export function reportOf({ server, audit }: ImportContext, facts: ReportFacts): ImportReport {
  const { startedAt, isContinued, items, files, unreadable } = facts
  const sums = { loaded: 0, failed: 0, rejected: 0, ambiguous: 0 }
  for (const item of items) {
    const { loaded, failed, rejected, ambiguous } = audit.recordOf(item).counts
    sums.loaded += loaded
    sums.failed += failed + rejected
    sums.rejected += rejected
    sums.ambiguous += ambiguous
  }
  const imported = files.map((file) => file.imported)
  return {
    via: 'import',
    base: server.base.href,
    startedAt,
    finishedAt: new Date().toISOString(),
    isContinued,
    read: sums.loaded + sums.failed + sums.ambiguous,
    ...sums,
    counting: countingOf(files),
    issues: files.reduce((all: IssueCounts, { issues }) => addIssues(all, issues), {}),
    files: imported,
    unreadable,
    byType: byType(imported),
    bytes: imported.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

const countingOf = (files: readonly FileSettlement[]): ImportCounting =>
  (['unknown', 'looked-up'] as const).find((kind) => files.some(({ counting }) => counting === kind)) ??
  'given'

function byType(files: ImportReport['files']): ImportReport['byType'] {
  const types: Record<string, { loaded: number; failed: number }> = {}
  for (const { type, loaded = 0, failed = 0 } of files) {
    const sum = types[type] ?? { loaded: 0, failed: 0 }
    types[type] = { loaded: sum.loaded + loaded, failed: sum.failed + failed }
  }
  return types
}
