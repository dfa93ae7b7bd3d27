import { FHIR_VERSIONS } from '../../fhir/version.js'
import { LAYOUTS } from '../../pipeline/layout.js'
import { EXIT, type QuarantineExit } from '../exit-codes.js'
import {
  asByteCount,
  asChoice,
  asCount,
  asCountOrShare,
  asDay,
  asText,
  flag,
  maybe,
  type Values,
  withDefault,
} from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

export const ANONYMIZE_OPTIONS = {
  input: maybe(
    '-i, --input <path>',
    'folder, file, address of a container or of what lies in it, or - for stdin',
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
    'dated: a folder 2026-11-21T0100Z-1f0c2a9b for each run; dated-output: 202611210100-output; none',
    asChoice(...LAYOUTS),
    { fallbackText: 'none for folders, dated for containers' },
  ),
  createContainer: flag('--create-container', 'create the output container if it does not exist'),
  state: maybe('--state <path>', 'folder or address for checkpoints and quarantine', asText, {
    fallbackText: '<output>.sluice, or the container <container>-sluice',
  }),
  splitBytes: maybe(
    '--split-bytes <size>',
    'split outputs between lines at this size: Patient-00001.ndjson and so on',
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
  fhirVersion: maybe(
    '--fhir-version <version>',
    'for a configuration that names none: STU3, R4, R4B or R5',
    asChoice(...FHIR_VERSIONS),
    { fallbackText: 'R4' },
  ),
  asOf: maybe('--as-of <day>', 'reference day that decides who is over 89, YYYY-MM-DD', asDay, {
    fallbackText: 'the day the run begins (UTC)',
  }),
  allowRandomKeys: flag(
    '--allow-random-keys',
    'make missing keys at random for this run, as the Microsoft tool does',
  ),
  allowWeakKeys: flag(
    '--allow-weak-keys',
    'accept keys below 128 bits of text, and one key for two uses, if earlier data was hashed with them',
  ),
  onBadLine: withDefault(
    '--on-bad-line <action>',
    'what to do with a line that cannot be anonymized: quarantine it, or fail the run',
    asChoice('quarantine', 'fail'),
    'quarantine',
  ),
  quarantineContent: flag(
    '--quarantine-content',
    'keep the raw bad lines in the quarantine too (patient data!), not only their positions',
  ),
  quarantineExit: withDefault(
    '--quarantine-exit <code>',
    'exit code of a run that quarantined lines and delivered the rest: 0 for schedulers that treat 10 as a failure',
    (text): QuarantineExit => (asChoice('0', '10')(text) === '0' ? EXIT.delivered : EXIT.someQuarantined),
    EXIT.someQuarantined,
  ),
  maxQuarantined: maybe(
    '--max-quarantined <limit>',
    'stop before anything is committed if more lines are bad: a count, or a share such as 0.5%',
    asCountOrShare,
    { fallbackText: 'no limit' },
  ),
  workers: maybe('--workers <count>', 'worker threads', asCount(1, 1024), {
    fallbackText: 'one per core that this process may use',
  }),
  memoryBudget: maybe('--memory-budget <size>', 'bytes of data in flight', asByteCount('16MiB'), {
    fallbackText: 'from the available memory and workers',
  }),
  readAhead: maybe(
    '--read-ahead <size>',
    'bytes of blobs larger than 8MiB fetched ahead in parallel ranges, in addition to the memory budget',
    asByteCount('1'),
    { fallbackText: '32MiB' },
  ),
  maxLineBytes: maybe(
    '--max-line-bytes <size>',
    'a longer line is quarantined without being held in memory',
    asByteCount('1KiB'),
    { fallbackText: '64MiB, or what the memory budget allows' },
  ),
  gzip: flag('--gzip', 'compress the outputs'),
  overwrite: flag('--overwrite', 'replace outputs that Sluice did not make'),
  prune: flag('--prune', 'remove outputs of earlier runs whose files are gone from this input'),
  allowEmpty: flag('--allow-empty', 'exit 0 also when the input holds no file to anonymize'),
  skip: flag('-s, --skip', 'skip inputs whose output exists'),
  validateInput: flag(
    '--validateInput',
    'validate the whole input line against the element tree, also what rules remove; quarantine lines that fail',
  ),
  validateOutput: flag('--validateOutput', 'the same for the anonymized line'),
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
  verbose: flag('-v, --verbose', 'more events on stderr'),
  json: JSON_OPTION,
}

export type AnonymizeValues = Values<typeof ANONYMIZE_OPTIONS>

export const ANONYMIZE = {
  name: 'anonymize',
  summary: 'Anonymizes FHIR NDJSON and JSON files, on all cores, while they stream.',
  details:
    'Reads .ndjson, .jsonl and .xndjson (one resource a line) and .json (one resource or Bundle), each also .gz. ' +
    'The output has the same names and folders, and run.json, the report of the run; state and quarantine are kept ' +
    'beside it in <output>.sluice. If it is killed or interrupted, run it again: finished work is not redone.\n\n' +
    'With -i - lines go from stdin to stdout as they arrive: there is nothing to resume, and a run that fails has ' +
    'already written part of its output.\n\n' +
    'Addresses: https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH, the same with dfs, ' +
    'abfss://FILESYSTEM@ACCOUNT.dfs.core.windows.net/PATH, azurite://CONTAINER/PATH for the emulator. Access comes from ' +
    'a SAS in the address (in quotes), AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or ' +
    'AZURE_STORAGE_SAS_TOKEN (each also with _FILE at its end, naming a file), or the identity of the process: ' +
    'environment, workload or managed identity, az login.',
  options: ANONYMIZE_OPTIONS,
  examples: [
    ['sluice anonymize -i export/ -o anonymized/ -c safe-harbor-r4', 'a folder'],
    [
      'sluice anonymize -i https://account.blob.core.windows.net/export/2026 -o anonymized/ -c config.json',
      'blobs of a container',
    ],
    [
      'sluice anonymize -i export/ -o https://account.blob.core.windows.net/lake -c config.json --create-container',
      'into a data lake, in a folder for this run',
    ],
    ['zcat Patient.ndjson.gz | sluice anonymize -i - -o - -c config.json > out.ndjson', 'a stream'],
  ],
} as const
