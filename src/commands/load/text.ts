import { printByteCount, printCount, printCounted } from '../../config/units/sizes.js'
import type { LoadReport } from '../../load/options.js'
import { below } from '../display/report-text.js'

const MAX_SHOWN = 20

/** What a load did, for people. */
export function* loadText(report: LoadReport): Iterable<string> {
  const { read, loaded, failed, rejected, ambiguous, items, unreadable, state, settled } = report
  const before = items.doneBefore > 0 ? ` (${printCount(items.doneBefore)} by earlier runs)` : ''
  yield `${printCount(items.done)} of ${printCounted(items.listed, 'file')} done${before}: ` +
    `${printByteCount(report.bytes.sent)} sent in ${printCounted(report.bundles, 'bundle')}, ${report.seconds.toFixed(1)} s` +
    `${report.retries > 0 ? `, ${printCounted(report.retries, 'entry', 'entries')} sent again` : ''}`
  yield `${printCounted(read, 'entry', 'entries')} = ${printCount(loaded)} loaded + ${printCount(failed)} failed + ` +
    `${printCount(ambiguous)} ambiguous${settled < read ? `; ${printCount(settled)} of them settled by this run` : ''}`
  if (failed > 0) {
    const refused = failed - rejected
    if (refused > 0) yield `refused by the server: ${printCount(refused)}`
    if (rejected > 0) yield `not sent: ${printCount(rejected)}`
  }
  const statuses = Object.entries(report.byStatus).sort(([a], [b]) => (a < b ? -1 : 1))
  if (statuses.length > 0)
    yield `by status: ${statuses.map(([status, count]) => `${status} ${printCount(count)}`).join(', ')}`
  if (failed + ambiguous > 0)
    yield `errors: ${below(state, 'errors.ndjson')}${failed > 0 ? '; --retry-errors retries the failed ones' : ''}`
  for (const { item, code, message } of unreadable.slice(0, MAX_SHOWN))
    yield `failed: ${item}: ${code}: ${message}`
  const left = unreadable.length - MAX_SHOWN
  if (left > 0) yield `… and ${printCounted(left, 'more file')}; --json lists all`
  yield `audit: ${below(state, 'audit.ndjson')}`
}
