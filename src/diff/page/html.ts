import { visible } from '../../visible.js'

/** Text that is HTML already. */
export class Html {
  constructor(readonly text: string) {}
}

export type Part = string | number | Html | readonly Html[]

/** A template whose values are escaped, for content and quoted attributes alike, unless they are HTML themselves. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.reduce((text, string, at) => text + textOf(parts[at - 1] ?? '') + string))

function textOf(part: Part): string {
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(({ text }) => text).join('')
  return visible(String(part)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const COUNT = new Intl.NumberFormat('en-US')
const BYTES = new Intl.NumberFormat('en-US', {
  notation: 'compact',
  style: 'unit',
  unit: 'byte',
  unitDisplay: 'narrow',
  maximumSignificantDigits: 3,
})

export const printedCount = (count: number): string => COUNT.format(count)
/** `1.23MB`, by thousands. */
export const printedBytes = (bytes: number): string => BYTES.format(bytes)
export const printedShare = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(part === 0 || part === whole ? 0 : 1)}%`
