import { reasonText } from '../../../config/anonymizer/claim-check.js'
import { type Html, html, printedCount, printedShare } from '../../../diff/page/html.js'
import { count, table } from '../../../diff/page/table.js'
import { COVERAGES, type Coverage, coverageOf } from '../../../rules/explain/coverage-table.js'
import type { Explanation } from '../explanation.js'
import { type FoldedRow, whatText } from '../folded-rows.js'
import { COVERAGE_COLUMNS } from '../text.js'

/** Class of each fate in the style sheet. */
const CLASSES: Readonly<Record<Coverage, string>> = {
  'not examined': 'unseen',
  'kept otherwise': 'kept',
  'kept codes': 'codes',
  transformed: 'transformed',
  removed: 'removed',
}

/** The numbers to see first. */
export function figures({ leaves, supports }: Explanation): Html {
  const counts = new Map<Coverage, number>()
  for (const leaf of leaves) {
    const coverage = coverageOf(leaf)
    if (coverage !== undefined) counts.set(coverage, (counts.get(coverage) ?? 0) + 1)
  }
  const items = COVERAGE_COLUMNS.map((coverage) => {
    const count = counts.get(coverage) ?? 0
    return html`<li class="${CLASSES[coverage]}"><strong>${printedShare(count, leaves.length)}</strong>${printedCount(count)} elements ${coverage}</li>`
  })
  return html`<ul class="figures">
<li><strong>${printedCount(leaves.length)}</strong>elements of the FHIR version</li>
<li><strong>${supports.atMost}</strong>the strongest claim that the rules support</li>
${items}</ul>`
}

/** Why the rules support no stronger claim. */
export function claim({ supports }: Explanation): Html {
  const { atMost, reasons } = supports
  const list = reasons.map(
    (reason) => html`<tr><th scope="row">at most ${reason.claim}</th><td>${reasonText(reason)}</td></tr>\n`,
  )
  const body =
    list.length === 0
      ? html`<p>Nothing in the rules speaks against it.</p>`
      : table(['claim', 'because'], list)
  return html`<section id="claim"><h2>The rules support at most: ${atMost}</h2>
<p class="faint">Computed from the rules, without data. This is no verdict: data may hold what its elements do not say, and what recipients know is not in the rules.</p>
${body}</section>`
}

const MAX_PATHS = 60

/** What becomes of the 18 identifiers. */
export function identifiers({ coverage }: Explanation): Html {
  const rows = coverage.map(
    ({ identifier, name, paths }) =>
      html`<tr><th scope="row">${identifier} ${name}</th>${COVERAGE_COLUMNS.map((column) => count(paths[column].length))}</tr>\n`,
  )
  const folds = coverage.map(({ identifier, name, paths }) => {
    const lists = COVERAGES.filter((column) => paths[column].length > 0).map((column) => {
      const shown = paths[column].slice(0, MAX_PATHS).map((path) => html`<li><code>${path}</code></li>`)
      const left = paths[column].length - MAX_PATHS
      const more = left > 0 ? html`<li class="faint">and ${printedCount(left)} more</li>` : html``
      return html`<h4>${column}: ${printedCount(paths[column].length)}</h4><ul class="paths">${shown}${more}</ul>`
    })
    return html`<details><summary><strong>${identifier}</strong> ${name}</summary><div class="inner">${lists}</div></details>\n`
  })
  return html`<section><h2>The 18 identifiers of Safe Harbor</h2>
<p class="faint">Numbers of elements that may hold each, counted where their weakest fate is. "Not examined": no rule reaches them, so they stay.</p>
${table(['identifier', ...COVERAGE_COLUMNS.map((column) => `#${column}`)], rows)}${folds}</section>`
}

/** The rules, with the number of elements that each is the first to reach. */
export function ruleTable({ rules, leaves }: Explanation): Html {
  const counts = new Map<number, number>()
  for (const { outcomes } of leaves) {
    const number = outcomes[0]?.rule?.number
    if (number !== undefined) counts.set(number, (counts.get(number) ?? 0) + 1)
  }
  const rows = rules.map(
    ({ number, path, methodName, isBuiltIn }) =>
      html`<tr><td class="number">${isBuiltIn ? 'built in' : number}</td><th scope="row"><code>${path}</code></th><td>${methodName}</td>${count(counts.get(number) ?? 0)}</tr>\n`,
  )
  return html`<section><h2>Rules</h2><details><summary>${printedCount(rules.length)} rules, in their order</summary>${table(['#rule', 'path', 'method', '#elements'], rows)}</details></section>`
}

/** Every element of every type. */
export function elements(rows: readonly FoldedRow[], leafCount: number): Html {
  const byType = new Map<string, FoldedRow[]>()
  for (const row of rows) {
    const own = byType.get(row.resource)
    if (own === undefined) byType.set(row.resource, [row])
    else own.push(row)
  }
  const tables = [...byType].map(([type, own]) => {
    const sums = COVERAGE_COLUMNS.flatMap((coverage) => {
      const sum = own.reduce((all, row) => all + (row.coverage === coverage ? row.leafCount : 0), 0)
      return sum === 0 ? [] : [`${printedCount(sum)} ${coverage}`]
    })
    return html`<details><summary><strong>${type}</strong> <span class="faint">${sums.join(', ')}</span></summary>${table(ELEMENT_HEADS, own.map(elementRow))}</details>\n`
  })
  return html`<section><h2>Elements</h2>
<p class="faint">${printedCount(leafCount)} elements. Where all elements in another one have the same fate, it stands for them. Extensions are one element. The id and the extensions of a primitive follow its value unless they are listed.</p>
<form id="filter" hidden><input type="search" placeholder="Filter: Patient.name, rule 12, hashed …" aria-label="Filter the elements"><select aria-label="What becomes of them"><option value="">all</option>${COVERAGE_COLUMNS.map((coverage) => html`<option value="${CLASSES[coverage]}">${coverage}</option>`)}</select><output class="faint"></output></form>
<div id="elements">${tables}</div></section>`
}

const ELEMENT_HEADS = ['element', 'type, or what in it', 'what becomes of it', 'which rule decides']

function elementRow(row: FoldedRow): Html {
  const { path, fate, coverage } = row
  const kind = coverage === undefined ? '' : CLASSES[coverage]
  return html`<tr class="${kind}"><th scope="row"><code>${path}</code></th><td>${whatText(row, Number.POSITIVE_INFINITY)}</td><td class="fate">${coverage ?? 'own rules'}</td><td>${fate}</td></tr>\n`
}
