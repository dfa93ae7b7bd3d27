import { explainableConfig } from '../../config/anonymizer/lint-config.js'
import { checkReplaceable } from '../../storage/folder/replaceable-file.js'
import { placeOf } from '../../storage/open.js'
import type { Terminal } from '../display/terminal.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { required, usage } from '../shared-options.js'
import { readConfigAt, storeAccess } from '../store-access.js'
import { csvLines, explanationData } from './data.js'
import { type Explanation, explanationOf } from './explanation.js'
import { foldedRows } from './folded-rows.js'
import { hasFilter, hasPart, passes } from './leaf-filter.js'
import { EXPLAIN, type ExplainValues } from './options.js'
import { writeExplanationPage } from './page/page.js'
import { rowsText, summaryText } from './text.js'

/** `sluice explain`. Throws CONFIG_INVALID, USAGE, SINK_*. */
export async function explain(values: ExplainValues, terminal: Terminal): Promise<ExitCode> {
  const address = required(values.config, EXPLAIN.options.config)
  const { html, json, csv, fhirVersion, path } = values
  if (json && csv) throw usage('--json and --csv exclude each other')
  if (html !== undefined)
    await checkReplaceable({ path: html, option: '--html', begins: /^<!doctype html/i, apartFrom: [] })
  const { raw, baseFolder } = await readConfigAt(address, storeAccess(terminal))
  // A list needs only one type; the summary, the document and the page show all of them.
  const type = json || html !== undefined ? undefined : (values.type ?? path?.split('.', 1)[0])
  const verdict = explainableConfig(raw, { fhirVersion, baseFolder })
  const explanation = explanationOf(verdict, { open: path, type })
  checkNames(values, explanation)
  const shown = explanation.leaves.filter((leaf) => passes(leaf, values))
  if (html !== undefined)
    await writeExplanationPage(html, explanation, { config: placeOf(address), shown, some: hasPart(values) })
  if (json) terminal.print(JSON.stringify(explanationData(placeOf(address), explanation, shown)))
  else if (csv) csvLines(shown).forEach(terminal.print)
  else {
    const lines = hasFilter(values)
      ? rowsText(foldedRows(shown, { some: hasPart(values) }))
      : summaryText(explanation)
    lines.forEach(terminal.print)
    if (html !== undefined) terminal.print(`page: ${html}`)
  }
  return EXIT.delivered
}

/** A name that nothing has would look like a configuration that keeps nothing. */
function checkNames({ type, path }: ExplainValues, { leaves, fhirVersion }: Explanation): void {
  if (type !== undefined && !leaves.some(({ resource }) => resource === type))
    throw usage(`--type names no resource type of ${fhirVersion}`)
  if (path !== undefined && !leaves.some((leaf) => passes(leaf, { ...NO_FILTER, path })))
    throw usage(
      `--path names no element of ${fhirVersion}; it begins with a resource type, such as Patient.name`,
    )
}

const NO_FILTER = { type: undefined, kept: false, kind: undefined, identifier: undefined }
