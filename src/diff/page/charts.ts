import { CHANGES } from '../outcome.js'
import type { TypeSummary } from '../summary.js'
import { type Html, html, printedBytes, printedCount, printedShare } from './html.js'

const WIDTH = 960
const LABEL_WIDTH = 190
const NUMBER_WIDTH = 190
const BAR_WIDTH = WIDTH - LABEL_WIDTH - NUMBER_WIDTH
const ROW_HEIGHT = 26
const BAR_HEIGHT = 14
const GROUP_HEIGHT = 34

/** Bytes of each type's lines, before above after; types that occur only inside others have none. */
export function bytesChart(all: readonly TypeSummary[]): Html {
  const types = all.filter(({ bytes }) => bytes.before + bytes.after > 0)
  const most = Math.max(1, ...types.flatMap(({ bytes }) => [bytes.before, bytes.after]))
  const rows = types.map(({ type, bytes }, at) => {
    const top = at * GROUP_HEIGHT
    return html`${label(type, top + 18)}
      ${bar('before', { left: 0, share: bytes.before / most, top: top + 3, height: 11 })}
      ${bar('after', { left: 0, share: bytes.after / most, top: top + 16, height: 11 })}
      ${number(`${printedBytes(bytes.before)} → ${printedBytes(bytes.after)}`, top + 18)}`
  })
  return chart('Bytes of each type, before and after', types.length * GROUP_HEIGHT, rows)
}

export function resourcesChart(types: readonly TypeSummary[]): Html {
  const most = Math.max(1, ...types.map(({ resources }) => resources))
  const rows = types.map(({ type, resources }, at) => {
    const top = at * ROW_HEIGHT
    const place = { left: 0, share: resources / most, top: top + 5, height: BAR_HEIGHT }
    return html`${label(type, top + 17)}${bar('after', place)}${number(printedCount(resources), top + 17)}`
  })
  return chart('Resources of each type', types.length * ROW_HEIGHT, rows)
}

/** The shares of each type's values that were kept, changed, removed and added; all bars are equally long. */
export function valuesChart(types: readonly TypeSummary[]): Html {
  const rows = types.map(({ type, values }, at) => {
    const top = at * ROW_HEIGHT
    const whole = CHANGES.reduce((sum, change) => sum + values[change], 0)
    let left = 0
    const bars = CHANGES.filter((change) => values[change] > 0).map((change) => {
      const share = values[change] / whole
      const drawn = bar(change, { left, share, top: top + 5, height: BAR_HEIGHT })
      left += share
      return drawn
    })
    const text = `${printedShare(values.kept, whole)} kept of ${printedCount(whole)}`
    return html`${label(type, top + 17)}${bars}${number(text, top + 17)}`
  })
  return chart('Values kept, changed, removed and added in each type', types.length * ROW_HEIGHT, rows)
}

const chart = (title: string, height: number, rows: readonly Html[]): Html =>
  html`<div class="scroll"><svg viewBox="0 0 ${WIDTH} ${Math.max(height, ROW_HEIGHT)}" role="img" aria-label="${title}; the table of types has the numbers"><title>${title}</title>
${rows}</svg></div>`

/** A name that is too long for its place is drawn narrower. */
function label(text: string, baseline: number): Html {
  const fit =
    text.length > 26 ? html` textLength="${LABEL_WIDTH - 12}" lengthAdjust="spacingAndGlyphs"` : html``
  return html`<text x="${LABEL_WIDTH - 10}" y="${baseline}" text-anchor="end"${fit}>${text}</text>`
}

const number = (text: string, baseline: number): Html =>
  html`<text class="axis" x="${WIDTH - NUMBER_WIDTH + 10}" y="${baseline}">${text}</text>`

/** `left` and `share` are parts of the longest bar. */
function bar(
  kind: string,
  place: { readonly left: number; readonly share: number; readonly top: number; readonly height: number },
): Html {
  const x = (LABEL_WIDTH + place.left * BAR_WIDTH).toFixed(1)
  const width = Math.max(place.share > 0 ? 1 : 0, place.share * BAR_WIDTH).toFixed(1)
  return html`<rect class="${kind}" x="${x}" y="${place.top}" width="${width}" height="${place.height}"/>`
}
