import { asByteCount, asCount, asText, type Values, withDefault } from '../shared-options.js'

const options = {
  output: withDefault('-o, --output <folder>', 'folder for the files', asText, 'sluice-demo'),
  bytes: withDefault('--bytes <size>', 'how much data to generate', asByteCount('100kB'), 24e6, {
    fallbackText: '24MB',
  }),
  seed: withDefault(
    '--seed <number>',
    'random seed: another number makes other patients',
    asCount(0, 2 ** 31),
    1,
  ),
}

export type DemoValues = Values<typeof options>

export const DEMO = {
  name: 'demo',
  summary:
    'Generates synthetic patients, serves them as a FHIR server would, runs a whole pipeline into a lake, and shows the result.',
  options,
  examples: [
    ['sluice demo', 'writes to the folder sluice-demo'],
    ['sluice demo --bytes 1GB --seed 2', 'generates more patients, and others'],
  ],
} as const
