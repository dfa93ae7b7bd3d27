import {
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
  config: maybe(
    '-c, --config <file>',
    'a configuration: a file, an address or the name of a preset',
    asText,
    {
      aliases: ['--configFile <file>'],
    },
  ),
  against: maybe(
    '--against <file>',
    'run no tests; list the elements whose fate differs from that under this other configuration',
    asText,
  ),
  update: flag('--update', 'write the outputs of all tests as golden ones, beside the tests'),
  tap: flag('--tap', 'print TAP 14 (Test Anything Protocol)'),
  junit: maybe('--junit <file>', 'also write the results as JUnit XML', asText),
  showValues: flag('--show-values', 'show the values in failures, for tests with made-up data'),
  asOf: withDefault(
    '--as-of <date>',
    'reference day that decides who is over 89, for files that name none',
    asDay,
    '2026-01-01',
  ),
  fhirVersion: FHIR_VERSION_OPTION,
  json: JSON_OPTION,
}

export type TestValues = Values<typeof options>

export const TEST = {
  name: 'test',
  summary: "Runs a configuration's own tests: given resources, and what must become of them.",
  details:
    '[folder] is a folder with test files (.json, .yaml, .yml) or one such file; by default it is the folder tests/ ' +
    'beside the configuration. Every resource goes through both engines, which must agree. Keys of the configuration ' +
    'are replaced by public test keys, so hashes and shifts are the same on every machine. Exit code 7: a test failed; ' +
    '2: a test file or the configuration is wrong. docs/test.md describes the files.',
  words: '[folder]',
  options,
  examples: [
    ['sluice test -c config.json', 'runs the tests in tests/ beside config.json'],
    [
      'sluice test -c config.json checks/names.yaml --show-values',
      'runs one file and shows values that differ',
    ],
    ['sluice test -c config.json --junit results.xml', 'writes the results for a build server, too'],
    [
      'sluice test -c config.json --against old.json',
      'lists the elements that fare differently under old.json',
    ],
    ['sluice test -c config.json --update', 'writes what comes out as golden outputs'],
  ],
} as const
