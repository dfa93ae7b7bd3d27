import { join } from 'node:path'
import type { AltExportReport } from '../../alt-export/options.js'
import { printByteCount, printCount, printCounted } from '../../config/units/sizes.js'
import { issueText } from '../../fhir-client/outcomes.js'
import type { Sink } from '../../storage/store.js'
import { printReport } from '../display/report-text.js'
import type { Terminal } from '../display/terminal.js'

const WITHOUT: Readonly<Record<string, string>> = {
  missing: 'without a reference',
  contained: 'contained',
  elsewhere: 'on another server',
  'other-type': 'of another type',
  inactive: 'inactive',
  'not-in-period': 'not in their period',
}

export function printAltExport(
  report: AltExportReport,
  { sink, isEmptyFailure }: { readonly sink: Sink; readonly isEmptyFailure: boolean },
  terminal: Terminal,
): void {
  const { base, ids, issues, items, until, run, isComplete } = report
  if (ids === undefined) terminal.print(`export by slices from ${base}: ${printCounted(items, 'slice')}`)
  else
    terminal.print(
      `export by queries from ${base}: ${printCounted(ids.unique, 'id')}, ${printCounted(items, 'file')} planned`,
    )
  const without = Object.entries(ids?.without ?? {})
  if (without.length > 0)
    terminal.print(
      `the query also found ${without.map(([why, count]) => `${printCount(count)} ${WITHOUT[why] ?? why}`).join(', ')}; they are not exported`,
    )
  if (Object.keys(issues).length > 0) terminal.print(`the server says: ${issueText(issues)}`)
  if (report.isEmpty && isComplete)
    terminal.print(
      `WARNING: no resource was delivered${
        isEmptyFailure ? '; check the queries and what the account may read. --allow-empty accepts this' : ''
      }`,
    )
  if ('raw' in run) {
    terminal.print(
      `${printCounted(run.outputs.length, 'file')} stored raw: ${printByteCount(run.bytes.written)}`,
    )
    for (const { item, code, message } of run.failed) terminal.print(`failed: ${item}: ${code}: ${message}`)
  } else printReport(run, sink, terminal)
  if (!isComplete)
    terminal.print(
      `incomplete: ${printCount(run.failed.length)} of ${printCounted(items, 'file')} failed; run it again to fetch them ` +
        `(see the server's answers in ${join(sink.state.place, 'export/answers.ndjson')})`,
    )
  if (until !== undefined && isComplete && !isEmptyFailure) terminal.print(`next time: --since ${until}`)
}
