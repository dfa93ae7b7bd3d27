import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'

// With fewer rounds a median says more than is known.
const MIN_ROUNDS_FOR_MEDIAN = 5

/** What the rounds of a bench measured. */
export interface Spread {
  readonly rounds: number
  readonly min: number
  readonly max: number
  /** Absent where there are too few rounds for one. */
  readonly median?: number
}

/** Throws RangeError where there is no measurement or one that is not a finite number. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const [min, max] = [sorted.at(0), sorted.at(-1)]
  if (min === undefined || max === undefined || !sorted.every(Number.isFinite))
    throw new RangeError('a spread needs at least one measurement, and finite ones')
  const rounds = sorted.length
  return rounds < MIN_ROUNDS_FOR_MEDIAN
    ? { rounds, min, max }
    : { rounds, min, max, median: medianOf(sorted) }
}

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.slice((sorted.length - 1) >> 1, (sorted.length >> 1) + 1)
  return middle.reduce((sum, value) => sum + value, 0) / middle.length
}

/** `2.31 (2.20–2.40)` with a median, `2.20–2.40` with too few rounds for one, `2.31` for one round. */
export function spreadText(spread: Spread, decimals = 2): string {
  const { rounds, min, max, median } = spread
  if (rounds === 1) return min.toFixed(decimals)
  const range = `${min.toFixed(decimals)}–${max.toFixed(decimals)}`
  return median === undefined ? range : `${median.toFixed(decimals)} (${range})`
}

/** The median alone, or what `spreadText` says if there is no median. */
export const medianText = (spread: Spread, decimals = 2): string =>
  spread.median?.toFixed(decimals) ?? spreadText(spread, decimals)

/** Says how to read the figures of `spreadText`: `Median (lowest–highest) of 5 interleaved rounds`. */
export const spreadLegend = (rounds: number): string =>
  rounds === 1
    ? 'One round'
    : `${rounds < MIN_ROUNDS_FOR_MEDIAN ? 'Lowest–highest' : 'Median (lowest–highest)'} of ${rounds} interleaved rounds`

/** A Markdown table; the columns after the first are right-aligned. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, at) =>
    Math.max(cell.length, ...rows.map((row) => (row[at] ?? '').length), 3),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] as number) : cell.padStart(widths[at] as number))).join(' | ')} |`
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** What the figures depend on besides the program. */
export const machineText = (): string =>
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, load average ${loadavg()[0]?.toFixed(1)}, ${new Date().toISOString().slice(0, 10)}`

const PAGES = { bench: '../../bench/README.md', project: '../../README.md' } as const

/**
 * Puts the text between the markers `<!-- name -->` and `<!-- /name -->` of a page, at the end of bench/README.md where
 * they are absent. Throws RangeError for figures that may not be published: of fewer than five rounds, or none at all.
 */
export function writeSection(
  name: string,
  text: string,
  { rounds, page = 'bench' }: { readonly rounds: number; readonly page?: keyof typeof PAGES },
): void {
  checkPublishable(text, rounds)
  const path = fileURLToPath(new URL(PAGES[page], import.meta.url))
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '# Benches\n'
  const section = `<!-- ${name} -->\n${text.trim()}\n<!-- /${name} -->`
  const old = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`)
  const after = old.test(before) ? before.replace(old, () => section) : `${before.trimEnd()}\n\n${section}\n`
  writeFileSync(path, after)
}

/** Throws RangeError for a text with figures of too few rounds, or with one that is no number. */
export function checkPublishable(text: string, rounds: number): void {
  if (!(rounds >= MIN_ROUNDS_FOR_MEDIAN))
    throw new RangeError(
      `${rounds} interleaved rounds are too few to publish: use --rounds ${MIN_ROUNDS_FOR_MEDIAN} or more with --write`,
    )
  const odd = /\b(?:NaN|Infinity|undefined)\b/.exec(text)
  if (odd !== null) throw new RangeError(`a text with ${odd[0]} in it is not published`)
}
