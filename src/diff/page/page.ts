import type { DiffSummary } from '../summary.js'
import { Html, html } from './html.js'
import {
  charts,
  concerns,
  elementTables,
  examples,
  figures,
  runFacts,
  typeTable,
  warnings,
} from './sections.js'
import { STYLE } from './style.js'

export interface PageFacts {
  readonly hasValues: boolean
  readonly madeAt: Date
}

// Nothing is loaded and nothing runs, whatever the data contains.
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** The whole page: one file, no script, no request. */
export const diffPage = (summary: DiffSummary, { hasValues, madeAt }: PageFacts): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${new Html(POLICY)}">
<title>What anonymizing changed</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header><h1>What anonymizing changed</h1>
<p class="faint">${summary.before} → ${summary.after}, compared ${madeAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</p></header>
<main>
${warnings(summary)}
${figures(summary)}
${concerns(summary.lookAt)}
${charts(summary.types)}
${typeTable(summary.types)}
${elementTables(summary)}
${examples(summary.examples, hasValues)}
${runFacts(summary)}
</main>
</body>
</html>
`.text
