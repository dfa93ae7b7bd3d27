import { ANONYMIZE_OPTIONS } from '../anonymize/options.js'
import { asChoice, asCount, asText, flag, many, maybe, type Values, withDefault } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const DAY_SECONDS = 86_400

const asInstant = (text: string): string => {
  if (
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ||
    Number.isNaN(Date.parse(text))
  )
    throw new Error('must be a time with its zone, such as 2026-11-01T00:00:00Z')
  return text
}

const asParameter = (text: string): readonly [name: string, value: string] => {
  const equals = text.indexOf('=')
  if (equals < 1) throw new Error('must be name=value')
  return [text.slice(0, equals), text.slice(equals + 1)]
}

/** Values joined by commas, as the server's own parameters have them. */
const asList = (text: string): readonly string[] => {
  const names = text.split(',').map((name) => name.trim())
  if (names.includes('')) throw new Error('must be names with commas between them')
  return names
}

export const EXPORT_OPTIONS = {
  from: maybe('--from <address>', 'FHIR base address of the server', asText),
  to: maybe(
    '--to <store>',
    'folder, container or prefix in it for the outputs; state is kept beside it',
    asText,
  ),
  config: maybe(
    '-c, --config <file>',
    'anonymizer configuration in the format of the Microsoft tool: a file, an address or the name of a preset',
    asText,
  ),
  raw: flag('--raw', 'keep the files as they arrive, not anonymized (patient data!)'),
  auth: maybe('--auth <file>', 'authentication file; docs/export.md has examples', asText, {
    fallbackText: 'none',
  }),
  level: maybe(
    '--level <level>',
    'what to export: system, patient or group',
    asChoice('system', 'patient', 'group'),
    {
      fallbackText: 'group with --group, patient with --patient, else system',
    },
  ),
  group: maybe('--group <id>', 'the Group whose members are exported', asText),
  type: many('--type <types>', '_type: resource types, with commas', asList),
  since: maybe('--since <instant>', '_since: only what changed after', asInstant),
  until: maybe('--until <instant>', '_until: only what changed before', asInstant),
  typeFilter: many('--type-filter <query>', '_typeFilter: a search such as Observation?status=final', asText),
  elements: many('--elements <names>', '_elements: elements to export, with commas', asList),
  patient: many('--patient <reference>', 'patient: only this one (by POST)', asText),
  includeAssociatedData: many('--include-associated-data <code>', 'includeAssociatedData', asText),
  outputFormat: maybe('--output-format <type>', '_outputFormat', asText, { fallbackText: "the server's" }),
  organizeOutputBy: maybe('--organize-output-by <type>', 'organizeOutputBy: a resource type', asText),
  container: maybe('--container <name>', "_container: Azure's server writes the files there itself", asText),
  format: maybe('--format <name>', "_format: name of a layout, for Azure's --container", asText),
  parameter: many('--param <name=value>', 'any other parameter, passed on as it is', asParameter),
  post: flag('--post', 'start by POST instead of GET'),
  lenient: flag('--lenient', 'let the server ignore parameters that it does not support'),
  pollInterval: withDefault(
    '--poll-interval <seconds>',
    'between two looks at the job where the server names no time',
    asCount(1, DAY_SECONDS),
    300,
  ),
  pollLimit: withDefault(
    '--poll-limit <minutes>',
    'how long to wait for the job; running again continues to wait',
    asCount(1, 365 * 24 * 60),
    24 * 60,
  ),
  outageLimit: withDefault(
    '--outage-limit <minutes>',
    'how long to retry while the server fails (then exit 5); running again resumes',
    asCount(1, 365 * 24 * 60),
    30,
  ),
  silence: withDefault(
    '--silence <seconds>',
    'how long the server may be silent before a connection counts as lost',
    asCount(1, DAY_SECONDS),
    60,
  ),
  downloads: withDefault('--downloads <count>', 'files downloaded at once', asCount(1, 64), 4),
  onMismatch: withDefault(
    '--on-mismatch <action>',
    'what to do when the count or type of a file differs from the manifest: fail, or warn',
    asChoice('fail', 'warn'),
    'fail',
  ),
  onServerErrors: withDefault(
    '--on-server-errors <action>',
    'what to do when the server could not export some resources: fail (exit 3, all else is delivered), or warn',
    asChoice('fail', 'warn'),
    'fail',
  ),
  allowEmpty: flag('--allow-empty', 'exit 0 even if a full export contains no resources'),
  onInterrupt: withDefault(
    '--on-interrupt <action>',
    "what to do with the server's job on SIGINT or SIGTERM: keep it to resume later, or cancel it",
    asChoice('keep', 'cancel'),
    'keep',
  ),
  trustOrigin: many('--trust-origin <origin>', "another origin that may receive the server's token", asText),
  restart: flag('--restart', 'cancel the unfinished export of this output, or replace the finished one'),
  cancel: flag('--cancel', 'only cancel the unfinished export of this output'),
  fhirVersion: ANONYMIZE_OPTIONS.fhirVersion,
  asOf: ANONYMIZE_OPTIONS.asOf,
  allowRandomKeys: ANONYMIZE_OPTIONS.allowRandomKeys,
  allowWeakKeys: ANONYMIZE_OPTIONS.allowWeakKeys,
  onBadLine: ANONYMIZE_OPTIONS.onBadLine,
  quarantineContent: ANONYMIZE_OPTIONS.quarantineContent,
  quarantineExit: ANONYMIZE_OPTIONS.quarantineExit,
  maxQuarantined: ANONYMIZE_OPTIONS.maxQuarantined,
  workers: ANONYMIZE_OPTIONS.workers,
  memoryBudget: ANONYMIZE_OPTIONS.memoryBudget,
  maxLineBytes: ANONYMIZE_OPTIONS.maxLineBytes,
  gzip: ANONYMIZE_OPTIONS.gzip,
  layout: ANONYMIZE_OPTIONS.layout,
  createContainer: ANONYMIZE_OPTIONS.createContainer,
  state: ANONYMIZE_OPTIONS.state,
  overwrite: ANONYMIZE_OPTIONS.overwrite,
  metricsPort: ANONYMIZE_OPTIONS.metricsPort,
  metricsFile: ANONYMIZE_OPTIONS.metricsFile,
  verbose: ANONYMIZE_OPTIONS.verbose,
  json: JSON_OPTION,
}

export type ExportValues = Values<typeof EXPORT_OPTIONS>

export const EXPORT = {
  name: 'export',
  summary: 'Exports from a FHIR server ($export) and anonymizes the files while they are downloaded.',
  details:
    'Starts the job, waits for it, streams its files through the anonymizer into the output and releases the job. ' +
    'Raw data is never stored, unless --raw asks for it. If it is killed or interrupted, run it again: it resumes the ' +
    "same job. If it is complete, it says so and does nothing. The server's messages about what it " +
    'could not export are counted; their texts are kept in <output>.sluice/.',
  options: EXPORT_OPTIONS,
  examples: [
    ['sluice export --from https://fhir.example.org/r4 --to lake/2026-11-21 -c safe-harbor-r4', 'all'],
    [
      'sluice export --from https://fhir.example.org/r4 --group cohort-1 --type Patient,Condition --auth auth.json --to out -c config.json',
      'two types of a group, from a server that wants a token',
    ],
  ],
} as const
