import {
  asByteCount,
  asCount,
  asDay,
  asText,
  FHIR_VERSION_OPTION,
  flag,
  maybe,
  type Values,
  withDefault,
} from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const options = {
  input: maybe('-i, --input <path>', 'raw data: a folder, a file or an address', asText, {
    aliases: ['--inputFolder <path>'],
  }),
  config: maybe(
    '-c, --config <file>',
    'a configuration: a file, an address or the name of a preset',
    asText,
    {
      aliases: ['--configFile <file>'],
    },
  ),
  sample: withDefault('--sample <count>', 'how many lines of each type to show', asCount(1, 1000), 5),
  type: maybe('--type <type>', 'show only lines that are resources of this type', asText),
  read: withDefault(
    '--read <size>',
    'how many bytes of lines to read, shared out among the files',
    asByteCount('1kB'),
    200_000_000,
    { fallbackText: '200MB' },
  ),
  seed: withDefault('--seed <number>', 'chooses other lines', asCount(0, 2 ** 32 - 1), 1),
  showValues: flag('--show-values', 'show values (patient data!) instead of their forms'),
  asOf: maybe('--as-of <date>', 'reference day that decides who is over 89', asDay, {
    fallbackText: 'today',
  }),
  fhirVersion: FHIR_VERSION_OPTION,
  json: JSON_OPTION,
}

export type PreviewValues = Values<typeof options>

export const PREVIEW = {
  name: 'preview',
  summary: 'Shows some lines of each type before and after, with the rule that decides each value.',
  details:
    'Nothing is written, and no key is needed: keys are replaced by public test keys, so hashes and shifted dates are ' +
    'not those of a run. The same lines are shown every time; --seed chooses others. A line that would be quarantined ' +
    'is shown with its reason. In place of each value you see its form, such as Aaa 99 for a name and a number, with ' +
    'long runs cut short. A form is still about a patient: "9999-99-99" says that a date is there, and a rare form can ' +
    'give a value away. Treat the output like a report on patients, and one with --show-values like the data itself. ' +
    'docs/preview.md explains the table.',
  options,
  examples: [
    ['sluice preview -i export/ -c config.json', 'shows five lines of each type'],
    ['sluice preview -i export/ -c config.json --type Patient --sample 1', 'shows one patient'],
    ['sluice preview -i export/ -c safe-harbor-r4 --json', 'prints everything for a machine'],
  ],
} as const
