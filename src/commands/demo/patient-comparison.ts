import { visible } from '../../visible.js'

const RED = '\u001b[31m'
const GREEN = '\u001b[32m'
const BOLD = '\u001b[1m'
const PLAIN = '\u001b[0m'

/**
 * Two versions of one resource, a line of text each element. Lines that only one version has are marked: with `-` in
 * the first, `+` in the second, and by colour if it is wanted.
 */
export function comparison(
  before: string,
  after: string,
  { isColored }: { readonly isColored: boolean },
): readonly string[] {
  const old = printed(before)
  const fresh = printed(after)
  const paint = (color: string, text: string): string => (isColored ? `${color}${text}${PLAIN}` : text)
  const marked = (lines: readonly string[], others: ReadonlySet<string>, mark: string, color: string) =>
    lines.map((line) => (others.has(bare(line)) ? `  ${line}` : paint(color, `${mark} ${line}`)))
  return [
    '',
    paint(BOLD, 'One patient before'),
    ...marked(old, new Set(fresh.map(bare)), '-', RED),
    '',
    paint(BOLD, 'and after'),
    ...marked(fresh, new Set(old.map(bare)), '+', GREEN),
  ]
}

/** A comma after an element is not a difference. */
const bare = (line: string): string => line.replace(/,$/, '')

const WIDTH = 96

const printed = (json: string): readonly string[] => layOut(JSON.parse(json), '', '').map(visible)

/** As JSON.stringify with indentation, but what fits is on one line. */
function layOut(value: unknown, key: string, indent: string): string[] {
  const short = `${indent}${key}${JSON.stringify(value)}`
  if (typeof value !== 'object' || value === null || (indent !== '' && short.length <= WIDTH)) return [short]
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const inner = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((item) => layOut(item, '', inner))
    : Object.entries(value).map(([name, item]) => layOut(item, `${JSON.stringify(name)}: `, inner))
  const separated = parts.map((part, at) => [
    ...part.slice(0, -1),
    `${part.at(-1)}${at < parts.length - 1 ? ',' : ''}`,
  ])
  return [`${indent}${key}${open}`, ...separated.flat(), `${indent}${close}`]
}
