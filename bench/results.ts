import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Median with its neighbours, of one measurement per round. */
export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1
      ? (sorted[middle] as number)
      : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
  return { min: sorted[0] as number, median, max: sorted[sorted.length - 1] as number }
}

/** `2.31 (2.20–2.40)`. */
export const spreadText = ({ min, median, max }: Spread, decimals = 2): string =>
  `${median.toFixed(decimals)} (${min.toFixed(decimals)}–${max.toFixed(decimals)})`

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

/**
 * Puts the text between the markers `<!-- name -->` and `<!-- /name -->` of bench/README.md, at its end where they
 * are absent.
 */
export function writeSection(name: string, text: string): void {
  const path = fileURLToPath(new URL('../../bench/README.md', import.meta.url))
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '# Benches\n'
  const section = `<!-- ${name} -->\n${text.trim()}\n<!-- /${name} -->`
  const old = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`)
  const after = old.test(before) ? before.replace(old, () => section) : `${before.trimEnd()}\n\n${section}\n`
  writeFileSync(path, after)
}
