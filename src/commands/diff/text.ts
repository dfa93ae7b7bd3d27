import { printByteCount, printCount } from '../../config/units/sizes.js'
import type { Example, ExampleRow } from '../../diff/examples.js'
import { CHANGES, changeOf, OUTCOMES } from '../../diff/outcome.js'
import type { DiffSummary, ElementSummary } from '../../diff/summary.js'
import { visible } from '../../visible.js'
import { cell } from '../display/columns.js'

export interface TextOptions {
  readonly isColored: boolean
  /** The width of the terminal, in columns. */
  readonly width: number
}

const COLORS = {
  kept: '',
  changed: '\u001b[33m',
  removed: '\u001b[31m',
  added: '\u001b[32m',
  head: '\u001b[1m',
  plain: '\u001b[0m',
} as const
const MARKS = { kept: ' ', changed: '~', removed: '-', added: '+' } as const
const MAX_CONCERNS = 15
const MAX_ELEMENTS = 30
const MIN_CELL = 12

type Paint = (color: keyof typeof COLORS, text: string) => string

/** A comparison as lines of text, for `printColored`. */
export function* diffText(summary: DiffSummary, { isColored, width }: TextOptions): Iterable<string> {
  const paint: Paint = (color, text) =>
    isColored && COLORS[color] !== '' ? `${COLORS[color]}${visible(text)}${COLORS.plain}` : visible(text)
  for (const example of summary.examples) yield* exampleText(example, width, paint)
  yield* typeText(summary, paint)
  yield* elementText(summary, paint)
  yield* concernText(summary, paint)
  yield* totalText(summary, paint)
}

function* exampleText(
  { item, line, type, rows, moreCount }: Example,
  width: number,
  paint: Paint,
): Iterable<string> {
  yield paint('head', `${type}: ${visible(item)}, line ${line}`)
  const heads = { place: 'element', outcome: 'what', before: 'before', after: 'after' } as const
  const columns = ['place', 'outcome', 'before', 'after'] as const
  const widest = columns.map((column) =>
    Math.max(heads[column].length, ...rows.map((row) => visible(row[column]).length)),
  )
  const widths = fitted(widest, width - 2 - 2 * (columns.length - 1))
  const lay = (row: Readonly<Record<(typeof columns)[number], string>>): string =>
    columns
      .map((column, at) => cell(visible(row[column]), widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  yield `  ${lay(heads)}`
  for (const row of rows) yield painted(row, lay(row), paint)
  if (moreCount > 0) yield `  … and ${printCount(moreCount)} more values`
  yield ''
}

function painted(row: ExampleRow, text: string, paint: Paint): string {
  const change = changeOf(row.outcome)
  return paint(change, `${MARKS[change]} ${text}`)
}

/** Narrows the widest columns until all fit. */
function fitted(widest: readonly number[], width: number): number[] {
  const widths = [...widest]
  for (;;) {
    const sum = widths.reduce((total, each) => total + each, 0)
    const most = Math.max(...widths)
    if (sum <= width || most <= MIN_CELL) return widths
    widths[widths.indexOf(most)] = most - 1
  }
}

function* typeText({ types, bytes }: DiffSummary, paint: Paint): Iterable<string> {
  const heads = ['resources', 'before', 'after', ...CHANGES]
  const rows = types.map(({ type, resources, bytes, values }) => [
    type,
    printCount(resources),
    printByteCount(bytes.before),
    printByteCount(bytes.after),
    ...CHANGES.map((change) => printCount(values[change])),
  ])
  yield* table(['type', ...heads], rows, paint)
  yield `${printByteCount(bytes.before)} before, ${printByteCount(bytes.after)} after`
  yield ''
}

/** The elements with the most values that did not stay, and what became of them. */
function* elementText({ elements }: DiffSummary, paint: Paint): Iterable<string> {
  const differing = elements
    .map((element) => ({ element, count: total(element) - (element.outcomes.kept ?? 0) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
  if (differing.length === 0) return
  const rows = differing.slice(0, MAX_ELEMENTS).map(({ element }) => [
    element.path,
    element.fhirType,
    OUTCOMES.filter((outcome) => element.outcomes[outcome] !== undefined)
      .map((outcome) => `${outcome} ${printCount(element.outcomes[outcome] ?? 0)}`)
      .join(', '),
  ])
  yield* table(['element', 'FHIR type', 'what happened'], rows, paint)
  const left = differing.length - rows.length
  if (left > 0) yield `… and ${printCount(left)} more elements; --json and --html have all`
  yield ''
}

const total = ({ outcomes }: ElementSummary): number =>
  Object.values(outcomes).reduce((sum, count) => sum + count, 0)

function* concernText({ lookAt }: DiffSummary, paint: Paint): Iterable<string> {
  if (lookAt.length === 0) {
    yield 'Look at these: no name, address, telecom, identifier, reference or text stayed as it was'
    yield ''
    return
  }
  yield paint(
    'changed',
    'Look at these: they may identify a person, and some of their values stayed as they were',
  )
  const rows = lookAt
    .slice(0, MAX_CONCERNS)
    .map(({ path, why, kept }) => [path, why, `${printCount(kept)} kept`])
  yield* table(['element', 'why', 'values'], rows, paint)
  if (lookAt.length > MAX_CONCERNS) yield `… and ${lookAt.length - MAX_CONCERNS} more elements`
  yield ''
}

function* totalText({ items, lines, values, run, warnings }: DiffSummary, paint: Paint): Iterable<string> {
  if (run !== undefined) {
    yield paint('kept', `run ${run.fingerprint.slice(0, 12)} as of ${run.asOf}, by version ${run.version}`)
    const codes = Object.entries(run.quarantinedByCode)
    if (codes.length > 0)
      yield paint(
        'kept',
        `quarantined: ${codes.map(([code, count]) => `${code} ${printCount(count)}`).join(', ')}`,
      )
  }
  yield `${printCount(items.compared)} files, ${printCount(lines.compared)} lines compared: ${printCount(lines.unchanged)} unchanged, ${printCount(lines.quarantined)} quarantined, ${printCount(lines.blank)} blank`
  yield CHANGES.map((change) => `${printCount(values[change])} values ${change}`).join(', ')
  for (const { message } of warnings) yield paint('removed', `warning: ${message}`)
}

/** Numbers are aligned to the right. */
function* table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): Iterable<string> {
  const shown = rows.map((row) => row.map(visible))
  const widths = heads.map((head, at) => Math.max(head.length, ...shown.map((row) => row[at]?.length ?? 0)))
  const isNumeric = heads.map(
    (_, at) => rows.length > 0 && rows.every((row) => /^[\d,.]+( [KMGT]?i?B)?$/.test(row[at] ?? '')),
  )
  const lay = (row: readonly string[]): string =>
    row
      .map((text, at) => (isNumeric[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  yield paint('head', lay(heads))
  for (const row of shown) yield lay(row)
}
