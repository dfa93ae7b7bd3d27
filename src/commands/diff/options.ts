import { asCount, asText, flag, maybe, type Values } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const options = {
  html: maybe('--html <file>', 'write a self-contained HTML page with charts and tables', asText, {
    fallbackText: 'off',
  }),
  showValues: flag('--show-values', 'show values (patient data!) instead of their kinds'),
  limit: maybe('--limit <count>', 'how many pairs of resources to show', asCount(0, 1000), {
    fallbackText: '3, one of each type on the page',
  }),
  type: maybe('--type <type>', 'compare only lines that are resources of this type', asText),
  item: maybe('--item <name>', 'compare only this file, given relative to <before>', asText),
  line: maybe('--line <number>', 'compare only this line of each file, counted from 1', asCount(1, 1e15)),
  state: maybe('--state <path>', 'folder or address where the run kept its state', asText, {
    fallbackText: '<after>.sluice, or the container <container>-sluice',
  }),
  json: JSON_OPTION,
}

export type DiffValues = Values<typeof options>

export const DIFF = {
  name: 'diff',
  summary: 'Compares an export before and after anonymizing, resource by resource.',
  details:
    'Files and lines are paired by the records of the run that made the output, never by ids. The report shows which ' +
    'elements were kept, changed (with the method, where it can be determined), removed and added; some resources as ' +
    'tables; and which names, addresses, telecoms, identifiers and texts are unchanged. It shows the kinds of values, ' +
    'not the values. An unchanged value is not an error. Exit code 10: some lines have no counterpart because they were ' +
    'quarantined.',
  words: '<before> <after>',
  options,
  examples: [
    ['sluice diff export/ anonymized/', 'shows three resources, then counts'],
    ['sluice diff export/ anonymized/ --html report.html', 'writes a page to review before a release'],
    ['sluice diff export/ anonymized/ --type Patient --limit 10 --show-values', 'shows ten patients'],
  ],
} as const
