import { LETTERS } from '../../rules/explain/identifiers.js'
import { VALUE_KINDS } from '../../rules/explain/kinds.js'
import { asChoice, asText, FHIR_VERSION_OPTION, flag, maybe, type Values } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const options = {
  config: maybe(
    '-c, --config <file>',
    'a configuration: a file, an address or the name of a preset',
    asText,
    { aliases: ['--configFile <file>'] },
  ),
  type: maybe('--type <type>', 'list only elements of this resource type', asText),
  path: maybe(
    '--path <path>',
    'list only this element and what is in it, such as Patient.contact; opens extensions',
    asText,
  ),
  kept: flag('--kept', 'list only elements whose values may stay'),
  kind: maybe('--kind <kind>', `list only ${VALUE_KINDS.join(', ')}`, asChoice(...VALUE_KINDS)),
  identifier: maybe(
    '--identifier <letter>',
    'list only elements that may hold this one of the 18 identifiers, A to R; T is free text',
    asChoice(...LETTERS),
  ),
  csv: flag('--csv', 'print a line for each element'),
  html: maybe('--html <file>', 'write a self-contained HTML page for those who sign', asText, {
    fallbackText: 'off',
  }),
  fhirVersion: FHIR_VERSION_OPTION,
  json: JSON_OPTION,
}

export type ExplainValues = Values<typeof options>

export const EXPLAIN = {
  name: 'explain',
  summary: 'Shows what becomes of each element, and which rule decides it.',
  details:
    'For every element of the FHIR version: the first rule that reaches it, its method, and what comes out. Needs no ' +
    'data and no keys. Where a rule has a condition, what happens otherwise is shown too. Without a filter, the ' +
    'summary shows what becomes of the 18 identifiers of Safe Harbor. See docs/explain.md.',
  options,
  examples: [
    ['sluice explain -c safe-harbor-r4', 'shows what becomes of the 18 identifiers'],
    ['sluice explain -c config.json --type Patient --kept', 'lists what may stay of patients'],
    ['sluice explain -c config.json --html explained.html', 'writes a page to read and to sign'],
  ],
} as const
