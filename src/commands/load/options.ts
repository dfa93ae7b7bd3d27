import { ANONYMIZE_OPTIONS } from '../anonymize/options.js'
import { SERVER_OPTIONS } from '../server-options.js'
import {
  asByteCount,
  asChoice,
  asCount,
  asText,
  flag,
  maybe,
  type Values,
  withDefault,
} from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'
import { IMPORT_OPTIONS } from './import-options.js'
import { MANIFEST_OPTIONS } from './manifest/options.js'
import { WATCH_OPTIONS } from './watch-options.js'

const asStatuses = (text: string): readonly number[] => {
  const statuses = text.split(',').map((part) => (/^\s*4\d\d\s*$/.test(part) ? Number(part) : 0))
  if (statuses.includes(0)) throw new Error('must be statuses from 400 to 499 with commas between them')
  return statuses
}

export const LOAD_OPTIONS = {
  to: maybe('--to <address>', 'FHIR base address of the server', asText),
  ...SERVER_OPTIONS,
  // A server answers a Bundle when it has stored all of it.
  silence: { ...SERVER_OPTIONS.silence, fallback: 240 },
  method: withDefault(
    '--method <method>',
    'put: PUT every resource by its id; post: let the server assign ids to entries without a request of their own',
    asChoice('put', 'post'),
    'put',
  ),
  order: withDefault(
    '--order <order>',
    'input: keep the order of the files; types: load referenced types first, for servers that check references',
    asChoice('input', 'types'),
    'input',
  ),
  splitTransactions: flag(
    '--split-transactions',
    'split transactions that are larger than a bundle; they are then no longer all-or-nothing',
  ),
  keepVersions: flag('--keep-versions', 'send meta.lastUpdated and meta.versionId instead of dropping them'),
  batchSize: withDefault('--batch-size <count>', 'maximum entries in a bundle', asCount(1, 10_000), 500),
  batchBytes: withDefault(
    '--batch-bytes <size>',
    'maximum size of a bundle',
    asByteCount('1KiB'),
    8 * 2 ** 20,
    {
      fallbackText: '8MiB',
    },
  ),
  connections: withDefault('--connections <count>', 'maximum concurrent requests', asCount(1, 128), 8),
  retryStatus: withDefault(
    '--retry-status <statuses>',
    'entry statuses to retry, besides 408, 424, 429 and 5xx, separated by commas: 409,412',
    asStatuses,
    [],
    { fallbackText: 'none' },
  ),
  processing: maybe(
    '--processing <logic>',
    "x-bundle-processing-logic of Azure's servers: parallel or sequential",
    asChoice('parallel', 'sequential'),
    { fallbackText: "the server's" },
  ),
  retryErrors: flag(
    '--retry-errors',
    'retry entries that the server refused or that were not sent; ambiguous entries are never sent again',
  ),
  allowEmpty: flag('--allow-empty', 'exit with 0 even if the source contains nothing to load'),
  ...MANIFEST_OPTIONS,
  ...IMPORT_OPTIONS,
  ...WATCH_OPTIONS,
  state: maybe(
    '--state <place>',
    'where to keep the audit and error logs: a folder or an address outside the source',
    asText,
    { fallbackText: '<source>.load/, or load/ in the container <container>-sluice' },
  ),
  config: maybe(
    '-c, --config <file>',
    'anonymize on the way: a configuration file, an address or the name of a preset',
    asText,
  ),
  fhirVersion: ANONYMIZE_OPTIONS.fhirVersion,
  asOf: ANONYMIZE_OPTIONS.asOf,
  allowRandomKeys: ANONYMIZE_OPTIONS.allowRandomKeys,
  allowWeakKeys: ANONYMIZE_OPTIONS.allowWeakKeys,
  workers: ANONYMIZE_OPTIONS.workers,
  verbose: ANONYMIZE_OPTIONS.verbose,
  json: JSON_OPTION,
}

export type LoadValues = Values<typeof LOAD_OPTIONS>

export const LOAD = {
  name: 'load',
  summary: 'Loads Bundles, resources and NDJSON into a FHIR server.',
  details:
    'A source is a folder, a file, or the address of a container or a prefix in it. It holds Bundles, single resources ' +
    'and NDJSON, as they are, compressed or in zip archives; or it is a Bulk Data manifest, whose files are loaded. Resources are PUT by their ids in batches; transactions stay ' +
    'whole. Transient failures are retried, at the pace that the server can sustain.\n\n' +
    'Every entry ends loaded, failed or ambiguous: sent, without an answer, and not safe to be sent again. The state keeps ' +
    'audit.ndjson, a line for each bundle, and errors.ndjson, a line for each entry that was not loaded; its texts come from ' +
    'the server and may name patients. With --via import, NDJSON is staged and the server loads it as a job of its own; ' +
    'each line that it refuses is traced back to the source. If a load is killed or interrupted, run it again: it resumes. Exit code 10: some ' +
    'entries are not loaded.',
  words: '<sources...>',
  options: LOAD_OPTIONS,
  examples: [
    ['sluice load export/ --to https://fhir.example.org/r4', 'a folder'],
    [
      'sluice load azurite://bundles --to https://fhir.example.org/r4 --auth auth.json --order types',
      'a container, into a server that requires a token and checks references',
    ],
    [
      'sluice load export/ --to https://fhir.example.org/r4 --retry-errors',
      'retry failed entries after correcting them',
    ],
    [
      'sluice load export/ --to https://fhir.example.org/r4 --auth auth.json --via import --stage https://account.blob.core.windows.net/staging',
      "through Azure's $import, from a container of the storage account that the server reads",
    ],
    [
      'sluice load export/ --to http://hapi.internal/fhir --via import --stage staged/ --serve-at 10.0.0.7:8090',
      "through HAPI's $import, which fetches the files from this machine",
    ],
    [
      'sluice load azurite://bundles azurite://ndjson azurite://zip --to https://fhir.example.org/r4 --watch --move',
      'load files as they arrive in three containers, as FHIR Loader does',
    ],
  ],
} as const
