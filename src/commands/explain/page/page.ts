import { createHash } from 'node:crypto'
import { Html, html } from '../../../diff/page/html.js'
import { STYLE } from '../../../diff/page/style.js'
import type { IdentifiedLeaf } from '../../../rules/explain/coverage-table.js'
import { writing } from '../../../storage/folder/file-errors.js'
import { writeWhole } from '../../../storage/folder/folder-files.js'
import type { Explanation } from '../explanation.js'
import { foldedRows } from '../folded-rows.js'
import { SCRIPT } from './script.js'
import { claim, elements, figures, identifiers, ruleTable } from './sections.js'
import { EXPLAIN_STYLE } from './style.js'

export interface ShownPart {
  readonly config: string
  readonly shown: readonly IdentifiedLeaf[]
  /** Whether these are only some of the leaves in the elements. */
  readonly some: boolean
}

const READABLE = 0o666

/** Writes the page. Throws SINK_FULL, SINK_UNWRITABLE. */
export async function writeExplanationPage(
  file: string,
  explanation: Explanation,
  part: ShownPart,
): Promise<void> {
  const text = explanationPage(explanation, part, new Date())
  await writing(file, () => writeWhole(file, text, READABLE))
}

// Nothing is loaded, and only the page's own script runs.
const SCRIPT_DIGEST = createHash('sha256').update(SCRIPT).digest('base64')
const POLICY = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${SCRIPT_DIGEST}'; base-uri 'none'; form-action 'none'`

/** The whole page: one file, no request. */
const explanationPage = (
  explanation: Explanation,
  { config, shown, some }: ShownPart,
  madeAt: Date,
): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${new Html(POLICY)}">
<title>What becomes of each element</title>
<style>${new Html(STYLE)}${new Html(EXPLAIN_STYLE)}</style>
</head>
<body>
<header><h1>What becomes of each element</h1>
<p class="faint">${config}, FHIR ${explanation.fhirVersion}, computed ${madeAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</p></header>
<main>
${figures(explanation)}
${claim(explanation)}
${identifiers(explanation)}
${ruleTable(explanation)}
${elements(foldedRows(shown, { some }), shown.length)}
</main>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.text
