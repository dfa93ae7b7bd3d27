import { type CompressionFormat, LEVELS } from '../../compression/compression.js'
import { LAYOUTS } from '../../pipeline/layout.js'
import { EXIT, type QuarantineExit } from '../exit-codes.js'
import {
  asByteCount,
  asChoice,
  asCount,
  asCountOrShare,
  asDay,
  asText,
  FHIR_VERSION_OPTION,
  flag,
  maybe,
  type Values,
  withDefault,
} from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

/** `--gzip`, `--gzip 9` */
const compressionLevel = (format: CompressionFormat, description: string) => {
  const { min, max, default: bare } = LEVELS[format]
  return maybe(
    `--${format} [level]`,
    `${description}, at a level from ${min} (fastest) to ${max} (smallest)`,
    asCount(min, max),
    { bare, fallbackText: `not compressed; level ${bare} without a number` },
  )
}

const asShard = (text: string): { readonly index: number; readonly count: number } => {
  const [, number, count] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number)
  if (number === undefined || count === undefined || number < 1 || number > count)
    throw new Error('must be i/n with i from 1 to n, such as 2/8')
  return { index: number - 1, count }
}

const RANGE_STEP = 4 * 2 ** 20

const asRangeBytes = (text: string): number => {
  const bytes = asByteCount('4MiB')(text)
  if (bytes % RANGE_STEP !== 0) throw new Error('must be a multiple of 4MiB, such as 256MiB')
  return bytes
}

export const ANONYMIZE_OPTIONS = {
  input: maybe(
    '-i, --input <path>',
    'folder, file, address of a container or of a prefix or blob in it, or - for stdin',
    asText,
    {
      aliases: ['--inputFolder <path>'],
    },
  ),
  output: maybe(
    '-o, --output <path>',
    'folder, address of a container or of a prefix in it, or - for stdout',
    asText,
    {
      aliases: ['--outputFolder <path>'],
    },
  ),
  layout: maybe(
    '--layout <layout>',
    'folder for each run: dated (2026-11-21T0100Z-1f0c2a9b), dated-output (202611210100-output) or none',
    asChoice(...LAYOUTS),
    { fallbackText: 'none for folders, dated for containers' },
  ),
  createContainer: flag('--create-container', 'create the output container if it does not exist'),
  state: maybe('--state <path>', 'folder or address for checkpoints and quarantine', asText, {
    fallbackText: '<output>.sluice, or the container <container>-sluice',
  }),
  splitBytes: maybe(
    '--split-bytes <size>',
    'start a new output file at this size, between two lines: Patient-00001.ndjson and so on',
    asByteCount('1KiB'),
    { fallbackText: 'one output for each input' },
  ),
  config: maybe(
    '-c, --config <file>',
    'configuration in the format of the Microsoft tool: a file, an address or the name of a preset, such as safe-harbor-r4',
    asText,
    {
      aliases: ['--configFile <file>'],
    },
  ),
  fhirVersion: FHIR_VERSION_OPTION,
  asOf: maybe('--as-of <day>', 'reference day for ages over 89, YYYY-MM-DD', asDay, {
    fallbackText: 'the day the run starts, in UTC',
  }),
  allowRandomKeys: flag(
    '--allow-random-keys',
    'generate missing keys at random for this run, as the Microsoft tool does',
  ),
  allowWeakKeys: flag(
    '--allow-weak-keys',
    'accept keys weaker than 128 bits, and one key for two uses, to match data hashed earlier',
  ),
  onBadLine: withDefault(
    '--on-bad-line <action>',
    'what to do with a line that cannot be anonymized: quarantine it or fail the run',
    asChoice('quarantine', 'fail'),
    'quarantine',
  ),
  quarantineContent: flag(
    '--quarantine-content',
    'also keep the raw bad lines in the quarantine (patient data!), not only their positions',
  ),
  quarantineExit: withDefault(
    '--quarantine-exit <code>',
    'exit code if some lines were quarantined and the rest delivered; 0 for schedulers that treat 10 as a failure',
    (text): QuarantineExit => (asChoice('0', '10')(text) === '0' ? EXIT.delivered : EXIT.someQuarantined),
    EXIT.someQuarantined,
  ),
  maxQuarantined: maybe(
    '--max-quarantined <limit>',
    'stop before committing anything if more lines than this are bad: a count, or a share such as 0.5%',
    asCountOrShare,
    { fallbackText: 'no limit' },
  ),
  workers: maybe('--workers <count>', 'worker threads', asCount(1, 1024), {
    fallbackText: 'one for each core available to this process',
  }),
  memoryBudget: maybe(
    '--memory-budget <size>',
    'maximum bytes of data in memory at once',
    asByteCount('16MiB'),
    {
      fallbackText: 'derived from available memory and --workers',
    },
  ),
  readAhead: maybe(
    '--read-ahead <size>',
    'bytes to prefetch from blobs larger than 8MiB, in parallel ranges; on top of the memory budget',
    asByteCount('1'),
    { fallbackText: '32MiB' },
  ),
  maxLineBytes: maybe(
    '--max-line-bytes <size>',
    'quarantine longer lines without holding them in memory',
    asByteCount('1KiB'),
    { fallbackText: '64MiB, or what the memory budget allows' },
  ),
  gzip: compressionLevel('gzip', 'compress the outputs with gzip'),
  zstd: compressionLevel('zstd', 'compress the outputs with zstd; needs Node 22.15'),
  overwrite: flag('--overwrite', 'replace outputs that Sluice did not make'),
  prune: flag('--prune', 'remove outputs of earlier runs whose input files no longer exist'),
  allowEmpty: flag('--allow-empty', 'exit with 0 even if the input contains nothing to anonymize'),
  skip: flag('-s, --skip', 'skip inputs whose output already exists'),
  validateInput: flag(
    '--validateInput',
    'validate each input line completely, including what rules remove; quarantine lines that fail',
  ),
  validateOutput: flag('--validateOutput', 'validate each anonymized line; quarantine lines that fail'),
  join: flag(
    '--join',
    'work as one task of a run: start the same command any number of times, on any number of machines',
  ),
  runId: maybe(
    '--run-id <id>',
    'name of the run that tasks share; a task that finds it ended has nothing to do',
    asText,
    { fallbackText: 'the job of Slurm, Azure Batch and so on, or SLUICE_RUN_ID' },
  ),
  shard: maybe(
    '--shard <i/n>',
    'take only every n-th unit of the run, beginning with the i-th (from 1); implies --join',
    asShard,
  ),
  rangeBytes: maybe(
    '--range-bytes <size>',
    'with --join: cut larger NDJSON items into parts of this many bytes of input; a multiple of 4MiB',
    asRangeBytes,
    { fallbackText: '1GiB' },
  ),
  itemsFrom: maybe(
    '--items-from <file>',
    'take only the items named in this file (or - for stdin), one name in each line',
    asText,
  ),
  metricsPort: maybe(
    '--metrics-port <port>',
    'serve Prometheus metrics on this port of the loopback interface while running',
    asCount(0, 65535),
    { fallbackText: 'off' },
  ),
  metricsFile: maybe('--metrics-file <file>', 'write Prometheus metrics to this file at the end', asText, {
    fallbackText: 'off',
  }),
  bulkData: flag('-b, --bulkData', 'accepted for the Microsoft tool: NDJSON is recognized without it'),
  recursive: flag(
    '-r, --recursive',
    'accepted for the Microsoft tool: folders are always read with their subfolders',
  ),
  verbose: flag('-v, --verbose', 'log more events on stderr'),
  json: JSON_OPTION,
}

export type AnonymizeValues = Values<typeof ANONYMIZE_OPTIONS>

export const ANONYMIZE = {
  name: 'anonymize',
  summary: 'Anonymizes FHIR NDJSON and JSON files as they stream, on all cores.',
  details:
    'Reads .ndjson, .jsonl and .xndjson (one resource per line) and .json (one resource or Bundle), each also compressed (.gz, .zst). ' +
    'Outputs keep the names and folders of the inputs; run.json reports on the run. State and quarantine are kept ' +
    'beside the output, in <output>.sluice. If a run is killed or interrupted, run it again: finished work is not ' +
    'redone.\n\n' +
    'With --join, any number of tasks share a run: each takes what no other one holds, and the outputs are those of a run ' +
    'on one machine. Items larger than --range-bytes become several outputs, Observation-00001.ndjson and so on; ' +
    'compressed items and documents are not divided. A task ends with 0 also where lines were quarantined.\n\n' +
    'With -i -, lines go from stdin to stdout as they arrive. Such a run cannot be resumed, and if it fails, part of ' +
    'its output has already been written.\n\n' +
    'Addresses: https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH, the same with dfs, ' +
    'abfss://FILESYSTEM@ACCOUNT.dfs.core.windows.net/PATH, azurite://CONTAINER/PATH for the emulator. Credentials come ' +
    'from a SAS in the address (quote it), AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or ' +
    'AZURE_STORAGE_SAS_TOKEN (each also with _FILE appended, naming a file), or the identity of the process: ' +
    'environment, workload or managed identity, az login.',
  options: ANONYMIZE_OPTIONS,
  examples: [
    ['sluice anonymize -i export/ -o anonymized/ -c safe-harbor-r4', 'a folder'],
    [
      'sluice anonymize -i https://account.blob.core.windows.net/export/2026 -o anonymized/ -c config.json',
      'blobs below a prefix',
    ],
    [
      'sluice anonymize -i export/ -o https://account.blob.core.windows.net/lake -c config.json --create-container',
      'a data lake, with a folder for this run',
    ],
    [
      'sluice anonymize -i export/ -o anonymized/ -c config.json --join --run-id 2026-12-01',
      'one task of a run: start it on every machine that sees the folders',
    ],
    ['zcat Patient.ndjson.gz | sluice anonymize -i - -o - -c config.json > out.ndjson', 'a stream'],
  ],
} as const
