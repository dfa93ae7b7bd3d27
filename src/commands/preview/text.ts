import { printByteCount, printCount } from '../../config/units/sizes.js'
import { changeOf } from '../../diff/outcome.js'
import type { Preview, PreviewedLine, PreviewedType } from '../../preview/preview.js'
import { type PreviewRow, rowsOf } from '../../preview/rows.js'
import { visible } from '../../visible.js'
import { cell } from '../display/columns.js'

/** A rule as the text below a line names it. */
export interface PreviewedRule {
  readonly number: number
  readonly method: string
  readonly path: string
}

export interface PreviewStyle {
  readonly isColored: boolean
  /** The width of the terminal, in columns. */
  readonly width: number
  readonly showValues: boolean
}

const COLORS = {
  kept: '',
  changed: '\u001b[33m',
  removed: '\u001b[31m',
  added: '\u001b[32m',
  head: '\u001b[1m',
} as const
const PLAIN = '\u001b[0m'
const MARKS = { kept: ' ', changed: '~', removed: '-', added: '+' } as const
const MAX_ROWS = 200

/** A preview as lines of text, for `printColored`. */
export function* previewText(
  { types, read }: Preview,
  rules: readonly PreviewedRule[],
  style: PreviewStyle,
): Iterable<string> {
  for (const type of types) yield* typeText(type, rules, style)
  const end = read.isWhole ? 'all of it' : 'the start of each file (--read takes more)'
  yield `${printCount(read.items)} files, ${printCount(read.lines)} lines, ${printByteCount(read.bytes)} read: ${end}`
  if (read.tooLong > 0) yield `${printCount(read.tooLong)} lines are too long to be shown`
  if (types.length === 0) yield 'no line was found: nothing fits what was asked for'
  yield 'Keys are public test keys: hashes and shifted dates are not those of a run.'
  if (!style.showValues && types.length > 0)
    yield 'Values are shown by their form (letters A, a; digits 9) without --show-values.'
}

function* typeText(
  { type, lines, shown }: PreviewedType,
  rules: readonly PreviewedRule[],
  style: PreviewStyle,
): Iterable<string> {
  yield painted('head', `${type}: ${printCount(shown.length)} of ${printCount(lines)} lines`, style)
  yield ''
  for (const line of shown) {
    yield* lineText(line, rules, style)
    yield ''
  }
}

function* lineText(
  { item, line, trace }: PreviewedLine,
  rules: readonly PreviewedRule[],
  style: PreviewStyle,
): Iterable<string> {
  yield painted('head', `${visible(item)}, line ${line}`, style)
  if (trace.kind === 'rejected') {
    const { code, offset, message } = trace.rejection
    yield painted('removed', `  quarantined: ${code} at byte ${offset}`, style)
    for (const piece of pieces(visible(message), style.width - 2)) yield `  ${piece}`
    return
  }
  if (trace.isEmptied) {
    yield painted('removed', '  a rule failed: only the type is left (processingErrors: skip)', style)
    return
  }
  const rows = folded(rowsOf(trace, style.showValues))
  yield* rowsText(rows.slice(0, MAX_ROWS), rules, style)
  if (rows.length > MAX_ROWS)
    yield `  … and ${printCount(rows.length - MAX_ROWS)} more values; --json has all`
  for (const { place, codes } of trace.labels)
    yield painted('added', `+ ${place === '' ? '' : `${place}.`}meta.security  ${codes.join(', ')}`, style)
  yield* rulesText(rows, rules, style)
}

/** A row for several values in a row of the same element that look and fare alike. */
type FoldedRow = PreviewRow & { readonly count: number }

function folded(rows: readonly PreviewRow[]): readonly FoldedRow[] {
  const found: { readonly row: PreviewRow; count: number }[] = []
  for (const row of rows) {
    const last = found.at(-1)
    if (last !== undefined && kindOf(last.row) === kindOf(row)) last.count += 1
    else found.push({ row, count: 1 })
  }
  return found.map(({ row, count }) => ({ ...row, count }))
}

const kindOf = ({ place, ...facts }: PreviewRow): string =>
  JSON.stringify([place.replace(/\[\d+\]/g, ''), facts])

function* rowsText(
  rows: readonly FoldedRow[],
  rules: readonly PreviewedRule[],
  style: PreviewStyle,
): Iterable<string> {
  const cells = rows.map((row) => cellsOf(row, rules).map(visible))
  const heads = ['element', 'before', 'after', 'rule']
  const widths = widthsOf([heads, ...cells], style.width)
  const lay = ([place = '', ...others]: readonly string[]): string =>
    [endOf(place, widths[0] ?? 0), ...others.map((text, at) => cell(text, widths[at + 1] ?? 0))]
      .join('  ')
      .trimEnd()
  yield `  ${lay(heads)}`
  for (const [at, row] of rows.entries()) {
    const change = changeOf(row.outcome)
    yield painted(change, `${MARKS[change]} ${lay(cells[at] ?? [])}`, style)
  }
}

/** Values leave room for the names of elements and for the rules: those say what the table is read for. */
function widthsOf(table: readonly (readonly string[])[], width: number): readonly number[] {
  const widest = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)))
  const [place = 0, before = 0, after = 0, rule = 0] = widest
  const mostOfValue = Math.max(14, Math.floor(width / 5) - 2)
  const values = [Math.min(before, mostOfValue), Math.min(after, mostOfValue)]
  const left = width - 2 - 6 - rule - values.reduce((sum, each) => sum + each, 0)
  return [Math.max(12, Math.min(place, left)), ...values, rule]
}

/** The end of a path tells elements apart, so its beginning is cut. */
const endOf = (place: string, width: number): string =>
  place.length > width ? `…${place.slice(place.length - width + 1)}` : place.padEnd(width)

function cellsOf(
  { place, before, after, rule, count, isUnlistedCode }: FoldedRow,
  rules: readonly PreviewedRule[],
): string[] {
  const byRule = rule === undefined ? 'no rule' : `${rule} ${rules[rule - 1]?.method ?? ''}`
  const by = isUnlistedCode ? 'codeSystems' : byRule
  return [count === 1 ? place : `${place} … (${count})`, before ?? '', after ?? '', by]
}

/** The rules that changed something in the line, with their paths. */
function* rulesText(
  rows: readonly PreviewRow[],
  rules: readonly PreviewedRule[],
  style: PreviewStyle,
): Iterable<string> {
  const numbers = new Set(
    rows.flatMap(({ outcome, rule, isUnlistedCode }) =>
      outcome === 'kept' || isUnlistedCode ? [] : (rule ?? []),
    ),
  )
  const used = rules.filter(({ number }) => numbers.has(number))
  if (used.length === 0) return
  yield '  rules that change this line:'
  const numberWidth = Math.max(...used.map(({ number }) => String(number).length))
  const methodWidth = Math.max(...used.map(({ method }) => method.length))
  const indent = 2 + numberWidth + 1 + methodWidth + 2
  for (const { number, method, path } of used) {
    const [first = '', ...more] = pieces(visible(path), Math.max(20, style.width - indent))
    yield `  ${String(number).padStart(numberWidth)} ${method.padEnd(methodWidth)}  ${first}`
    for (const piece of more) yield ' '.repeat(indent) + piece
  }
}

/** A text in lines of a length, broken at spaces where there are some. */
const pieces = (text: string, length: number): readonly string[] =>
  text.match(new RegExp(`.{1,${length}}(?: |$)|.{1,${length}}`, 'g')) ?? []

const painted = (color: keyof typeof COLORS, text: string, { isColored }: PreviewStyle): string =>
  isColored && COLORS[color] !== '' ? `${COLORS[color]}${visible(text)}${PLAIN}` : visible(text)
