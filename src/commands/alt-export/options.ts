import { ANONYMIZE_OPTIONS } from '../anonymize/options.js'
import { EXPORT_OPTIONS } from '../export/options.js'
import { asChoice, asCount, asText, flag, maybe, type Values, withDefault } from '../shared-options.js'

export const ALT_EXPORT_OPTIONS = {
  from: EXPORT_OPTIONS.from,
  to: EXPORT_OPTIONS.to,
  config: EXPORT_OPTIONS.config,
  raw: flag('--raw', 'store the resources as they arrive, without anonymizing them (patient data!)'),
  auth: EXPORT_OPTIONS.auth,
  all: maybe('--all <type>', 'export all resources of a type, instead of a definition', asText),
  since: maybe('--since <instant>', 'with --all: only resources changed at or after this time', asText),
  until: maybe('--until <instant>', 'with --all: only resources changed before this time', asText, {
    fallbackText: 'the start of the run',
  }),
  slices: maybe(
    '--slices <count>',
    'with --all and --since: slices of _lastUpdated, of about equal counts',
    asCount(1, 100),
    { fallbackText: '1' },
  ),
  pageCount: maybe('--page-count <count>', 'with --all: _count, the page size', asCount(1, 100_000), {
    fallbackText: '1000',
  }),
  connections: withDefault('--connections <count>', 'maximum concurrent requests', asCount(1, 256), 8),
  idsPerRequest: withDefault('--ids-per-request <count>', 'ids in one search', asCount(1, 1000), 50),
  idsPerFile: withDefault(
    '--ids-per-file <count>',
    'ids whose resources go into one file',
    asCount(1, 1_000_000),
    1000,
  ),
  splitBytes: ANONYMIZE_OPTIONS.splitBytes,
  ending: withDefault(
    '--ending <ending>',
    "names and summary as Microsoft's loader documents them (xndjson, _completed_run.xjson) or as it writes them today (ndjson, _completed_run.json)",
    asChoice('xndjson', 'ndjson'),
    'xndjson',
  ),
  lenient: EXPORT_OPTIONS.lenient,
  onMismatch: withDefault(
    '--on-mismatch <action>',
    'what to do if the pages of a search return fewer resources than the server counts: fail or warn',
    asChoice('fail', 'warn'),
    'fail',
  ),
  outageLimit: EXPORT_OPTIONS.outageLimit,
  silence: EXPORT_OPTIONS.silence,
  allowEmpty: flag('--allow-empty', 'exit with 0 even if the export contains no resources'),
  trustOrigin: EXPORT_OPTIONS.trustOrigin,
  restart: flag('--restart', 'forget the unfinished export of this output, or replace the finished one'),
  fhirVersion: EXPORT_OPTIONS.fhirVersion,
  asOf: EXPORT_OPTIONS.asOf,
  allowRandomKeys: EXPORT_OPTIONS.allowRandomKeys,
  allowWeakKeys: EXPORT_OPTIONS.allowWeakKeys,
  onBadLine: EXPORT_OPTIONS.onBadLine,
  quarantineContent: EXPORT_OPTIONS.quarantineContent,
  quarantineExit: EXPORT_OPTIONS.quarantineExit,
  maxQuarantined: EXPORT_OPTIONS.maxQuarantined,
  workers: EXPORT_OPTIONS.workers,
  memoryBudget: EXPORT_OPTIONS.memoryBudget,
  maxLineBytes: EXPORT_OPTIONS.maxLineBytes,
  gzip: EXPORT_OPTIONS.gzip,
  zstd: EXPORT_OPTIONS.zstd,
  layout: EXPORT_OPTIONS.layout,
  createContainer: EXPORT_OPTIONS.createContainer,
  state: EXPORT_OPTIONS.state,
  overwrite: EXPORT_OPTIONS.overwrite,
  metricsPort: EXPORT_OPTIONS.metricsPort,
  metricsFile: EXPORT_OPTIONS.metricsFile,
  verbose: EXPORT_OPTIONS.verbose,
  json: EXPORT_OPTIONS.json,
}

export type AltExportValues = Values<typeof ALT_EXPORT_OPTIONS>

export const ALT_EXPORT = {
  name: 'alt-export',
  summary:
    "Exports a cohort from a FHIR server by queries ($alt-export of Microsoft's loader), and anonymizes it.",
  details:
    'For servers without $export, or whose $export cannot select the patients. A query finds the patients; searches fetch their data, for groups of them ' +
    'at a time, into files named after the type. A resource that several searches return is written once. With --all, ' +
    'it exports all resources of a type, in slices by the time of their last change. Raw data is never stored unless --raw is given. If an ' +
    'export is killed or fails, run it again: finished files stay, the others are fetched again. A complete export is ' +
    'not repeated. docs/alt-export.md describes the definition.',
  words: '[definition]',
  options: ALT_EXPORT_OPTIONS,
  examples: [
    [
      'sluice alt-export cohort.json --from https://fhir.example.org/r4 --to out -c safe-harbor-r4 --auth auth.json',
      'a cohort',
    ],
    [
      'sluice alt-export --all Observation --since 2026-01-01T00:00:00Z --slices 8 --from https://fhir.example.org/r4 --to out -c safe-harbor-r4',
      'the changed resources of a type, in eight slices',
    ],
  ],
} as const
