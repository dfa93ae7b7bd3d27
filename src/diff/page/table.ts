import { type Html, html, printedCount } from './html.js'

/** A cell with a number. */
export const count = (number: number): Html =>
  html`<td class="number">${number === 0 ? '·' : printedCount(number)}</td>`

/** Heads that begin with `#` are those of numbers. */
export function table(heads: readonly string[], rows: readonly Html[]): Html {
  const cells = heads.map((head) =>
    head.startsWith('#')
      ? html`<th scope="col" class="number">${head.slice(1)}</th>`
      : html`<th scope="col">${head}</th>`,
  )
  return html`<div class="scroll"><table><thead><tr>${cells}</tr></thead><tbody>${rows}</tbody></table></div>`
}
