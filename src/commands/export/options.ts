import { ANONYMIZE_OPTIONS } from '../anonymize/options.js'
import { SERVER_OPTIONS } from '../server-options.js'
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
  to: maybe('--to <store>', 'folder, or address of a container or prefix, for the outputs', asText),
  config: maybe(
    '-c, --config <file>',
    'anonymizer configuration in the format of the Microsoft tool: a file, an address or the name of a preset',
    asText,
  ),
  raw: flag('--raw', 'store the files as they arrive, without anonymizing them (patient data!)'),
  auth: SERVER_OPTIONS.auth,
  level: maybe(
    '--level <level>',
    'what to export: system, patient or group',
    asChoice('system', 'patient', 'group'),
    {
      fallbackText: 'group with --group, patient with --patient, else system',
    },
  ),
  group: maybe('--group <id>', 'id of the Group whose members to export', asText),
  type: many('--type <types>', '_type: resource types, separated by commas', asList),
  since: maybe('--since <instant>', '_since: only resources changed after this time', asInstant),
  until: maybe('--until <instant>', '_until: only resources changed before this time', asInstant),
  typeFilter: many('--type-filter <query>', '_typeFilter: a search such as Observation?status=final', asText),
  elements: many('--elements <names>', '_elements: elements to export, separated by commas', asList),
  patient: many('--patient <reference>', 'patient: export only this patient (sent by POST)', asText),
  includeAssociatedData: many('--include-associated-data <code>', 'includeAssociatedData', asText),
  outputFormat: maybe('--output-format <type>', '_outputFormat', asText, { fallbackText: "the server's" }),
  organizeOutputBy: maybe('--organize-output-by <type>', 'organizeOutputBy: a resource type', asText),
  container: maybe(
    '--container <name>',
    "_container: container that Azure's server writes the files to",
    asText,
  ),
  format: maybe('--format <name>', '_format: name of a file layout, for --container', asText),
  parameter: many('--param <name=value>', 'any other parameter, passed on unchanged', asParameter),
  post: flag('--post', 'start by POST instead of GET'),
  lenient: flag('--lenient', 'let the server ignore parameters that it does not support'),
  pollInterval: withDefault(
    '--poll-interval <seconds>',
    'time between status calls if the server does not say when to return',
    asCount(1, DAY_SECONDS),
    300,
  ),
  pollLimit: withDefault(
    '--poll-limit <minutes>',
    'how long to wait for the job; run again to continue waiting',
    asCount(1, 365 * 24 * 60),
    24 * 60,
  ),
  outageLimit: SERVER_OPTIONS.outageLimit,
  silence: SERVER_OPTIONS.silence,
  downloads: withDefault('--downloads <count>', 'files to download at once', asCount(1, 64), 4),
  onMismatch: withDefault(
    '--on-mismatch <action>',
    'what to do if the count or type of a file differs from the manifest: fail or warn',
    asChoice('fail', 'warn'),
    'fail',
  ),
  onServerErrors: withDefault(
    '--on-server-errors <action>',
    'what to do if the server could not export some resources: fail (exit 3 after delivering the rest) or warn',
    asChoice('fail', 'warn'),
    'fail',
  ),
  allowEmpty: flag('--allow-empty', 'exit with 0 even if a full export contains no resources'),
  onInterrupt: withDefault(
    '--on-interrupt <action>',
    "what to do with the server's job on SIGINT or SIGTERM: keep it to resume later or cancel it",
    asChoice('keep', 'cancel'),
    'keep',
  ),
  trustOrigin: SERVER_OPTIONS.trustOrigin,
  restart: flag('--restart', 'cancel the unfinished export of this output, or replace the finished one'),
  cancel: flag('--cancel', 'cancel the unfinished export of this output and exit'),
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
  zstd: ANONYMIZE_OPTIONS.zstd,
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
  summary: 'Exports from a FHIR server ($export) and anonymizes the files as they download.',
  details:
    'Starts an export job, waits for it, streams its files through the anonymizer into the output, and deletes the job. ' +
    'Raw data is never stored unless --raw is given. If an export is killed or interrupted, run it again: it resumes ' +
    "the same job. A complete export is not repeated. The server's messages about resources that it could not export " +
    'are counted; their texts are kept in <output>.sluice/.',
  options: EXPORT_OPTIONS,
  examples: [
    ['sluice export --from https://fhir.example.org/r4 --to lake/2026-11-21 -c safe-harbor-r4', 'everything'],
    [
      'sluice export --from https://fhir.example.org/r4 --group cohort-1 --type Patient,Condition --auth auth.json --to out -c config.json',
      'two types of a group, from a server that requires a token',
    ],
  ],
} as const
