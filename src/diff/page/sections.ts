import type { Example } from '../examples.js'
import { CHANGES, type Change, changeOf, OUTCOMES } from '../outcome.js'
import type { Concern, DiffSummary, ElementSummary, TypeSummary } from '../summary.js'
import { bytesChart, resourcesChart, valuesChart } from './charts.js'
import { type Html, html, printedBytes, printedCount, printedShare } from './html.js'
import { count, table } from './table.js'

const NOTHING = html``
/** More of them are folded away. */
const MAX_CONCERNS = 15

/** The numbers to see first. */
export function figures({ lines, values, bytes }: DiffSummary): Html {
  const whole = CHANGES.reduce((sum, change) => sum + values[change], 0)
  const ofValues = CHANGES.map(
    (change) =>
      html`<li class="${change}"><strong>${printedShare(values[change], whole)}</strong>${printedCount(values[change])} values ${change}</li>`,
  )
  return html`<ul class="figures">
<li><strong>${printedCount(lines.compared)}</strong>lines compared</li>
<li><strong>${printedCount(lines.quarantined)}</strong>lines quarantined</li>
<li><strong>${printedBytes(bytes.before)}</strong>became ${printedBytes(bytes.after)}</li>
${ofValues}</ul>`
}

export const warnings = ({ warnings }: DiffSummary): Html =>
  html`${warnings.map(({ message }) => html`<p class="note" role="note">Warning: ${message}.</p>`)}`

/** What may identify a person and stayed as it was. */
export function concerns(lookAt: readonly Concern[]): Html {
  if (lookAt.length === 0)
    return html`<section><h2>Look at these</h2><p>No name, address, telecom, identifier, reference or text stayed as it was.</p></section>`
  const rows = lookAt.map(
    ({ path, why, kept }) =>
      html`<tr><th scope="row"><code>${path}</code></th><td>${why}</td>${count(kept)}</tr>\n`,
  )
  const left = rows.slice(MAX_CONCERNS)
  const more =
    left.length === 0
      ? NOTHING
      : html`<details><summary>${printedCount(left.length)} more elements</summary>${table(CONCERN_HEADS, left)}</details>`
  return html`<section class="alert"><h2>Look at these</h2>
<p>These elements may identify a person, and some of their values stayed as they were. That may be intended.</p>
${table(CONCERN_HEADS, rows.slice(0, MAX_CONCERNS))}${more}</section>`
}

const CONCERN_HEADS = ['element', 'why', '#values kept']

export function charts(types: readonly TypeSummary[]): Html {
  if (types.length === 0) return NOTHING
  return html`<section><h2>Values by type</h2>${key(CHANGES)}${valuesChart(types)}</section>
<section><h2>Bytes by type</h2>${key(['before', 'after'])}${bytesChart(types)}</section>
<section><h2>Resources by type</h2>${resourcesChart(types)}</section>`
}

const key = (kinds: readonly string[]): Html =>
  html`<ul class="key">${kinds.map((kind) => html`<li class="${kind}">${kind}</li>`)}</ul>`

export function typeTable(types: readonly TypeSummary[]): Html {
  const rows = types.map(
    ({ type, resources, bytes, values, labels }) =>
      html`<tr><th scope="row">${type}</th>${count(resources)}<td class="number">${printedBytes(bytes.before)}</td><td class="number">${printedBytes(bytes.after)}</td>${CHANGES.map((change) => count(values[change]))}<td>${listed(labels)}</td></tr>\n`,
  )
  const heads = [
    'type',
    '#resources',
    '#bytes before',
    '#bytes after',
    ...CHANGES.map((change) => `#${change}`),
    'labels',
  ]
  return html`<section><h2>Types</h2>${table(heads, rows)}</section>`
}

/** Every element of every type, with what became of its values. */
export function elementTables({ elements, types }: DiffSummary): Html {
  const byType = new Map<string, ElementSummary[]>()
  for (const element of elements) {
    const [type = ''] = element.path.split('.', 1)
    byType.set(type, [...(byType.get(type) ?? []), element])
  }
  const tables = [...byType].map(([type, ofType]) => {
    const values = types.find((summary) => summary.type === type)?.values
    const sums =
      values === undefined
        ? ''
        : CHANGES.map((change) => `${printedCount(values[change])} ${change}`).join(', ')
    return html`<details><summary><strong>${type}</strong> <span class="faint">${sums}</span></summary>${table(ELEMENT_HEADS, ofType.map(elementRow))}</details>\n`
  })
  return html`<section><h2>Elements</h2><p class="faint">Counts of values. The method is inferred from the values and the security labels.</p>${tables}</section>`
}

const ELEMENT_HEADS = ['element', 'FHIR type', ...CHANGES.map((change) => `#${change}`), 'how changed']

function elementRow({ path, fhirType, outcomes }: ElementSummary): Html {
  const sums: Record<Change, number> = { kept: 0, changed: 0, removed: 0, added: 0 }
  for (const outcome of OUTCOMES) sums[changeOf(outcome)] += outcomes[outcome] ?? 0
  const methods = Object.fromEntries(
    Object.entries(outcomes).filter(([outcome]) =>
      OUTCOMES.some((known) => known === outcome && changeOf(known) === 'changed'),
    ),
  )
  return html`<tr><th scope="row"><code>${path}</code></th><td>${fhirType}</td>${CHANGES.map((change) => count(sums[change]))}<td>${listed(methods)}</td></tr>\n`
}

export function examples(chosen: readonly Example[], hasValues: boolean): Html {
  if (chosen.length === 0) return NOTHING
  const tables = chosen.map(({ type, item, line, rows, moreCount }, at) => {
    const body = rows.map(
      ({ place, outcome, before, after }) =>
        html`<tr class="${changeOf(outcome)}"><th scope="row"><code>${place}</code></th><td class="what">${outcome}</td><td class="value">${before}</td><td class="value">${after}</td></tr>\n`,
    )
    const more =
      moreCount > 0 ? html`<p class="faint">… and ${printedCount(moreCount)} more values</p>` : NOTHING
    const open = at === 0 ? html` open` : NOTHING
    return html`<details${open}><summary><strong>${type}</strong> <span class="faint">${item}, line ${printedCount(line)}</span></summary>${table(['element', 'what', 'before', 'after'], body)}${more}</details>\n`
  })
  const about = hasValues
    ? 'This page shows values: it holds patient data.'
    : 'Values are shown as their kinds.'
  return html`<section><h2>Some resources</h2><p class="faint">${about}</p>${tables}</section>`
}

export function runFacts({ run, items, lines, before, after }: DiffSummary): Html {
  const facts: (readonly [string, string])[] = [
    ['before', before],
    ['after', after],
    ['files compared', printedCount(items.compared)],
    ['lines compared', `${printedCount(lines.compared)}, ${printedCount(lines.unchanged)} of them unchanged`],
    [
      'lines without pair',
      `${printedCount(lines.quarantined)} quarantined, ${printedCount(lines.blank)} blank, ${printedCount(lines.tooLong)} too long, ${printedCount(lines.unreadable)} unreadable`,
    ],
  ]
  if (run !== undefined)
    facts.push(
      ['fingerprint', run.fingerprint],
      ['as of', run.asOf],
      ['version', run.version],
      ['run', `${run.startedAt} to ${run.finishedAt}`],
      ['quarantined', Object.keys(run.quarantinedByCode).length > 0 ? listed(run.quarantinedByCode) : 'none'],
    )
  return html`<section><h2>The run</h2><dl class="facts">${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>\n`)}</dl></section>`
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${printedCount(count)}`)
    .join(', ')
