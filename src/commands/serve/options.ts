import { FHIR_VERSIONS } from '../../fhir/version.js'
import { trustedProxies } from '../../server/http/client-address.js'
import { ANONYMIZE_OPTIONS } from '../anonymize/options.js'
import {
  asByteCount,
  asChoice,
  asCount,
  asText,
  flag,
  many,
  maybe,
  type Values,
  withDefault,
} from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const MIB = 2 ** 20

export const SERVE_OPTIONS = {
  data: maybe(
    '--data <store>',
    'NDJSON to serve: a folder, or a container or prefix in Azure storage',
    asText,
  ),
  port: withDefault('--port <port>', 'port to listen on; 0 picks a free one', asCount(0, 65535), 8080),
  host: withDefault(
    '--host <address>',
    'address to listen on; any other than loopback admits other machines',
    asText,
    '127.0.0.1',
  ),
  baseUrl: maybe(
    '--base-url <url>',
    'base address that clients use, for example behind a proxy that terminates TLS',
    asBaseUrl,
    {
      fallbackText: 'http://<host>:<port>/fhir',
    },
  ),
  allowHost: many(
    '--allow-host <name>',
    'another host name that clients may use; requests for other names are refused',
    asHostName,
    { fallbackText: 'loopback names, --host and the host of --base-url' },
  ),
  trustProxy: many(
    '--trust-proxy <addresses>',
    'addresses or CIDR ranges of proxies, separated by commas, whose X-Forwarded-For is trusted',
    asAddressRanges,
    { fallbackText: 'none' },
  ),
  state: maybe(
    '--state <folder>',
    'folder for jobs, their files and the index; used by one server at a time',
    asText,
    {
      fallbackText: '<data>.sluice-serve',
    },
  ),
  outputs: maybe(
    '--outputs <store>',
    'where anonymized exports are written: a folder, or a container or prefix in Azure storage',
    asText,
    {
      fallbackText: 'off: no anonymized exports',
    },
  ),
  configs: maybe(
    '--configs <store>',
    'folder of anonymizer configurations, chosen by file name, or the name of one preset',
    asText,
    {
      fallbackText: '<outputs>/anonymization',
    },
  ),
  allowRandomKeys: ANONYMIZE_OPTIONS.allowRandomKeys,
  allowWeakKeys: ANONYMIZE_OPTIONS.allowWeakKeys,
  onlyAnonymized: flag('--only-anonymized', 'refuse exports that are not anonymized'),
  fhirVersion: withDefault(
    '--fhir-version <version>',
    'FHIR version of the data: STU3, R4, R4B or R5',
    asChoice(...FHIR_VERSIONS),
    'R4',
  ),
  clients: maybe(
    '--clients <file>',
    'clients of the built-in token endpoint (SMART Backend Services): {"clients": [{"client_id", "scope", "jwks" or "jwks_url"}]}',
    asText,
    { fallbackText: 'off' },
  ),
  issuer: maybe('--issuer <url>', 'accept access tokens of this issuer; with --jwks and --audience', asText, {
    fallbackText: 'off',
  }),
  jwks: maybe('--jwks <place>', "file or address of the issuer's public keys", asText),
  audience: maybe('--audience <name>', 'audience that access tokens must have', asText),
  tokenUrl: maybe(
    '--token-url <url>',
    "the issuer's token endpoint, published in the discovery document",
    asUrl,
  ),
  maxJobs: withDefault('--max-jobs <count>', 'exports to run at once; others wait', asCount(1, 64), 2),
  maxQueued: withDefault(
    '--max-queued <count>',
    'maximum unfinished exports of all clients together',
    asCount(1, 100_000),
    1000,
  ),
  maxPerClient: withDefault(
    '--max-per-client <count>',
    'maximum unfinished exports of one client',
    asCount(1, 100_000),
    20,
  ),
  pollsPerMinute: withDefault(
    '--polls-per-minute <count>',
    'maximum status calls a minute for one export',
    asCount(1, 60_000),
    60,
  ),
  expireHours: withDefault(
    '--expire-hours <hours>',
    'how long to keep the files of a finished export',
    asCount(1, 8760),
    24,
  ),
  maxFileBytes: withDefault(
    '--max-file-bytes <size>',
    'start a new file after this many bytes',
    asByteCount('1MiB'),
    1024 * MIB,
    { fallbackText: '1GiB' },
  ),
  maxLineBytes: withDefault(
    '--max-line-bytes <size>',
    'leave out longer lines',
    asByteCount('1KiB'),
    64 * MIB,
    { fallbackText: '64MiB' },
  ),
  workers: maybe('--workers <count>', 'worker threads for each anonymized export', asCount(1, 1024), {
    fallbackText: 'one for each core available to this process',
  }),
  memoryBudget: maybe(
    '--memory-budget <size>',
    'maximum bytes of data in memory at once for each anonymized export',
    asByteCount('16MiB'),
    {
      fallbackText: 'derived from available memory and --workers',
    },
  ),
  imports: maybe(
    '--imports <store>',
    'folder or container for Bundles that clients post to /importbundle; `sluice load --watch` loads them',
    asText,
    { fallbackText: 'off' },
  ),
  altExportFrom: maybe(
    '--alt-export-from <address>',
    'FHIR base address that POST /$alt-export exports from, by queries',
    asUrl,
    { fallbackText: 'off: no exports by queries' },
  ),
  altExportTo: maybe(
    '--alt-export-to <store>',
    'where to write these exports, each in its own folder: a folder, or a container or prefix in Azure storage',
    asText,
  ),
  altExportAuth: maybe(
    '--alt-export-auth <file>',
    'authentication file for --alt-export-from; docs/export.md has examples',
    asText,
  ),
  altExportConfig: maybe(
    '--alt-export-config <file>',
    'anonymize these exports: a configuration file, an address or the name of a preset',
    asText,
    { fallbackText: 'resources are stored unchanged' },
  ),
  altExportTrigger: maybe(
    '--alt-export-trigger <store>',
    'folder or container where a definition can be dropped to start an export; it is moved to <store>-processed',
    asText,
    { fallbackText: 'off' },
  ),
  altExportMax: withDefault(
    '--alt-export-max <count>',
    'maximum concurrent exports by queries; more are refused with 429',
    asCount(1, 64),
    2,
  ),
  altExportHistory: withDefault(
    '--alt-export-history <days>',
    'how long a finished export by queries is remembered; its files stay',
    asCount(1, 3650),
    30,
  ),
  verbose: flag('-v, --verbose', 'log more events on stderr'),
  json: JSON_OPTION,
}

export type ServeValues = Values<typeof SERVE_OPTIONS>

function asUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new Error('must be an http or https address')
  return text
}

function asBaseUrl(text: string): string {
  const { search, hash, username } = new URL(asUrl(text))
  if (search + hash + username !== '') throw new Error('must be an address without query, fragment and user')
  return text.replace(/\/+$/, '')
}

function asHostName(text: string): string {
  if (!/^(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]+\])$/i.test(text))
    throw new Error('must be a host name without a port')
  return text
}

function asAddressRanges(text: string): readonly string[] {
  const ranges = text.split(',').map((part) => part.trim())
  trustedProxies(ranges)
  return ranges
}

export const SERVE = {
  name: 'serve',
  summary: 'Serves NDJSON as a FHIR Bulk Data provider that can anonymize its exports.',
  details:
    'Supports exports of the system, of all patients and of groups (FHIR Bulk Data Access 2). An export with ' +
    '_anonymizationConfig and _container is anonymized and written below --outputs. Jobs are kept in the state folder, ' +
    'and a restarted server resumes them. On SIGTERM, downloads get ten seconds to finish and jobs stop where they can ' +
    'be resumed.',
  options: SERVE_OPTIONS,
  examples: [
    ['sluice serve --data export/', 'serves a folder on http://127.0.0.1:8080/fhir'],
    [
      'sluice serve --state state/ --alt-export-from https://fhir.example.org/r4 --alt-export-to cohorts/',
      'exports cohorts from a FHIR server by queries (POST /$alt-export)',
    ],
    [
      'sluice serve --data export/ --outputs lake/ --configs configs/ --clients clients.json --host 0.0.0.0 --base-url https://fhir.example.org/r4',
      'anonymizes into lake/<container>, for registered clients only, behind a proxy that terminates TLS',
    ],
  ],
} as const
