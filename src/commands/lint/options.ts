import { asText, FHIR_VERSION_OPTION, flag, maybe, type Values } from '../shared-options.js'
import { JSON_OPTION } from '../verb.js'

const options = {
  config: maybe(
    '-c, --config <file>',
    'the same as [config]: a file, an address or the name of a preset',
    asText,
    { aliases: ['--configFile <file>'] },
  ),
  fhirVersion: FHIR_VERSION_OPTION,
  allowRandomKeys: flag('--allow-random-keys', 'do not report missing keys'),
  allowWeakKeys: flag('--allow-weak-keys', 'do not report keys that can be guessed, or one key for two uses'),
  strict: flag('--strict', 'exit with 2 on warnings too'),
  json: JSON_OPTION,
}

export type LintValues = Values<typeof options>

export const LINT = {
  name: 'lint',
  summary: 'Checks a configuration and reports what its rules really do.',
  details:
    'Problems (exit code 2): a run refuses the configuration, or a rule rejects every line it reaches. Warnings: rules ' +
    'and conditions that can never match, rules that earlier ones shadow, elements that no rule reaches, settings ' +
    'without effect. Each has a stable code, which docs/lint.md explains.',
  words: '[config]',
  options,
  examples: [
    ['sluice lint safe-harbor-r4', 'checks a preset'],
    ['sluice lint config.json --strict --json', 'exits with 2 on any finding, for a build'],
  ],
} as const
