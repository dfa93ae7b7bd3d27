import { FHIR_VERSIONS } from '../fhir/version.js'
import { asChoice, asText, flag, maybe, type Values } from './options.js'
import { JSON_OPTION } from './verb.js'

const options = {
  config: maybe('-c, --config <file>', 'the configuration', asText, { aliases: ['--configFile <file>'] }),
  fhirVersion: maybe(
    '--fhir-version <version>',
    'for a configuration that names none: STU3, R4 or R5',
    asChoice(...FHIR_VERSIONS),
    { fallbackText: 'R4' },
  ),
  allowRandomKeys: flag('--allow-random-keys', 'a key that is missing is no problem'),
  json: JSON_OPTION,
}

export type LintValues = Values<typeof options>

export const LINT = {
  name: 'lint',
  summary: 'Checks a configuration and says what its rules really do.',
  details:
    'Problems keep a configuration from being used (exit code 2). Warnings: rules that can never match, rules that ' +
    'earlier ones shadow, rules that do not compile and what that costs, unions and precedence that surprise, ' +
    'settings without effect.',
  options,
  examples: [['sluice lint -c configs/safe-harbor-r4.json', 'checks a preset']],
} as const
