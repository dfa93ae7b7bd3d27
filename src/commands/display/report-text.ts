import { printByteCount, printCount } from '../../config/units/sizes.js'
import { LEFT_OUT_NAME, leftOutText } from '../../pipeline/lifecycle/left-out.js'
import type { LineTotals, RunReport } from '../../pipeline/report/report.js'
import { REPORT_NAME } from '../../published/names.js'
import type { Terminal } from './terminal.js'

/** Where outputs and state of a run are. */
export interface RunPlaces {
  readonly place: string
  readonly state: { readonly place: string }
}

/** The end of a run in a few lines. */
export function printReport(report: RunReport, sink: RunPlaces, terminal: Terminal): void {
  const { items, lines, bytes, seconds, failed, quarantinedByCode, leftOut, orphaned, removed } = report
  const rest = [
    [items.finishedBefore, 'finished before'],
    [items.skipped, 'skipped'],
    [items.failed, 'failed'],
  ] as const
  const asides = rest.filter(([count]) => count > 0).map(([count, what]) => `${printCount(count)} ${what}`)
  terminal.print(
    `${printCount(items.committed)} of ${printCount(items.listed)} files anonymized${
      asides.length > 0 ? ` (${asides.join(', ')})` : ''
    } in ${seconds.toFixed(1)} s: ${printByteCount(bytes.read)} read, ${printByteCount(bytes.written)} written`,
  )
  terminal.print(lineText(lines))
  const codes = Object.entries(quarantinedByCode)
  if (codes.length > 0) {
    terminal.print(`quarantined: ${codes.map(([code, count]) => `${code} ${printCount(count)}`).join(', ')}`)
    terminal.print(`quarantine: ${below(sink.state.place, 'quarantine')}`)
  }
  const removedCodes = codesText(report.codesRemoved)
  if (removedCodes !== undefined) terminal.print(removedCodes)
  const others = leftOutText(leftOut)
  if (others !== '') terminal.print(`left out: ${others} (${below(sink.state.place, LEFT_OUT_NAME)})`)
  if (removed.length > 0)
    terminal.print(
      `removed: ${printCount(removed.length)} outputs whose files are now elsewhere or gone (${shown(removed)})`,
    )
  if (orphaned.length > 0)
    terminal.print(
      `orphaned: ${printCount(orphaned.length)} outputs whose files are gone from the input, not in run.json (${shown(orphaned)}); --prune removes them`,
    )
  const idle = idleText(report.idleRules)
  if (idle !== undefined) terminal.print(idle)
  for (const { item, code, message } of failed) terminal.print(`failed: ${item}: ${code}: ${message}`)
  if (failed.length === 0) terminal.print(`report: ${below(sink.place, REPORT_NAME)}`)
}

const shown = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`

const MAX_SHOWN_SYSTEMS = 5

/** What `codeSystems` removed: the systems and elements with the most codes first. */
function codesText(codesRemoved: Readonly<Record<string, number>> = {}): string | undefined {
  const counts = Object.entries(codesRemoved).toSorted(([, a], [, b]) => b - a)
  if (counts.length === 0) return undefined
  const sum = counts.reduce((before, [, count]) => before + count, 0)
  const first = counts.slice(0, MAX_SHOWN_SYSTEMS).map(([name, count]) => `${name} ${printCount(count)}`)
  if (counts.length > MAX_SHOWN_SYSTEMS) first.push('…')
  return `codes removed: ${printCount(sum)} (${first.join(', ')})`
}

const MAX_SHOWN_RULES = 10

/** Reports of earlier versions do not have them. */
function idleText(rules: readonly number[] = []): string | undefined {
  if (rules.length === 0) return undefined
  const first = rules.slice(0, MAX_SHOWN_RULES).join(', ')
  const more = rules.length > MAX_SHOWN_RULES ? ` and ${rules.length - MAX_SHOWN_RULES} more` : ''
  return `${rules.length === 1 ? 'rule' : 'rules'} ${first}${more} reached nothing in this data; run sluice lint to see which can never match or are shadowed by earlier rules`
}

/** A name below a path or an address. */
/** The place of a file in a folder or at an address. */
export const below = (place: string, name: string): string => `${place.replace(/\/+$/, '')}/${name}`

/** On stderr: stdout holds the data. */
export const printStreamTotals = (lines: LineTotals, terminal: Terminal): void =>
  terminal.warn(lineText(lines))

const lineText = ({ read, delivered, quarantined, blank }: LineTotals): string =>
  `${printCount(read)} lines: ${printCount(delivered)} delivered, ${printCount(quarantined)} quarantined, ${printCount(blank)} blank`
