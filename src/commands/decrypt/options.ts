import { asText, flag, maybe, type Values } from '../shared-options.js'

const options = {
  config: maybe(
    '-c, --config <file>',
    'take encryptKey from this configuration: a file or the name of a preset',
    asText,
    {
      aliases: ['--configFile <file>'],
    },
  ),
  keyEnv: maybe('--key-env <name>', 'take the key from this environment variable', asText),
  keyFile: maybe('--key-file <file>', 'take the key from this file', asText),
  json: flag('--json', 'print one JSON document per value'),
}

export type DecryptValues = Values<typeof options>

export const DECRYPT = {
  name: 'decrypt',
  summary: 'Decrypts values written by the method encrypt.',
  details:
    'Reads values from the command line, or one per line from stdin, and prints one line for each, in the same ' +
    'order. A value that this key cannot decrypt prints an empty line and sets exit code 10; so does a decrypted text ' +
    'with line breaks, unless --json escapes them. The key is never printed.',
  words: '[values...]',
  options,
  examples: [
    ['sluice decrypt --key-file encrypt.key "bWFkZSB1cA=="', 'decrypts one value'],
    ["jq -r '.name[0].family' out/Patient.ndjson | sluice decrypt -c config.json", 'decrypts a column'],
  ],
} as const
