import { printByteCount, printCount, printCounted } from '../../config/units/sizes.js'
import type { ImportReport } from '../../load/import/options.js'
import { below } from '../display/report-text.js'

const MAX_SHOWN = 20

/** What an import did, for people. */
export function* importText(report: ImportReport, state: string): Iterable<string> {
  const { read, loaded, failed, rejected, ambiguous, files, bytes, counting, unreadable } = report
  yield `${printCounted(files.length, 'staged file')} imported: ${printByteCount(bytes)}`
  yield `${printCounted(read, 'entry', 'entries')} = ${printCount(loaded)} loaded + ${printCount(failed)} failed + ` +
    `${printCount(ambiguous)} ambiguous`
  if (failed > rejected) yield `refused by the server: ${printCount(failed - rejected)}`
  if (rejected > 0) yield `not sent: ${printCount(rejected)}`
  if (counting === 'looked-up')
    yield 'the server returns no counts: every resource was looked up after the import, which cannot show whether an earlier version was replaced'
  if (counting === 'unknown')
    yield 'the server returns no counts and does not answer searches for the resources'
  for (const { name, lines, loaded = 0, failed = 0 } of files.filter(isShort).slice(0, MAX_SHOWN))
    yield `does not add up: ${name}: ${printCount(lines)} staged, ${printCount(loaded)} loaded, ${printCount(failed)} failed`
  for (const { item, code, message } of unreadable.slice(0, MAX_SHOWN))
    yield `failed: ${item}: ${code}: ${message}`
  const left = unreadable.length - MAX_SHOWN
  if (left > 0) yield `… and ${printCounted(left, 'more file')}; --json lists all`
  if (failed + ambiguous > 0)
    yield `errors: ${below(state, 'errors.ndjson')}${failed > 0 ? '; --retry-errors retries the failed ones, also with --via bundles' : ''}`
  yield `audit: ${below(state, 'audit.ndjson')}`
}

const isShort = ({ lines, loaded, failed }: ImportReport['files'][number]): boolean =>
  loaded !== undefined && failed !== undefined && loaded + failed !== lines
