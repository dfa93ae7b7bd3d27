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
    'folder of NDJSON, or container or prefix in Azure storage, that is served',
    asText,
  ),
  port: withDefault('--port <port>', 'port to listen on; 0 for any', asCount(0, 65535), 8080),
  host: withDefault(
    '--host <address>',
    'address to listen on; any but loopback lets other machines connect',
    asText,
    '127.0.0.1',
  ),
  baseUrl: maybe(
    '--base-url <url>',
    'base address that clients use, for example behind a proxy that ends TLS',
    asBaseUrl,
    {
      fallbackText: 'http://<host>:<port>/fhir',
    },
  ),
  allowHost: many(
    '--allow-host <name>',
    'another host name that clients use for the server; requests for any other are refused',
    asHostName,
    { fallbackText: 'loopback names, --host and the host of --base-url' },
  ),
  trustProxy: many(
    '--trust-proxy <addresses>',
    'addresses or CIDR ranges of proxies, separated by commas, whose X-Forwarded-For is trusted',
    asAddressRanges,
    { fallbackText: 'none' },
  ),
  state: maybe('--state <folder>', 'jobs, their files and the index; one server at a time', asText, {
    fallbackText: '<data>.sluice-serve',
  }),
  outputs: maybe(
    '--outputs <store>',
    'root of the containers that anonymized exports are written to: folder, or container or prefix in Azure storage',
    asText,
    {
      fallbackText: 'off: no anonymized exports',
    },
  ),
  configs: maybe(
    '--configs <store>',
    'anonymizer configurations, by file name; or the name of one preset',
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
  audience: maybe('--audience <name>', 'audience that the tokens must have', asText),
  tokenUrl: maybe('--token-url <url>', "the issuer's token endpoint, for the discovery document", asUrl),
  maxJobs: withDefault('--max-jobs <count>', 'exports that run at once; others wait', asCount(1, 64), 2),
  maxQueued: withDefault(
    '--max-queued <count>',
    'unfinished exports of all clients',
    asCount(1, 100_000),
    1000,
  ),
  maxPerClient: withDefault(
    '--max-per-client <count>',
    'unfinished exports of one client',
    asCount(1, 100_000),
    20,
  ),
  pollsPerMinute: withDefault(
    '--polls-per-minute <count>',
    'status calls for one export',
    asCount(1, 60_000),
    60,
  ),
  expireHours: withDefault(
    '--expire-hours <hours>',
    'how long the files of a finished export are kept',
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
  workers: maybe('--workers <count>', 'worker threads of one anonymized export', asCount(1, 1024), {
    fallbackText: 'one per core that this process may use',
  }),
  memoryBudget: maybe(
    '--memory-budget <size>',
    'bytes of data in flight in one anonymized export',
    asByteCount('16MiB'),
    {
      fallbackText: 'from the available memory and workers',
    },
  ),
  verbose: flag('-v, --verbose', 'more events on stderr'),
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
  summary: 'Serves a store of NDJSON as a FHIR Bulk Data provider that can anonymize what it hands out.',
  details:
    'Exports of the system, of all patients and of groups (FHIR Bulk Data Access 2). With _anonymizationConfig and ' +
    '_container an export is anonymized and written below --outputs. Jobs are kept in the state folder: a ' +
    'restarted server resumes them. SIGTERM ends it: downloads have ten seconds, jobs stop where they can be resumed.',
  options: SERVE_OPTIONS,
  examples: [
    ['sluice serve --data export/', 'serves a folder on http://127.0.0.1:8080/fhir'],
    [
      'sluice serve --data export/ --outputs lake/ --configs configs/ --clients clients.json --host 0.0.0.0 --base-url https://fhir.example.org/r4',
      'anonymizes into lake/<container>, for registered clients only, behind a proxy that ends TLS',
    ],
  ],
} as const
